"""The one shape mechanism: run the real function on shapes instead of values.

Unknown sizes become JAX's symbolic dimensions, so that the result is a formula: a stride-2 convolution of
`(b, h, w, 3)` yields `(b, floordiv(h - 3, 2) + 1, …)`. Where the function compares sizes in a way that has no
single answer, it is run with a few concrete sizes instead, and an axis that differs is unknown. Where none of that
works, unknown axes take the sizes that they meet in the other inputs.
"""

import contextlib
import functools
import itertools
import re

import jax
from jax import export

from lamina.core import dtypes, tree
from lamina.core.context import entering, get_mask, set_mask, thread
from lamina.core.failures import note_origin
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor

PROBES = (240, 480)  # divisible by every small stride, and large enough for deep pyramids of windows
SMALL_PROBES = (3, 6)  # below bounds that are written into functions, such as `min(size, 4)`; too small for many others
_MOST_TRIES = 8  # with sizes that unknown axes may meet, when a function has failed
_AXIS_NAMES = {1: "b", 2: "bn", 3: "btc", 4: "bhwc", 5: "bdhwc"}


class SymbolicScope(entering):
    """Mark a `with` block in which only shapes and dtypes matter, as while a functional model is written.

    Source:   Keras 3 `SymbolicScope`.
    Example:
        >>> with SymbolicScope():
        ...     in_symbolic_scope()
        True
    """

    def __init__(self):
        super().__init__(symbolic=self)


def in_symbolic_scope():
    """Tell whether a SymbolicScope is open, or shapes are being inferred."""
    return thread.symbolic is not None or thread.shape_trace


def infer(function, *args, **kwargs):
    """Return what `function` would return, with symbolic tensors in place of arrays.

    Args:
        function: callable over arrays; everything else among its arguments is passed as it is.
        *args, **kwargs: may hold KerasTensors, with masks, at any depth.
    Returns: the result's structure with a KerasTensor for each array, masks attached.
    Raises: what `function` raises on arrays of these shapes.

    Example:
        >>> infer(lambda x: x.reshape(x.shape[0], -1), KerasTensor((None, 4, 6))).shape
        (None, 24)
    """
    leaves, treedef = jax.tree_util.tree_flatten((args, kwargs), is_leaf=lambda x: x is None)
    inputs = [leaf for leaf in leaves if isinstance(leaf, KerasTensor)]
    masks = [get_mask(x) for x in inputs]

    def on_arrays(arrays, mask_arrays):
        for array, mask in zip(arrays, mask_arrays, strict=True):
            if mask is not None:
                set_mask(array, mask)
        arrays = iter(arrays)
        filled = [next(arrays) if isinstance(leaf, KerasTensor) else leaf for leaf in leaves]
        call_args, call_kwargs = jax.tree_util.tree_unflatten(treedef, filled)
        return function(*call_args, **call_kwargs)

    try:
        return _find(on_arrays, inputs, masks)
    except Exception:
        around = [leaf for leaf in leaves if hasattr(leaf, "shape")]
        for met in itertools.islice(_with_sizes_met(inputs, around), _MOST_TRIES):
            with contextlib.suppress(Exception):  # what was wrong first is what to tell
                return _find(on_arrays, met, masks)
        raise


def _find(function, inputs, masks):
    unknown = any(None in x.shape for x in inputs)
    try:
        return _trace(function, inputs, masks, _symbolic_sizes if unknown else _known_sizes)
    except Exception:
        if not unknown:
            raise
        try:
            found = _unknown_where_different(*(_probe(function, inputs, masks, size) for size in PROBES))
        except Exception:
            with contextlib.suppress(Exception):  # what was wrong first is what to tell
                return _unknown_where_different(*(_probe(function, inputs, masks, size) for size in SMALL_PROBES))
            raise
        try:
            return _unknown_where_different(found, _probe(function, inputs, masks, SMALL_PROBES[0]))
        except Exception:  # noqa: BLE001 - what cannot take so few says nothing about more
            return found


def _with_sizes_met(inputs, around):
    """Yield the inputs with unknown axes in sizes that they may meet in the other inputs and arrays.

    First those that stand at the same place from the right, or from the left: `(None, 3) + (2, 3)` works for two rows
    alone. Then, for one axis behind the batch at a time, each size of the others: `(None, None) @ (3, 2)` works for
    three columns.
    """
    for step in (-1, 1):
        sizes = {}
        for array in around:
            for place, size in enumerate(array.shape[::step]):
                if size not in (None, 1):
                    sizes.setdefault(place, set()).add(size)
        one = {place: next(iter(found)) for place, found in sizes.items() if len(found) == 1}
        shapes = [tuple(_met(x.shape[::step], one))[::step] for x in inputs]
        if shapes != [x.shape for x in inputs]:
            yield [KerasTensor(shape, x.dtype) for shape, x in zip(shapes, inputs, strict=True)]
    for i, x in enumerate(inputs):
        others = {size for array in around if array is not x for size in array.shape} - {None, 1}
        for axis in range(1, len(x.shape)):
            for size in sorted(others) if x.shape[axis] is None else ():
                met = KerasTensor((*x.shape[:axis], size, *x.shape[axis + 1 :]), x.dtype)
                yield [*inputs[:i], met, *inputs[i + 1 :]]


def _met(sizes, one):
    return (one.get(place) if size is None else size for place, size in enumerate(sizes))


def _probe(function, inputs, masks, size):
    try:
        with entering(probe=size):
            return _trace(function, inputs, masks, functools.partial(_probe_sizes, size=size))
    except Exception as error:
        if error.args and isinstance(error.args[0], str):  # what stood for unknown sizes means nothing to the user
            error.args = (re.sub(rf"\b{size}\b", "?", error.args[0]), *error.args[1:])
        raise


def _trace(function, inputs, masks, sizes):
    """Run `function` on abstract arrays; give its result with KerasTensors for arrays."""
    rest = {}

    def flat(arrays, mask_arrays):
        try:
            result = function(arrays, mask_arrays)
        except Exception as error:
            note_origin(error)
            raise
        outputs = tree.flatten(result)
        is_array = [isinstance(x, jax.Array) for x in outputs]
        rest["structure"] = tree.map_structure(lambda x: None if isinstance(x, jax.Array) else x, result)
        rest["is_array"] = is_array
        arrays = [x for x in outputs if isinstance(x, jax.Array)]
        return arrays, [get_mask(x) for x in arrays]

    specs = [jax.ShapeDtypeStruct(sizes(x.shape), dtypes.in_programs(x.dtype)) for x in inputs]
    mask_specs = [None if mask is None else _mask_spec(mask, x.shape) for x, mask in zip(specs, masks, strict=True)]
    with StatelessScope(), entering(shape_trace=True):
        outputs, output_masks = jax.eval_shape(flat, specs, mask_specs)
    tensors = iter([_tensor(x, mask) for x, mask in zip(outputs, output_masks, strict=True)])
    leaves = [
        next(tensors) if is_array else leaf
        for is_array, leaf in zip(rest["is_array"], tree.flatten(rest["structure"]), strict=True)
    ]
    return tree.pack_sequence_as(rest["structure"], leaves)


def _mask_spec(mask, sizes):
    """A mask has the leading axes of its tensor."""
    shape = tuple(full if size is None else size for size, full in zip(mask.shape, sizes, strict=False))
    return jax.ShapeDtypeStruct(shape, mask.dtype)


def _tensor(spec, mask_spec):
    tensor = KerasTensor(spec.shape, spec.dtype, symbolic_shape=tuple(spec.shape))
    if mask_spec is not None:
        set_mask(tensor, KerasTensor(mask_spec.shape, mask_spec.dtype))
    return tensor


def _known_sizes(shape):
    return shape


def _symbolic_sizes(shape):
    """Name each unknown axis after what stands there in usual layouts; equal names are equal sizes."""
    names = _AXIS_NAMES.get(len(shape), "b" + "n" * (len(shape) - 1))
    return tuple(_symbol(_axis_name(names, axis)) if size is None else size for axis, size in enumerate(shape))


def _axis_name(names, axis):
    return names[axis] if names[axis] != "n" or len(names) == 2 else f"n{axis}"


def unknown_size():
    """Return a size for results whose size only values decide, while shapes are inferred."""
    return _symbol("u")


@functools.cache
def _symbol(name):
    return export.symbolic_shape(name, scope=_scope())[0]


@functools.cache
def _scope():
    return export.SymbolicScope()


def _probe_sizes(shape, size):
    return tuple(size if axis is None else axis for axis in shape)


def _unknown_where_different(first, second):
    def merge(a, b):
        if not isinstance(a, KerasTensor):
            return a
        shape = tuple(x if x == y else None for x, y in zip(a.shape, b.shape, strict=True))
        tensor = KerasTensor(shape, a.dtype)
        if get_mask(a) is not None:
            set_mask(tensor, merge(get_mask(a), get_mask(b)))
        return tensor

    return tree.map_structure(merge, first, second)
