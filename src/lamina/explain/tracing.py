"""Run one call on shapes in place of arrays: with sizes as symbols, and as a program that can be read."""

import warnings
from dataclasses import dataclass

import jax
from jax.interpreters import partial_eval

from lamina.core import tree
from lamina.core.context import entering, get_mask, set_mask
from lamina.core.dtypes import in_programs
from lamina.core.state import unchecked_scope
from lamina.explain import formulas


@dataclass
class Trace:
    """What a call does, as a program.

    Attributes:
        jaxpr: the program; its inputs are the variables, the input arrays and their masks, in this order.
        outputs: ShapeDtypeStructs of the output arrays; behind them in the jaxpr come their masks and the new states.
        masks: for each output, whether a mask travels with it.
        changed: the variables that the call assigns.
    """

    jaxpr: object
    outputs: list
    masks: list
    changed: list
    variables: list
    input_count: int

    def inputs_used(self, outputs=None):
        """Return which inputs of the program the outputs depend on: (of the variables, of the arrays, of the masks)."""
        count = len(self.outputs)
        wanted = [i < count for i in range(len(self.jaxpr.jaxpr.outvars))] if outputs is None else outputs
        _, used = partial_eval.dce_jaxpr(self.jaxpr.jaxpr, wanted)
        first, last = len(self.variables), len(self.variables) + self.input_count
        return used[:first], used[first:last], used[last:]

    def program(self):
        """Return the part of the jaxpr that makes the output arrays."""
        count = len(self.outputs)
        wanted = [i < count for i in range(len(self.jaxpr.jaxpr.outvars))]
        return partial_eval.dce_jaxpr(self.jaxpr.jaxpr, wanted, instantiate=True)[0]


def trace(call, shapes, training=False, shape_trace=False, masks=None):
    """Trace `call` on arrays of `shapes` (numbers or symbolic dimensions), without computing and without side effects.

    Args:
        masks: for each input, the shape of the mask that travels with it, or None.
    Raises: what the layer raises on such shapes.
    """
    variables = list(getattr(call.layer, "variables", ()))
    masks = [None] * len(shapes) if masks is None else masks
    found = {}

    def run(values, arrays, mask_arrays):
        scope = unchecked_scope(variables, values)
        with scope, entering(training=training, layer=None, shape_trace=shape_trace):
            for x, mask in zip(arrays, mask_arrays, strict=True):
                if mask is not None:
                    set_mask(x, mask)
            args, kwargs = call.with_arrays(arrays)
            outputs = [x for x in tree.flatten(call.layer(*args, **kwargs)) if isinstance(x, jax.Array)]
            output_masks = [get_mask(x) for x in outputs]
        found["masks"] = [mask is not None for mask in output_masks]
        pairs = zip(variables, values, strict=True)
        changed = [v for v, old in pairs if scope.values[id(v)] is not old]
        found["changed"] = changed
        return outputs, [m for m in output_masks if m is not None], [scope.values[id(v)] for v in changed]

    specs = [jax.ShapeDtypeStruct(shape, in_programs(x.dtype)) for shape, x in zip(shapes, call.inputs, strict=True)]
    mask_specs = [None if shape is None else jax.ShapeDtypeStruct(shape, bool) for shape in masks]
    state = [jax.ShapeDtypeStruct(v.shape, v.stored_dtype) for v in variables]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        jaxpr, (outputs, _, _) = jax.make_jaxpr(run, return_shape=True)(state, specs, mask_specs)
    return Trace(jaxpr, outputs, found["masks"], found["changed"], variables, len(specs))


def attempt(call, shapes, **options):
    """Return the trace of `call`, or None if the layer cannot be run on these shapes."""
    try:
        return trace(call, shapes, **options)
    except Exception:  # noqa: BLE001 -- any layer, any reason: the answer is "not with these shapes"
        return None


def names_of(call, tensor):
    """Return the axis names of one of the call's tensors, from its rank, its dtype and the layer's data format."""
    channels_first = getattr(call.layer, "data_format", None) == "channels_first"
    return formulas.axis_names(len(tensor.shape), channels_first, counts="int" in str(tensor.dtype))


def letters_of(call):
    """Return the letters of the axes of each input; where inputs differ in size, each has a letter of its own."""
    inputs, taken, letters = call.inputs, {}, []
    for i, x in enumerate(inputs):
        axes = []
        for size, letter in zip(x.shape, formulas.symbols(names_of(call, x)), strict=True):
            differs = taken.setdefault(letter, size) != size and letter != "b"
            axes.append(f"{letter}{i + 1}" if differs else letter)
        letters.append(tuple(axes))
    return letters


def symbolic(call):
    """Find the most general shapes that the call accepts: as many axes as possible as letters, the others as numbers.

    Returns: (letters of each input's axes, input shapes as formulas, output shapes as formulas), or None where not even
    the batch axis can be a letter.
    """
    letters = letters_of(call)
    order = list(dict.fromkeys(letter for axes in letters for letter in axes))
    for kept in _choices(call, letters):
        shapes, found = _first_accepted(call, letters, kept)
        if found:
            shown = [[formulas.formula(size, order) for size in shape] for shape in shapes]
            outputs = [[formulas.formula(size, order) for size in x.shape] for x in found.outputs]
            if _agrees(call, letters, outputs):
                return letters, shown, outputs
    return None


def _first_accepted(call, letters, kept):
    """Trace with symbols for the kept letters, bounded from below where their size decides something."""
    for bounded in (False, True):
        shapes = _shapes(call.inputs, letters, kept, bounded)
        if shapes is None:
            break
        try:
            return shapes, trace(call, shapes, shape_trace=True)
        except Exception as error:  # noqa: BLE001 -- as in `attempt`
            if not _is_undecided(error):
                break
    return None, None


def _is_undecided(error):
    while error is not None:
        if isinstance(error, jax.errors.InconclusiveDimensionOperation):
            return True
        error = error.__cause__ or error.__context__
    return False


def _choices(call, letters):
    """Yield sets of letters to keep as symbols, the largest first."""
    every = set().union(*letters)
    yield every
    without_last = every - {axes[-1] for axes in letters if len(axes) > 1}
    yield without_last
    fixed = every - {"c", "f"}
    if fixed != without_last:
        yield fixed
    yield {
        letter
        for letter in every
        if (shapes := _shapes(call.inputs, letters, {"b", letter})) and attempt(call, shapes, shape_trace=True)
    }
    yield {"b"}


def _shapes(inputs, letters, kept, bounded=False):
    """Return shapes with a symbol for each kept letter; None where an unknown size would have to be a number.

    Args:
        bounded: whether the symbols stand for no smaller sizes than the known ones, which decides comparisons.
    """
    known = {}
    for x, axes in zip(inputs, letters, strict=True):
        known.update({letter: size for letter, size in zip(axes, x.shape, strict=True) if letter in kept and size})
    sizes = formulas.symbolic_sizes(kept, known if bounded else {})
    shapes = [
        tuple(sizes.get(letter, size) for size, letter in zip(x.shape, axes, strict=True))
        for x, axes in zip(inputs, letters, strict=True)
    ]
    return None if any(None in shape for shape in shapes) else shapes


def _agrees(call, letters, outputs):
    """Tell whether the formulas give the known sizes of the output when the known sizes of the input are put in."""
    values = {}
    for x, axes in zip(call.inputs, letters, strict=True):
        values.update({letter: size for size, letter in zip(x.shape, axes, strict=True) if size is not None})
    for shape, x in zip(outputs, call.outputs, strict=True):
        for text, size in zip(shape, x.shape, strict=True):
            known = size is not None and formulas.letters_in(text) <= set(values)
            if known and formulas.evaluate(text, values) != size:
                return False
    return True
