"""The question of what a layer or a model does, and of how two of them differ: which answer it gets."""

from lamina.explain.calls import Call
from lamina.explain.compare import LayerComparison, ModelComparison, run_both
from lamina.explain.explanation import LayerExplanation, ModelExplanation, call_of
from lamina.explain.listening import graph_of
from lamina.layers import Layer
from lamina.models import Model


def explain(obj, other=None, input_shape=None, *, dtype=None):
    """Say what a layer or a model does to the data, or how two of them differ on the same input.

    Args:
        obj: a model, or a layer.
        other: a second one to compare with; or the input's shape.
        input_shape: for a layer that was not called yet: shape with the batch axis, or a list of shapes.
        dtype: of that input.
    Returns: an object with the facts as attributes, `to_dict()` and `to_json()`; `print` it to read it.
    Raises: ValueError if the shape of the input is not known.

    Example:
        >>> from lamina.layers import Flatten
        >>> print(explain(Flatten(name="flat"), (None, 3, 4)))
        flat (Flatten)  (b, 3, 4) -> (b, 12)
          Lays the 3 × 4 values of each sample in one row of 12, the last axis fastest.
          shape  (b, t, f) -> (b, t·f)
                 t·f = 3·4 = 12
          order  [t, f] -> t·4 + f
          cost   0 parameters, no arithmetic: it only moves data; 48 bytes of output for one sample
    """
    if not isinstance(other, Layer):
        input_shape = other if input_shape is None else input_shape
        if (_is_graph(obj) and input_shape is None) or _is_subclassed(obj):
            return ModelExplanation(obj, input_shape)
        return LayerExplanation(call_of(obj, input_shape, dtype))
    if _is_graph(obj) and _is_graph(other):
        return compare_models(obj, other)
    return compare_layers(obj, other, input_shape, dtype)


def compare_layers(first, second, input_shape=None, dtype=None):
    """Explain two layers on the same input, and run copies of both to see how the outputs are related."""
    calls = [call_of(layer, input_shape, dtype) for layer in (first, second)]
    if input_shape is None and [x.shape for x in calls[0].inputs] != [x.shape for x in calls[1].inputs]:
        raise ValueError(
            f"{first.name} and {second.name} were called on different shapes, {[x.shape for x in calls[0].inputs]} and "
            f"{[x.shape for x in calls[1].inputs]}. Give one for both: explain(a, b, (None, 28, 28, 1))."
        )
    return LayerComparison(*map(LayerExplanation, calls), run_both(*calls))


def _call_of(model):
    graph = getattr(model, "_functional", None) or model  # a stack that was called has that call's ends
    return Call(model, (graph.input,), {}, graph.outputs)


def compare_models(first, second):
    """Explain two models and pair their layers; where inputs and weights have the same shapes, run both."""
    calls = [_call_of(model) for model in (first, second)]
    shapes = [([x.shape for x in call.inputs], [v.shape for v in call.layer.variables]) for call in calls]
    outcome = run_both(*calls) if shapes[0] == shapes[1] else None
    return ModelComparison(ModelExplanation(first), ModelExplanation(second), outcome)


def _is_graph(obj):
    return graph_of(obj) is not None


def _is_subclassed(obj):
    return isinstance(obj, Model) and not _is_graph(obj)
