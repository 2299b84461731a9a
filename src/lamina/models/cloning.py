"""Make a model again with new weights."""

from lamina.core import tree
from lamina.core.serialization import made_again
from lamina.layers import InputLayer
from lamina.models.functional import Functional
from lamina.models.sequential import Sequential


def clone_model(model, input_tensors=None, clone_function=None, call_function=None, recursive=False):
    """Return a model of the same layers with new weights, compiled as the model is.

    Args:
        model: Functional, Sequential or a subclass that has a config.
        input_tensors: KerasTensors to start from, in place of new inputs.
        clone_function: `f(layer) -> layer`; by default made again from the config.
        call_function: `f(layer, *args, **kwargs)`, in place of calling the new layer; for functional models.
        recursive: whether `clone_function` is applied inside inner models too.
    Raises: ValueError if `clone_function` is given for a model that is no graph and no stack, or if `input_tensors` is
        another structure than the model's input.

    Example:
        >>> from lamina.layers import Dense, Input
        >>> clone_model(Sequential([Input((4,)), Dense(2)])).output_shape
        (None, 2)
    """
    clone = _clone(model, input_tensors, clone_function, call_function, recursive)
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone


def _clone(model, input_tensors, clone_function, call_function, recursive):
    clone = _cloner(clone_function, call_function, recursive)
    if isinstance(model, Sequential):
        return _clone_stack(model, input_tensors, clone)
    if isinstance(model, Functional):
        return _clone_graph(model, input_tensors, clone, call_function)
    if clone_function is not None:
        raise ValueError(f"`clone_function` needs a Sequential or functional model. Received: {type(model).__name__}")
    return made_again(model)


def _cloner(clone_function, call_function, recursive):
    def clone(layer):
        if recursive and isinstance(layer, Functional | Sequential):
            on_graph = call_function if isinstance(layer, Functional) else None
            return clone_model(layer, clone_function=clone_function, call_function=on_graph, recursive=True)
        if clone_function is not None and not isinstance(layer, InputLayer):
            return clone_function(layer)
        return made_again(layer)

    return clone


def _clone_stack(model, input_tensors, clone):
    layers = [clone(layer) for layer in model.layers]
    start = [] if input_tensors is None else tree.flatten(input_tensors)[:1]
    if not start and model.built and model._stack and isinstance(model._stack[0], InputLayer):
        start = [clone(model._stack[0])]
    return Sequential([*start, *layers], trainable=model.trainable, name=model.name)


def _clone_graph(model, input_tensors, clone, call_function):
    given = None if input_tensors is None else _given_inputs(model, input_tensors)
    made, known = {}, {}
    for i, x in enumerate(model.inputs):
        known[id(x)] = clone(x._keras_history.operation).output if given is None else given[i]
    for node in model._graph.nodes:
        if node.is_input or all(id(x) in known for x in node.outputs):
            continue
        operation = made.get(node.operation)
        if operation is None:
            operation = made[node.operation] = clone(node.operation)
        args, kwargs = node.fill_in(known)
        outputs = operation(*args, **kwargs) if call_function is None else call_function(operation, *args, **kwargs)
        known.update((id(x), y) for x, y in zip(node.outputs, tree.flatten(outputs), strict=True))
    inputs, outputs = (
        tree.map_structure(lambda x: known[id(x)], structure)
        for structure in (model._inputs_struct, model._outputs_struct)
    )
    return Functional(inputs, outputs, name=model.name)


def _given_inputs(model, input_tensors):
    try:
        tree.assert_same_structure(input_tensors, model.input)
    except ValueError as error:
        raise ValueError(
            f"`input_tensors` must have the same structure as model.input: {model.input}. Received: {input_tensors}"
        ) from error
    return tree.flatten(input_tensors)
