"""Recurrence kernels against a plain scan that slices the gates and is differentiated by JAX."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from measure import normal, report

from lamina.kernels.recurrence import gru, lstm

SHAPES = [(32, 100, 64, 128), (32, 28, 28, 64), (64, 50, 256, 256)]  # batch, steps, features, units


def plain_lstm(x, h, c, kernel, recurrent, bias):
    def step(states, gates):
        h, c = states
        i, f, g, o = jnp.split(gates + h @ recurrent, 4, -1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    return lax.scan(step, (h, c), x.swapaxes(0, 1) @ kernel + bias)[1].swapaxes(0, 1)


def plain_gru(x, mask, h, kernel, recurrent, bias):
    def step(h, now):
        gates, keep = now
        z, r, n = jnp.split(gates, 3, -1)
        z_share, r_share, n_share = jnp.split(h @ recurrent + bias[1], 3, -1)
        z, r = jax.nn.sigmoid(z + z_share), jax.nn.sigmoid(r + r_share)
        h = jnp.where(keep, z * h + (1 - z) * jnp.tanh(n + r * n_share), h)
        return h, h

    steps = x.swapaxes(0, 1) @ kernel + bias[0], mask.swapaxes(0, 1)[..., None]
    return lax.scan(step, h, steps)[1].swapaxes(0, 1)


def main():
    for batch, steps, features, units in SHAPES:
        x, state = normal(batch, steps, features), normal(batch, units)
        mask = jnp.asarray(np.arange(steps) < np.arange(batch)[:, None] + steps // 2)

        def weights(gates, *bias, features=features, units=units):
            return (
                0.1 * normal(features, gates * units),
                0.1 * normal(units, gates * units),
                normal(*bias, gates * units),
            )

        def our_lstm(x, h, c, *weights):
            return lstm(x, None, h, c, *weights)[0]

        def our_gru(*arguments):
            return gru(*arguments)[0]

        shape = (batch, steps, features, units)
        report(f"lstm {shape}", plain_lstm, our_lstm, x, state, state, *weights(4))
        report(f"gru with mask {shape}", plain_gru, our_gru, x, mask, state, *weights(3, 2))


if __name__ == "__main__":
    main()
