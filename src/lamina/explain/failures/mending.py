"""Small changes that could mend a failure, each tried on a copy; only those that work are told."""

from dataclasses import dataclass

import jax.numpy as jnp

from lamina import layers
from lamina.core import shapes, tree
from lamina.core.failures import without_data
from lamina.core.tensor import KerasTensor
from lamina.explain import words
from lamina.explain.calls import calls_of
from lamina.explain.failures.attempt import Attempt, experiment, fresh, run_again, run_behind
from lamina.explain.failures.code import code_of, name_in_program
from lamina.explain.failures.counts import other_count
from lamina.explain.failures.replacing import (
    as_images,
    compare,
    judged,
    known_sizes,
    names_no_axis,
    other_axis,
    other_options,
    other_sizes,
    unwrapped,
    without_samples,
)
from lamina.layers import Layer
from lamina.models import Functional, Model
from lamina.models.misfit import cause_and_fix

_MOST = 3  # edits that are told [count]


@dataclass(frozen=True)
class Edit:
    """A change that makes the program run.

    Attributes:
        code: the line to paste.
        place: what it takes the place of, or where it belongs.
        why: what it puts right.
        shape: what comes out then.
    """

    code: str
    place: str
    why: str = ""
    shape: tuple | None = None

    def __str__(self):
        lines = self.code.split("\n")
        places = self.place.split("\n")
        return "\n".join(f"{line}   # {place}".strip() for line, place in zip(lines, places, strict=True))


def edits(attempt, error=None):
    """Return the first few edits that work, the likeliest first.

    Args:
        error: the exception, if it is still there, for the names of the user's variables.
    """
    found = []
    if _works(lambda: judged(attempt, run_again(attempt))):  # it is the values that are wrong, not the shapes
        return found
    for code, place, why, trial in _candidates(attempt, error):
        outputs = _works(trial)
        if outputs is None or any(size == 0 for x in outputs for size in x.shape):
            continue
        found.append(Edit(code, place, why, tuple(outputs[0].shape) if outputs else None))
        if len(found) == _MOST:
            break
    return found


def _works(trial):
    """Return what a trial gives, None if it fails."""
    try:
        with experiment():
            return trial()
    except Exception:  # noqa: BLE001 -- whatever it is, this does not help
        return None


def _candidates(attempt, error):
    """Yield (code, place, why, function that tries it)."""
    if attempt.compared is not None:
        yield from _other_labels(attempt, error)
        yield from _other_losses(attempt)
    yield from other_axis(attempt)
    if names_no_axis(attempt):
        return
    yield from without_samples(attempt)
    yield from unwrapped(attempt)
    yield from _other_data(attempt, error)
    yield from other_options(attempt)
    yield from other_count(attempt, error)
    yield from _insertions(attempt, error)
    yield from other_sizes(attempt)
    yield from known_sizes(attempt)
    yield from _without(attempt)
    yield from _other_input(attempt)


# --- layers in between ---------------------------------------------------------------------------------------------


def _insertions(attempt, error):
    if attempt.failing is None:
        yield from _before_the_head(attempt)
        return
    inputs = attempt.failing.inputs
    for number in _the_shallowest_first(attempt):
        x = inputs[number]
        others = [other.shape for other in inputs[:number] + inputs[number + 1 :]]
        for layer, why in _fillers(tuple(x.shape), others, attempt.failing.layer):
            name = name_in_program(error, x)
            code = f"{code_of(layer)}," if attempt.is_stack else f"{name} = {code_of(layer)}({name})"
            inserted = [(number, layer)]
            yield (
                code,
                f"before {attempt.failing.layer.name}",
                why,
                lambda inserted=inserted: run_again(attempt, inserted=inserted),
            )


def _the_shallowest_first(attempt):
    """Return the numbers of the failing call's inputs: what has been computed upon least is most easily changed."""
    made = [id(y) for call in attempt.ran for y in call.outputs]
    ids = [id(x) for x in attempt.failing.inputs]
    return sorted(range(len(ids)), key=lambda i: made.index(ids[i]) if ids[i] in made else -1)


def _without(attempt):
    """Leave the failing layer out."""
    failing = attempt.failing
    only_moves = failing is not None and isinstance(failing.layer, Layer) and not failing.layer._has_own_build()
    if only_moves and _takes(failing.layer, len(failing.inputs[0].shape)):
        return
    if only_moves and len(failing.inputs) == 1:
        name = failing.layer.name
        yield "", f"leave out {name}", words.mend("needless", name), lambda: run_behind(attempt, failing.inputs)


def _takes(layer, rank):
    """Tell whether it is not the number of axes that a layer refuses."""
    spec = getattr(layer, "input_spec", None)
    return bool(spec) and rank == getattr(spec, "ndim", None)


def _fillers(shape, others, failing=None):
    """Yield (layer, why): what may stand before a layer that does not take this shape."""
    sizes, rank = shape[1:], len(shape)
    if isinstance(failing, Model) and rank == 4 and len(failing.inputs or ()) == 1:
        yield layers.Resizing(*failing.inputs[0].shape[1:3]), words.mend("resize")
        return
    if isinstance(failing, layers.ConvLSTM1D | layers.ConvLSTM2D | layers.ConvLSTM3D) and None not in sizes:
        yield layers.Reshape((1, *sizes)), words.mend("one step", words.shown((None, 1, *sizes)))
    if others:
        yield from _matching(shape, others)
        return
    if rank == 2 and None not in sizes:
        for target in (*as_images(sizes[0]), (*sizes, 1)):
            yield layers.Reshape(target), words.mend("axis", words.shown((None, *target)))
    if rank > 2 and 1 in sizes and None not in sizes:
        target = tuple(size for i, size in enumerate(sizes) if i != sizes.index(1))
        yield layers.Reshape(target), words.mend("single", words.shown(shape))
    if rank > 2 and None not in sizes:
        yield layers.Reshape((*sizes, 1)), words.mend("axis", words.shown((None, *sizes, 1)))
        yield layers.Flatten(), words.mend("row", words.times(sizes))
    if 3 <= rank <= 5:
        pool = getattr(layers, f"GlobalAveragePooling{rank - 2}D")
        yield pool(), words.mend("pool", words.times(sizes[:-1]))
    if rank > 3:
        yield layers.Reshape((-1, sizes[-1])), words.mend("as steps", words.times(sizes[:-1]))


def _matching(shape, others):
    """Yield (layer, why): what makes one of several inputs fit the others."""
    for other in others:
        if len(other) == len(shape):
            if len(shape) == 4 and None not in (*shape[1:3], *other[1:3]):
                less = [a - b for a, b in zip(shape[1:3], other[1:3], strict=True)]
                pairs = tuple((abs(n) // 2, abs(n) - abs(n) // 2) for n in less)
                if any(less) and min(less) >= 0:
                    yield layers.Cropping2D(pairs), words.mend("crop", words.times(other[1:3]))
                if any(less) and max(less) <= 0:
                    yield layers.ZeroPadding2D(pairs), words.mend("pad", words.times(other[1:3]))
            if shape[-1] != other[-1] and other[-1]:
                project = layers.Conv2D(other[-1], 1) if len(shape) == 4 else layers.Dense(other[-1])
                yield project, words.mend("width", "it", other[-1])
        elif len(shape) == 2 and len(other) == 3 and other[1]:
            yield layers.RepeatVector(other[1]), words.mend("repeat", other[1])
        elif len(shape) == 3 and len(other) == 2:
            yield layers.GlobalAveragePooling1D(), words.mend("pool", words.times(shape[1:-1]))
            yield layers.Flatten(), words.mend("row", words.times(shape[1:]))
        elif len(shape) == 4 and len(other) == 2:
            yield layers.Flatten(), words.mend("row", words.times(shape[1:]))


def _before_the_head(attempt):
    """Yield candidates with a layer before the last one that has weights: a head that sees whole samples."""
    heads = [call for call in attempt.ran if getattr(call.layer, "weights", None)]
    if not heads or len(heads[-1].inputs) != 1:
        return
    head = heads[-1]
    shape = tuple(head.inputs[0].shape)
    for layer, why in _fillers(shape, []) if len(shape) > 2 else ():

        def trial(layer=layer):
            x = shapes.infer(layer, head.inputs[0])
            for call in attempt.ran[attempt.ran.index(head) :]:
                (x,) = tree.flatten(shapes.infer(fresh(call.layer), x))
            return judged(attempt, [x])

        code = f"{code_of(layer)}," if attempt.is_stack else f"x = {code_of(layer)}(x)"
        yield code, f"before {head.layer.name}", why, trial


# --- other data ----------------------------------------------------------------------------------------------------


def _other_data(attempt, error):
    """Yield lines that bring the user's array into another shape."""
    for x in attempt.data:
        name = name_in_program(error, x)
        for line, why in _lines(tuple(x.shape), attempt.failing.layer):
            code = line.replace("x", name, 1).replace("= x", f"= {name}").replace("(x", f"({name}")
            yield code, "before it is used", why, lambda line=line, x=x: _with_data(attempt, x, line)


def _lines(got, layer):
    wanted = [tuple(x.shape) for x in getattr(layer, "inputs", None) or []] if isinstance(layer, Model) else []
    if len(wanted) == 1:
        why, fix = cause_and_fix(got, wanted[0])
        if fix.startswith("x = "):
            yield fix.split("  ")[0].strip(), why
        if len(got) == len(wanted[0]) == 4 and got[-1] == wanted[0][-1] and None not in wanted[0][1:]:
            yield f"x = layers.Resizing({wanted[0][1]}, {wanted[0][2]})(x)", words.mend("resize")
    width = (getattr(getattr(layer, "input_spec", None), "axes", None) or {}).get(-1)
    if width and got and got[-1] > width:
        yield f"x = x[..., :{width}]", words.mend("width", layer.name, width)
    for line in ("x = x[None]", "x = x[..., None]"):
        yield line, words.mend("line")


def _with_data(attempt, x, line):
    """Run the very line that is told on a stand-in for the array, then the call that failed on what it gives."""
    changed_x = without_data(shapes.infer(lambda array: _executed(line, array), x))
    tensors = [changed_x if other is x else other for other in attempt.failing.inputs]
    args, kwargs = attempt.failing.with_arrays(tensors)
    return tree.flatten(shapes.infer(attempt.failing.layer, *args, **kwargs))


def _executed(line, array):
    names = {"np": jnp, "layers": layers, "x": array}
    exec(line, names)
    return names["x"]


def _other_input(attempt):
    """Make the model for the data: the same layers behind another Input."""
    model = attempt.failing.layer if attempt.failing is not None else None
    given = attempt.data
    if not isinstance(model, Model) or len(given) != 1 or len(getattr(model, "inputs", None) or []) != 1:
        return
    sizes = tuple(given[0].shape[1:])
    inner = Attempt(calls_of(model), None)
    tensor = KerasTensor((None, *sizes), model.inputs[0].dtype)
    code = f"layers.Input({sizes})" + "," * (not isinstance(model, Functional))
    place = f"in place of {model.inputs[0].name}"
    why, _ = cause_and_fix(tuple(given[0].shape), tuple(model.inputs[0].shape))
    yield code, place, why, lambda: run_again(inner, given={id(model.inputs[0]): tensor})


def _other_labels(attempt, error):
    labels, outputs, loss = attempt.compared
    name = name_in_program(error, labels, "y")
    for line in ("x = x[..., None]", "x = x[:, 0]"):
        code = line.replace("x", name)

        def trial(line=line):
            y = shapes.infer(lambda array: _executed(line, array), labels)
            shapes.infer(compare(loss), without_data(y), outputs)
            return [outputs]

        if len(labels.shape) != len(outputs.shape):
            yield code, "before it is used", words.mend("line"), trial


_RELATED = {
    "sparse_categorical_crossentropy": ("categorical_crossentropy",),
    "categorical_crossentropy": ("sparse_categorical_crossentropy",),
    "binary_crossentropy": ("sparse_categorical_crossentropy",),
}


def _other_losses(attempt):
    labels, outputs, loss = attempt.compared
    name = loss if isinstance(loss, str) else getattr(getattr(loss, "fn", loss), "__name__", "")
    for other in _RELATED.get(name, ()):

        def trial(other=other):
            shapes.infer(compare(other), labels, outputs)
            return [outputs]

        yield f'loss="{other}"', f'in place of "{name}" in compile', words.mend(other), trial
