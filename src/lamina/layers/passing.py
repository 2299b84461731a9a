"""What a layer call passes on without being asked: `training`, and the masks that travel with tensors."""

import inspect

import jax

from lamina.core import tree
from lamina.core.context import get_mask, set_mask, thread
from lamina.core.errors import warn
from lamina.core.op import op
from lamina.core.operation import Node
from lamina.core.tensor import KerasTensor
from lamina.layers import calling

_NO_TENSORS = {"training"}


def pass_training(layer, kwargs):
    """`training` is what the caller says, else what the layer around says, else the default of `call`."""
    if kwargs.get("training", thread.training) is None:
        parameter = calling.call_parameters(type(layer)).get("training")
        value = None if parameter is None or parameter.default is inspect.Parameter.empty else parameter.default
    else:
        value = kwargs.get("training")
        value = thread.training if value is None else value
    if value is not None:
        kwargs["training"] = value
    else:
        kwargs.pop("training", None)


def pass_context(layer, kwargs):
    """Do for the other arguments that a layer registered what is done for `training`.

    Returns: dict, what layers inside find said.
    """
    said = dict(thread.said)
    parameters = calling.call_parameters(type(layer))
    for name in layer._call_context_args - {"training"}:
        value = kwargs.pop(name, None)
        value = said.get(name) if value is None else value
        if value is None and name in parameters and parameters[name].default is not inspect.Parameter.empty:
            value = parameters[name].default
        if value is not None and name in parameters:
            kwargs[name] = value
        said[name] = value
    return said


def pass_masks(layer, inputs, args, kwargs):
    """Fill mask arguments from the masks that travel with the inputs; return the mask of the first, or None."""
    if len(args) == 1 and isinstance(args[0], jax.Array) and kwargs.keys() <= _NO_TENSORS and get_mask(inputs) is None:
        return None  # the usual case in one look
    names = calling.mask_parameters(type(layer))
    if names and any(kwargs.get(name) is None for name in names):
        tensors = calling.tensor_arguments(layer, args, _without(kwargs, names))
        given = calling.bind(layer, args, kwargs)
        for tensor_name, value in tensors.items():
            name = "mask" if len(tensors) == 1 and "mask" in names else f"{tensor_name}_mask"
            if name in names and given.get(name) is None:
                kwargs[name] = masks_of(value)
    mask = kwargs.get("mask")
    if mask is None:
        mask = get_mask(inputs) if isinstance(inputs, jax.Array) else masks_of(inputs)
    return mask


def mask_outputs(layer, inputs, outputs, previous_mask):
    """Give the outputs of a layer that have no mask those that it computes."""
    flat = [x for x in tree.flatten(outputs) if isinstance(x, jax.Array)]
    if all(get_mask(x) is not None for x in flat):
        return
    if previous_mask is None and isinstance(inputs, list | tuple):
        previous_mask = [None] * len(inputs)  # `compute_mask` may take it apart
    masks = layer.compute_mask(inputs, previous_mask)
    if masks is None:
        return
    for x, mask in zip(flat, tree.flatten(masks), strict=False):
        if mask is not None and get_mask(x) is None:
            set_mask(x, mask)


@op("x")
def mask_of(x):
    """Return the mask that travels with an array."""
    return get_mask(x)


def connect_masks(outputs):
    """Make the masks of symbolic outputs parts of the graph, so that they can be outputs, or inputs of what follows."""
    for x in tree.flatten(outputs):
        mask = get_mask(x)
        if mask is not None and not hasattr(mask, "_keras_history"):
            Node(mask_of.operation(), (x,), outputs=mask)


def warn_of_lost_mask(layer):
    """Say, once, that a layer drops the mask of its input."""
    if not layer._warned_of_mask:
        warn(
            "L350",
            f"Layer '{layer.name}' (of type {type(layer).__name__}) was passed an input with a mask attached to it. "
            "However, this layer does not support masking and will therefore destroy the mask information. "
            "Downstream layers will not see the mask. Fix: put a layer that uses it before, such as "
            "GlobalAveragePooling1D() or LSTM(8); or self.supports_masking = True in a layer of your own.",
        )
        object.__setattr__(layer, "_warned_of_mask", True)


def masks_of(value):
    """Return the masks of a tensor, or of a structure of tensors; None if there is none at all."""
    if isinstance(value, jax.Array | KerasTensor):
        return get_mask(value)
    masks = tree.map_structure(lambda x: None if x is None else get_mask(x), value)
    return masks if any(m is not None for m in tree.flatten(masks)) else None


def _without(kwargs, names):
    return {name: value for name, value in kwargs.items() if name not in names and name != "training"}
