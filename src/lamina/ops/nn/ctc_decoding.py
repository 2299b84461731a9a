"""Label sequences read out of the scores of every step."""

import jax
import jax.numpy as jnp

END = -1  # what stands behind the last label of a sequence


def greedy(inputs, lengths, merge_repeated, blank):
    """Return the best class of every step, repeats merged and blanks dropped, and minus the sum of their scores.

    Shapes:   (batch, steps, classes), (batch,) -> (1, batch, steps), (batch, 1)
    """
    steps = inputs.shape[1]
    is_over = jnp.arange(steps) >= lengths[:, None]
    best = jnp.where(is_over, blank, jnp.argmax(inputs, -1))
    scores = jnp.where(is_over, 0.0, jnp.max(inputs, -1))
    is_dropped = best == blank
    if merge_repeated:
        is_dropped = is_dropped.at[:, 1:].set(is_dropped[:, 1:] | (best[:, 1:] == best[:, :-1]))
    order = jnp.argsort(is_dropped, -1, stable=True)  # what is kept moves to the front
    labels = jnp.take_along_axis(jnp.where(is_dropped, END, best), order, -1)
    return labels[None], -jnp.sum(scores, 1, keepdims=True)


def beam_search(inputs, lengths, beam_width, top_paths, blank):
    """Return the `top_paths` most probable sequences and the logarithms of their probabilities.

    A sequence is reached by many paths of one class a step. For each of the `beam_width` best sequences so far the
    probabilities of the paths that end in a blank and in its last label are kept apart: only behind a blank does the
    same label begin anew.

    Shapes:   (batch, steps, classes), (batch,) -> (top_paths, batch, steps), (batch, top_paths)
    Source:   Graves 2012, section 7.5.3.
    """

    def decode(log_p, length):
        steps = log_p.shape[0]
        start = (
            jnp.full((beam_width, steps), END),
            jnp.full(beam_width, -jnp.inf).at[0].set(0.0),  # paths that end in a blank: at first the empty one
            jnp.full(beam_width, -jnp.inf),
        )

        def step(beams, inputs):
            log_p, is_running = inputs
            extended = _best(*_extend(*beams, log_p, blank), beam_width)
            return jax.tree.map(lambda new, old: jnp.where(is_running, new, old), extended, beams), None

        (labels, in_blank, in_label), _ = jax.lax.scan(step, start, (log_p, jnp.arange(steps) < length))
        scores = jnp.logaddexp(in_blank, in_label)
        order = jnp.argsort(-scores)[:top_paths]
        return labels[order], scores[order]

    labels, scores = jax.vmap(decode)(jax.nn.log_softmax(inputs), lengths)
    return labels.swapaxes(0, 1), scores


def _extend(labels, in_blank, in_label, log_p, blank):
    """Return all sequences that one more step leads to, some of them twice, and their two probabilities."""
    width, steps = labels.shape
    classes = jnp.arange(log_p.shape[0])
    lengths = jnp.sum(labels != END, 1)
    last = jnp.where(lengths > 0, labels[jnp.arange(width), lengths - 1], END)
    total = jnp.logaddexp(in_blank, in_label)
    stay_blank = total + log_p[blank]
    stay_label = jnp.where(last == END, -jnp.inf, in_label + log_p[last])
    grow = jnp.where(classes == last[:, None], in_blank[:, None], total[:, None]) + log_p
    grow = jnp.where(classes == blank, -jnp.inf, grow)  # (width, classes)
    is_next = jnp.arange(steps) == lengths[:, None]
    grown = jnp.where(is_next[:, None, :], classes[None, :, None], labels[:, None, :])
    return (
        jnp.concatenate([labels, grown.reshape(-1, steps)]),
        jnp.concatenate([stay_blank, jnp.full(grow.size, -jnp.inf)]),
        jnp.concatenate([stay_label, grow.ravel()]),
    )


def _best(labels, in_blank, in_label, width):
    """Add up the probabilities of equal sequences and keep the `width` most probable."""
    labels, numbers = jnp.unique(labels, axis=0, return_inverse=True, size=len(labels), fill_value=END)
    in_blank, in_label = (_add_up(log_p, numbers.ravel()) for log_p in (in_blank, in_label))
    order = jnp.argsort(-jnp.logaddexp(in_blank, in_label))[:width]
    return labels[order], in_blank[order], in_label[order]


def _add_up(log_p, numbers):
    largest = jnp.maximum(jnp.max(log_p), jnp.finfo(log_p.dtype).min)
    return jnp.log(jnp.zeros_like(log_p).at[numbers].add(jnp.exp(log_p - largest))) + largest
