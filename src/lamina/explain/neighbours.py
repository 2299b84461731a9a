"""What the layers behind would be without one of them: found by really building them on the other shape."""

from dataclasses import dataclass

from lamina.core import shapes
from lamina.core.context import entering
from lamina.core.serialization import made_again
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor
from lamina.layers import Layer


@dataclass
class Without:
    """The first layer with weights behind a layer, with and without it.

    Attributes:
        name: of that layer.
        shape, parameters: as it is.
        other_shape, other_parameters: without the layer in between; None if it could not be built then.
        error: why it could not.
    """

    name: str
    kind: str
    shape: tuple
    parameters: int
    other_shape: tuple | None = None
    other_parameters: int | None = None
    error: str | None = None

    def to_dict(self):
        """Return plain data."""
        return dict(vars(self))


def without(call):
    """Leave out the layer of `call` and say what becomes of the next layer that has weights.

    Returns: Without, or None where that is no question: the layer has weights itself or several inputs; it keeps the
    shape; the graph branches behind it; nothing with weights follows; neither parameters nor rank would change.
    """
    if _has_weights(call.layer) or len(call.inputs) != 1 or len(call.outputs) != 1:
        return None
    if call.inputs[0].shape == call.outputs[0].shape:
        return None
    chain = _chain_behind(call)
    if chain is None:
        return None
    target = chain[-1]
    found = Without(target.name, type(target.layer).__name__, target.outputs[0].shape, target.layer.count_params())
    try:
        x = KerasTensor(call.inputs[0].shape, call.inputs[0].dtype)
        with StatelessScope(initialize_variables=False), entering(layer=None):
            for step in chain:
                layer = _copy(step.layer)
                args, kwargs = step.with_arrays([x])
                x = shapes.infer(layer, *args, **kwargs)
    except Exception as error:  # noqa: BLE001 -- whatever the layer says to this shape is the answer
        found.error = str(error).strip().splitlines()[0]
        return found
    found.other_shape, found.other_parameters = x.shape, sum(v.size for v in layer.weights)
    same_kind = len(found.other_shape) == len(found.shape) and found.other_parameters == found.parameters
    return None if same_kind else found


def _chain_behind(call):
    """Return the calls from behind `call` up to the first with weights, if there is no branch on the way."""
    chain = []
    while True:
        if len(call.feeds) != 1:
            return None
        call = call.feeds[0]
        if len(call.inputs) != 1 or len(call.outputs) != 1 or not isinstance(call.layer, Layer):
            return None
        chain.append(call)
        if _has_weights(call.layer):
            return chain


def _has_weights(layer):
    return bool(getattr(layer, "weights", None))


def _copy(layer):
    return made_again(layer)
