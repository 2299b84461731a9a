"""A model as an ONNX graph: call after call, each by the function of its layer, or by what it computes."""

import dataclasses
import importlib.util

import jax
import numpy as np

from lamina.core import errors, tree
from lamina.core.context import entering, get_mask, set_mask
from lamina.core.state import StatelessScope
from lamina.export.onnx import (  # noqa: F401 - they fill the tables
    activations,
    arrays,
    basic,
    elementwise,
    loops,
    products,
    recurrent,
    windows,
)
from lamina.export.onnx.calls import TABLE, Call
from lamina.export.onnx.foreign import through_jax2onnx
from lamina.export.onnx.graph import Tensor
from lamina.export.onnx.primitives import NoSuchNodeError, convert
from lamina.layers import Layer
from lamina.models import Functional, Sequential


def call_model(graph, model, *inputs):
    """Add the nodes of a model; return a structure of Tensors.

    Args:
        graph: where they are added.
        model: a model or layer.
        inputs: structures of Tensors, its arguments.
    Raises:   ValueError (FileError L409) for a layer that cannot be exported, named.
    """
    if type(model) is Sequential and model._functional is not None:
        model = model._functional
    if isinstance(model, Functional) and type(model).call is Functional.call:
        return _call_graph(graph, model, *inputs)
    return _call_layer(graph, model, inputs, {})


def _call_graph(graph, model, inputs):
    known = {id(x): value for x, value in zip(model._graph.inputs, tree.flatten(inputs), strict=True)}
    for node in model._graph.nodes:
        if node.is_input or all(id(x) in known for x in node.outputs):
            continue
        args, kwargs = node.fill_in(known)
        results = _call_operation(graph, node.operation, args, kwargs)
        for x, value in zip(node.outputs, tree.flatten(results), strict=True):
            known[id(x)] = value
    return tree.map_structure(lambda x: known[id(x)], model._outputs_struct)


def _call_operation(graph, operation, args, kwargs):
    if isinstance(operation, Functional | Sequential) and not kwargs and len(args) == 1:
        return call_model(graph, operation, args[0])
    return _call_layer(graph, operation, args, kwargs)


def _call_layer(graph, layer, args, kwargs):
    """Return the outputs of one call as a flat list, masks attached."""
    kwargs = {name: value for name, value in kwargs.items() if value is not None and value is not False}
    closed, leaves = _traced(layer, args, kwargs)
    count = len(closed.out_avals) - len(closed.masks)
    outputs = None
    function = TABLE.get(type(layer))
    if function is not None and _is_plain(layer, args, kwargs):
        outputs = function(graph, Call(layer, args, kwargs, closed.out_avals[:count]))
    try:
        if outputs is None:
            results = convert(graph, closed.jaxpr, [graph.plain(x) for x in leaves])
            outputs, masks = results[:count], results[count:]
            outputs = [graph.plain(x) for x in outputs]
        else:
            outputs = outputs if isinstance(outputs, list) else [outputs]
            wanted = [False] * count + [True] * len(closed.masks)
            masks = convert(graph, closed.jaxpr, [graph.plain(x) for x in leaves] if closed.masks else leaves, wanted)
            masks = masks[count:]
    except NoSuchNodeError as error:
        return _elsewhere(graph, layer, closed, leaves, count, error)
    masks = {i: graph.plain(mask) for i, mask in zip(closed.masks, masks, strict=True)}
    return [dataclasses.replace(x, mask=masks.get(i)) for i, x in enumerate(outputs)]


def _is_plain(operation, args, kwargs):
    """Tell whether a call is what the table is about: in inference, in float32, of one structure of tensors."""
    if not isinstance(operation, Layer):
        return True
    in_float32 = operation.compute_dtype == "float32" and not getattr(operation, "quantization_mode", None)
    return len(args) == 1 and "training" not in kwargs and in_float32


@dataclasses.dataclass
class _Traced:
    jaxpr: object
    masks: list  # indices of the outputs that have masks, whose values come after all outputs

    @property
    def out_avals(self):
        return self.jaxpr.out_avals


def _traced(layer, args, kwargs):
    """Run a call on abstract arrays; return the program and its inputs: Tensors, and then their masks."""
    leaves, structure = jax.tree_util.tree_flatten((args, kwargs), is_leaf=lambda x: x is None)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, Tensor)]
    masked = [i for i in places if leaves[i].mask is not None]
    with_masks = []

    def run(values, masks):
        filled = list(leaves)
        for i, value in zip(places, values, strict=True):
            filled[i] = value
        for i, mask in zip(masked, masks, strict=True):
            set_mask(filled[i], mask)
        call_args, call_kwargs = jax.tree_util.tree_unflatten(structure, filled)
        outputs = tree.flatten(layer(*call_args, **call_kwargs))
        found = [get_mask(x) for x in outputs]
        with_masks[:] = [i for i, mask in enumerate(found) if mask is not None]
        return outputs, [mask for mask in found if mask is not None]

    tensors = [leaves[i] for i in places]
    masks = [leaves[i].mask for i in masked]
    specs = [[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in group] for group in (tensors, masks)]
    try:
        with StatelessScope(), entering(training=False):
            closed = jax.make_jaxpr(run)(*specs)
    except (TypeError, ValueError, ArithmeticError, jax.errors.JAXTypeError) as error:
        raise _cannot(layer, f"it computes with sizes that are not known ({error}).") from error
    return _Traced(closed, list(with_masks)), [*tensors, *masks]


def _elsewhere(graph, layer, closed, inputs, count, error):
    if importlib.util.find_spec("jax2onnx") is None:
        raise _cannot(layer, f"it computes '{error}', for which there is no node.") from error
    return through_jax2onnx(graph, closed.jaxpr, [graph.plain(x) for x in inputs])[:count]


def _cannot(layer, why):
    kind = type(layer).__name__
    what = f"the layer {getattr(layer, 'name', kind)} ({kind}) cannot be exported to ONNX: {why}"
    fix = "give `input_signature` with known sizes, leave the layer out of what is exported, or pip install jax2onnx"
    return errors.FileError(errors.message("L409", what.rstrip("."), fix=fix))


def input_tensors(graph, signature, names):
    """Return a graph's inputs for a structure of objects with `shape` and `dtype`; unknown sizes become symbols."""
    scope = jax.export.SymbolicScope()
    names = iter(names)
    counter = iter(range(1000))

    def tensor(x):
        name = next(names)
        unknown = [size is None for size in x.shape]
        sizes = [_symbol(axis, counter) if unknown[axis] else size for axis, size in enumerate(x.shape)]
        shape = jax.export.symbolic_shape(", ".join(map(str, sizes)), scope=scope) if sizes else ()
        for axis, size in enumerate(sizes):
            if isinstance(size, str):
                graph.sizes.setdefault(size, (name, axis))
        return Tensor(name, tuple(shape), np.dtype(object if x.dtype == "string" else str(x.dtype)))

    return tree.map_structure(tensor, signature)


def _symbol(axis, counter):
    return "batch" if axis == 0 else f"size{next(counter)}"
