"""The calls that led to a failure, so that they can be told, and run again with something changed."""

import functools
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field

from lamina.core import shapes, tree
from lamina.core.context import entering
from lamina.core.failures import undisturbed
from lamina.core.names import numbering_kept
from lamina.core.serialization import made_again
from lamina.core.state import StatelessScope
from lamina.core.tensor import KerasTensor
from lamina.explain.calls import Call, calls_of, connected, heard_calls
from lamina.layers import Layer, Wrapper
from lamina.models import Model


@dataclass(eq=False)
class Attempt:
    """What ran, what failed, and what would have come next.

    Attributes:
        ran: Calls in order.
        failing: the Call that failed; None where it is the loss that failed.
        behind: layers that would have come next.
        is_stack: whether the layers are written one below the other in a Sequential model.
        compared: (labels, outputs, loss) if the loss failed.
    """

    ran: list
    failing: Call | None
    behind: list = field(default_factory=list)
    is_stack: bool = False
    compared: tuple | None = None

    @property
    def data(self):
        """The tensors that stand for arrays given by the user: no layer made them."""
        if self.failing is None:
            return []
        made = {id(y) for call in self.ran for y in call.outputs}
        return [x for x in self.failing.inputs if id(x) not in made and _maker(x) is None]

    @functools.cached_property
    def was_built(self):
        """Whether the failing layer was built for other shapes before: a new one like it takes these."""
        layer = self.failing.layer
        if not isinstance(layer, Layer) or isinstance(layer, Model):
            return True
        if not layer.built:
            return False
        try:
            with experiment():
                _run(fresh(layer), self.failing, self.failing.inputs)
        except Exception:  # noqa: BLE001 -- as the one that failed
            return False
        return True

    @property
    def fed_by(self):
        """The calls whose outputs the failing call reads, or that made what is compared."""
        if self.failing is None:
            return [call for call in self.ran if not call.feeds]
        ids = {id(x) for x in self.failing.inputs}
        return [call for call in self.ran if any(id(y) in ids for y in call.outputs)]


def attempt_of(failure):
    """Find the calls behind a Failure."""
    layer, args, kwargs = _outside_of_wrappers(failure.calls)
    if failure.compared is not None:
        return Attempt(_calls_inside(layer, args), None, is_stack=_is_stack(layer), compared=failure.compared)
    failing = Call(layer, args, kwargs, [])
    ran = _calls_before(failing.inputs)
    if not ran and len(failure.calls) > 1:
        ran = _heard_until(failure, failing)
    return Attempt(connected(ran), failing, failure.behind or [], failure.behind is not None)


def _outside_of_wrappers(calls):
    """Return the innermost call, or that of the wrapper around it, since nobody wrote what a wrapper does inside."""
    number = 0
    while number + 1 < len(calls) and isinstance(calls[number + 1][0], Wrapper):
        number += 1
    return calls[number]


def _is_stack(model):
    return hasattr(model, "_stack")


def _calls_inside(model, args):
    try:
        return calls_of(model)
    except (TypeError, ValueError):  # a model of its own kind that was never called on shapes
        return heard_calls(model, args[0] if args else None)[0]


def _maker(x):
    """Return the node that made a symbolic tensor, None for a tensor that stands for an array."""
    history = getattr(x, "_keras_history", None)
    if history is None or history.operation is None:
        return None
    return history.operation._inbound_nodes[history.node_index]


def _calls_before(tensors):
    """Return the calls that made symbolic tensors, back to the inputs, in the order they ran; inputs left out."""
    found = {}

    def visit(x):
        node = _maker(x)
        if node is None or id(node) in found:
            return
        for source in node.input_tensors:
            visit(source)
        found[id(node)] = node

    for x in tensors:
        visit(x)
    return [Call(n.operation, tuple(n.args), dict(n.kwargs), list(n.outputs)) for n in found.values() if not n.is_input]


def _heard_until(failure, failing):
    """Run the outermost model again on shapes; tie what went into the failing call to the calls that made it."""
    model, args, _ = failure.calls[-1]
    if not isinstance(model, Model):
        return []
    with undisturbed():
        ran, _ = heard_calls(model, *args)
    made = [y for call in reversed(ran) for y in call.outputs]

    def tied(x):
        same = (y for y in made if isinstance(x, KerasTensor) and y.shape == x.shape)
        return next(same, x)

    failing.args, failing.kwargs = tree.map_structure(tied, (failing.args, failing.kwargs))
    return ran


def run_again(attempt, replaced=None, inserted=(), given=None):
    """Run the attempt with something changed, on copies and on shapes only.

    Args:
        replaced: dict from ids of layers to those in their place.
        inserted: pairs (number of an input of the failing call, layer to put before it).
        given: dict from ids of tensors to those in their place.
    Returns: the tensors in the end.
    Raises: whatever goes wrong this time.
    """
    with experiment():
        values, replaced = dict(given or {}), replaced or {}
        for call in attempt.ran:
            tensors = [values.get(id(x), x) for x in call.inputs]
            layer = replaced.get(id(call.layer))
            if layer is not None or any(a is not b for a, b in zip(tensors, call.inputs, strict=True)):
                values.update(zip(map(id, call.outputs), _run(layer or fresh(call.layer), call, tensors), strict=True))
        if attempt.failing is None:
            return [values.get(id(y), y) for call in attempt.fed_by for y in call.outputs]
        tensors = [values.get(id(x), x) for x in attempt.failing.inputs]
        for number, layer in inserted:
            tensors[number] = shapes.infer(layer, tensors[number])
        failing = attempt.failing.layer
        failing = replaced.get(id(failing)) or (failing if attempt.was_built else fresh(failing))
        return run_behind(attempt, _run(failing, attempt.failing, tensors))


def run_behind(attempt, outputs):
    """Run the layers that would have come next on what the failing call gives, or on what should be in its place."""
    for layer in attempt.behind:
        outputs = tree.flatten(shapes.infer(fresh(layer), *outputs))
    return outputs


@contextmanager
def experiment():
    """Run things in a `with` block that leave no trace: no values, no warnings, no noted failures."""
    scope = StatelessScope(initialize_variables=False)
    with entering(layer=None), scope, undisturbed(), numbering_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _run(layer, call, tensors):
    args, kwargs = call.with_arrays(tensors)
    return tree.flatten(shapes.infer(layer, *args, **kwargs))


def fresh(layer):
    """Return a copy of a layer that is not built; the layer itself where it cannot be copied."""
    if not isinstance(layer, Layer) or isinstance(layer, Model):
        return layer
    try:
        return made_again(layer)
    except Exception:  # noqa: BLE001 -- a user's layer without a usable config
        return layer
