"""Whole-sequence recurrences: LSTM, GRU and the simple recurrence, with Keras's usual activations.

The input's share of the gates is one product before the loop, and the gates enter the loop as separate arrays: slicing
them out of one array inside it keeps XLA from vectorising. The backward loop only finds the gradients of the gates;
those of the weights and of the input are large products after it, where JAX alone would update the weights in every
step. The output before each step is not kept: it is the one that came out of the step before.

A masked step (mask False) keeps the states, and with them the output of the step before.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from lamina.kernels.forms import compiled


@compiled(static=("reverse", "zero_output_for_mask"))
def lstm(x, mask, h0, c0, kernel, recurrent_kernel, bias, *, reverse=False, zero_output_for_mask=False):
    """Read a sequence with a long short-term memory.

    Maths:    i, f, o = sigmoid(x @ W + h @ U + b), g = tanh(x @ W + h @ U + b), each with its own columns (i, f, g, o)
              c' = f * c + i * g, h' = o * tanh(c')
    Shapes:   x (batch, steps, features), mask (batch, steps) or None, h0 and c0 (batch, units)
              -> outputs (batch, steps, units), final states (h, c), each (batch, units)
    Weights:  kernel (features, 4 * units), recurrent_kernel (units, 4 * units), bias (4 * units,) or None
    Args:
        reverse: read the last step first; the outputs come in the order of reading.
        zero_output_for_mask: give zeros at masked steps.
    Source:   Hochreiter and Schmidhuber 1997; gate order as Keras 3 `LSTM`.
    Example:
        >>> import numpy as np
        >>> def zeros(*shape):
        ...     return jnp.asarray(np.zeros(shape, "float32"))
        >>> state = zeros(2, 4)
        >>> lstm(zeros(2, 5, 3), None, state, state, zeros(3, 16), zeros(4, 16), None)[0].shape
        (2, 5, 4)
    """
    return _read(LSTM, x, mask, (h0, c0), (kernel, bias, recurrent_kernel), reverse, zero_output_for_mask)


@compiled(static=("reset_after", "reverse", "zero_output_for_mask"))
def gru(x, mask, h0, kernel, recurrent_kernel, bias, *, reset_after=True, reverse=False, zero_output_for_mask=False):
    """Read a sequence with gated recurrent units.

    Maths:    z, r = sigmoid(x @ W + h @ U + b), each with its own columns (z, r, n)
              n = tanh(x @ W + b + r * (h @ U + b'))   with reset_after, else tanh(x @ W + b + (r * h) @ U)
              h' = z * h + (1 - z) * n
    Shapes:   x (batch, steps, features), mask (batch, steps) or None, h0 (batch, units)
              -> outputs (batch, steps, units), final states (h,), (batch, units)
    Weights:  kernel (features, 3 * units), recurrent_kernel (units, 3 * units),
              bias None or (2, 3 * units) with reset_after, else (3 * units,)
    Args:     as for `lstm`.
    Source:   Cho et al. 2014; with reset_after as in cuDNN; gate order as Keras 3 `GRU`.
    """
    if not reset_after:
        weights = kernel, bias, recurrent_kernel
        return _read(GRU_RESET_BEFORE, x, mask, (h0,), weights, reverse, zero_output_for_mask)
    if bias is None:
        bias = jnp.zeros((2, kernel.shape[-1]), kernel.dtype)
    weights = kernel, bias[0], (recurrent_kernel, bias[1:])
    return _read(GRU, x, mask, (h0,), weights, reverse, zero_output_for_mask)


@compiled(static=("reverse", "zero_output_for_mask"))
def simple_rnn(x, mask, h0, kernel, recurrent_kernel, bias, *, reverse=False, zero_output_for_mask=False):
    """Read a sequence with one layer that sees its own last output.

    Maths:    h' = tanh(x @ W + h @ U + b)
    Shapes:   x (batch, steps, features), mask (batch, steps) or None, h0 (batch, units)
              -> outputs (batch, steps, units), final states (h,), (batch, units)
    Weights:  kernel (features, units), recurrent_kernel (units, units), bias (units,) or None
    Args:     as for `lstm`.
    Source:   Keras 3 `SimpleRNN`.
    """
    return _read(SIMPLE, x, mask, (h0,), (kernel, bias, recurrent_kernel), reverse, zero_output_for_mask)


def _read(cell, x, mask, states, weights, reverse, zero_output_for_mask):
    if mask is not None:
        mask = mask.astype(bool).swapaxes(0, 1)[..., None]  # (steps, batch, 1)
    outputs, states = _recur(cell, reverse, x.swapaxes(0, 1), mask, states, weights)
    if mask is not None and zero_output_for_mask:
        outputs = jnp.where(mask, outputs, 0)
    if reverse:
        outputs = jnp.flip(outputs, 0)
    return outputs.swapaxes(0, 1), states


# One loop for every cell.


class Cell(NamedTuple):
    """One step of a recurrence and its derivative; `h` is the first of the states before the step."""

    gates: int  # how many the input has a share in
    step: Callable  # (states, gates, recurrent weights) -> states, saved
    gradient: (
        Callable  # (gradients of states, h before, saved, recurrent weights) -> gradients of (states, gates, more)
    )
    weights: Callable  # (h, saved, gradients of gates, more) of all steps -> gradients of recurrent weights


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _recur(cell, reverse, x, mask, states, weights):
    """Give the output of every step (steps, batch, units) and the final states."""
    outputs, states, _ = _run(cell, reverse, x, mask, states, weights)
    return outputs, states


def _run(cell, reverse, x, mask, states, weights):
    kernel, bias, recurrent = weights
    gates = x @ kernel  # (steps, batch, features) @ (features, gates * units) -> (steps, batch, gates * units)
    if bias is not None:
        gates = gates + bias

    def step(states, now):
        gates, keep = now
        new, saved = cell.step(states, gates, recurrent)
        if keep is not None:
            new = tuple(jnp.where(keep, after, before) for after, before in zip(new, states, strict=True))
        return new, (new[0], saved)

    separate = tuple(jnp.split(gates, cell.gates, axis=-1))
    states, (outputs, saved) = lax.scan(step, states, (separate, mask), reverse=reverse)
    return outputs, states, saved


def _recur_forward(cell, reverse, x, mask, states, weights):
    outputs, final, saved = _run(cell, reverse, x, mask, states, weights)
    first = states[0][None]
    before = (outputs[1:], first) if reverse else (first, outputs[:-1])
    return (outputs, final), (x, mask, weights, jnp.concatenate(before), saved)


def _recur_gradient(cell, reverse, residuals, gradients):
    x, mask, (kernel, bias, recurrent), h, saved = residuals
    of_outputs, of_states = gradients

    def step(of_states, now):
        of_output, h, saved, keep = now
        through = (of_states[0] + of_output, *of_states[1:])
        if keep is None:
            before, of_gates, more = cell.gradient(through, h, saved, recurrent)
        else:
            inside = tuple(jnp.where(keep, gradient, 0) for gradient in through)
            before, of_gates, more = cell.gradient(inside, h, saved, recurrent)
            before = tuple(jnp.where(keep, *pair) for pair in zip(before, through, strict=True))
        return before, (of_gates, more)

    of_states, (of_gates, more) = lax.scan(step, of_states, (of_outputs, h, saved, mask), reverse=not reverse)
    of_bias = None if bias is None else of_gates.sum((0, 1))
    of_weights = _product_over_steps(x, of_gates), of_bias, cell.weights(h, saved, of_gates, more)
    return of_gates @ kernel.T, None, of_states, of_weights


_recur.defvjp(_recur_forward, _recur_gradient)


def _product_over_steps(left, right):
    """(steps, batch, a), (steps, batch, b) -> (a, b)"""
    return jnp.tensordot(left, right, ((0, 1), (0, 1)))


def _join(*parts):
    return jnp.concatenate(parts, axis=-1)


# The cells. Each saves what its gradient needs as separate arrays.


def _lstm_step(states, gates, recurrent):
    h, c = states
    shares = jnp.split(h @ recurrent, 4, axis=-1)
    i, f, g, o = (gate + share for gate, share in zip(gates, shares, strict=True))
    i, f, g, o = jax.nn.sigmoid(i), jax.nn.sigmoid(f), jnp.tanh(g), jax.nn.sigmoid(o)
    after = f * c + i * g
    squashed = jnp.tanh(after)
    return (o * squashed, after), (i, f, g, o, squashed, c)


def _lstm_gradient(of_states, h, saved, recurrent):
    of_h, of_c = of_states
    i, f, g, o, squashed, c = saved
    of_c = of_c + of_h * o * (1 - squashed * squashed)
    of_gates = _join(
        of_c * g * i * (1 - i), of_c * c * f * (1 - f), of_c * i * (1 - g * g), of_h * squashed * o * (1 - o)
    )
    return (of_gates @ recurrent.T, of_c * f), of_gates, ()


def _weights_of_h(h, saved, of_gates, more):
    return _product_over_steps(h, of_gates)


def _simple_step(states, gates, recurrent):
    (h,), (gate,) = states, gates
    after = jnp.tanh(gate + h @ recurrent)
    return (after,), (after,)


def _simple_gradient(of_states, h, saved, recurrent):
    of_gate = of_states[0] * (1 - saved[0] * saved[0])
    return (of_gate @ recurrent.T,), of_gate, ()


def _gru_step(states, gates, weights):
    (h,), (z, r, n) = states, gates
    recurrent, bias = weights
    z_share, r_share, n_share = jnp.split(h @ recurrent + bias, 3, axis=-1)
    z, r = jax.nn.sigmoid(z + z_share), jax.nn.sigmoid(r + r_share)
    n = jnp.tanh(n + r * n_share)
    return (z * h + (1 - z) * n,), (z, r, n, n_share)


def _gru_gradient(of_states, h, saved, weights):
    (of_h,) = of_states
    z, r, n, n_share = saved
    of_n = of_h * (1 - z) * (1 - n * n)
    of_z, of_r = of_h * (h - n) * z * (1 - z), of_n * n_share * r * (1 - r)
    of_shares = _join(of_z, of_r, of_n * r)
    return (of_h * z + of_shares @ weights[0].T,), _join(of_z, of_r, of_n), of_shares


def _gru_weights(h, saved, of_gates, of_shares):
    return _product_over_steps(h, of_shares), of_shares.sum((0, 1))[None]


def _gru_before_step(states, gates, recurrent):
    (h,), (z, r, n) = states, gates
    units = h.shape[-1]
    z_share, r_share = jnp.split(h @ recurrent[:, : 2 * units], 2, axis=-1)
    z, r = jax.nn.sigmoid(z + z_share), jax.nn.sigmoid(r + r_share)
    n = jnp.tanh(n + (r * h) @ recurrent[:, 2 * units :])
    return (z * h + (1 - z) * n,), (z, r, n)


def _gru_before_gradient(of_states, h, saved, recurrent):
    (of_h,) = of_states
    z, r, n = saved
    units = h.shape[-1]
    of_n = of_h * (1 - z) * (1 - n * n)
    of_reset = of_n @ recurrent[:, 2 * units :].T
    of_zr = _join(of_h * (h - n) * z * (1 - z), of_reset * h * r * (1 - r))
    before = of_h * z + of_reset * r + of_zr @ recurrent[:, : 2 * units].T
    return (before,), _join(of_zr, of_n), ()


def _gru_before_weights(h, saved, of_gates, more):
    _, r, _ = saved
    units = h.shape[-1]
    of_zr, of_n = of_gates[..., : 2 * units], of_gates[..., 2 * units :]
    return _join(_product_over_steps(h, of_zr), _product_over_steps(r * h, of_n))


LSTM = Cell(4, _lstm_step, _lstm_gradient, _weights_of_h)
GRU = Cell(3, _gru_step, _gru_gradient, _gru_weights)
GRU_RESET_BEFORE = Cell(3, _gru_before_step, _gru_before_gradient, _gru_before_weights)
SIMPLE = Cell(1, _simple_step, _simple_gradient, _weights_of_h)
