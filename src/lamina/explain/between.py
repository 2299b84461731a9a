"""What a model computes itself between the calls of its layers, as calls, so that nothing on the way is lost.

The model runs once more with every layer cut out: what the layers gave is an input of that program, and what they get
is an output.
"""

import functools
import warnings

import jax
from jax.interpreters import partial_eval

from lamina.core import tree
from lamina.core.context import entering
from lamina.core.state import unchecked_scope
from lamina.explain.calls import Call, Heard, as_given, connected, is_symbolic
from lamina.explain.listening import Listening


class Between:
    """What makes one array that no layer gives, from the model's inputs and from what its layers give.

    Attributes:
        name: of the model.
        variables: the weights that the model reads itself.
        is_output: whether the model gives the array; otherwise a layer gets it.
    """

    def __init__(self, name, jaxpr, consts, variables, is_output):
        self.name, self.variables, self.is_output = name, variables, is_output
        self._jaxpr, self._consts = jaxpr, consts

    def __call__(self, *arrays):
        """Return the array."""
        values = [v.value for v in self.variables]
        return jax.core.eval_jaxpr(self._jaxpr, self._consts, *values, *arrays)[0]


def all_calls(model, *inputs):
    """Return the calls that a model of any kind consists of, with what it computes itself in between.

    Args:
        *inputs: what it is called on: structures of symbolic tensors of known sizes.
    Returns: (list of Calls, list of input tensors, list of output tensors).
    Raises: what the model raises on such inputs.
    """
    heard = Heard(model, *inputs)
    if heard.error is not None:
        raise heard.error
    cut, calls, constants = _Cut(model, heard, inputs), [], {}
    made = {id(x) for x in heard.inputs}

    def make(tensors, is_output=False):
        for x in tensors:
            if id(x) not in made:
                call = cut.making(x, is_output)
                if call.inputs:
                    calls.append(call)
                else:
                    constants[id(x)] = call.layer()
                made.add(id(x))

    for call in heard.calls:
        make(call.inputs)
        args, kwargs = call.with_arrays([constants.get(id(x), x) for x in call.inputs])
        calls.append(Call(call.layer, args, kwargs, call.outputs))
        made.update(map(id, call.outputs))
    make(heard.outputs, is_output=True)
    return connected(calls), heard.inputs, heard.outputs


class _Cut:
    """The model with its layers cut out, as a program, traced when it is first needed."""

    def __init__(self, model, heard, inputs):
        self.model, self.heard, self.inputs = model, heard, inputs
        self.sources = [*heard.inputs, *(y for call in heard.calls for y in call.outputs)]
        results = [*(x for call in heard.calls for x in call.inputs), *heard.outputs]
        self.places = {id(x): i for i, x in reversed(list(enumerate(results)))}

    @functools.cached_property
    def program(self):
        """The closed jaxpr, from weights, inputs and what layers give to what layers get and the model gives."""
        specs = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in self.sources]
        values = [jax.ShapeDtypeStruct(v.shape, v.stored_dtype) for v in self.model.variables]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return jax.make_jaxpr(self._run)(values, specs)

    def _run(self, values, sources):
        results, sources = [], iter(sources)

        def cut(path, layer, args, kwargs, outputs):
            if "/" in path:
                return None
            results.extend(_arrays(as_given(args, kwargs)))
            return tree.map_structure(lambda y: next(sources) if isinstance(y, jax.Array) else y, outputs)

        inputs = tree.map_structure(lambda x: next(sources) if is_symbolic(x) else x, self.inputs)
        with unchecked_scope(self.model.variables, values), entering(training=False), Listening(self.model, cut):
            outputs = self.model(*inputs)
        return [*results, *_arrays(outputs)]

    def making(self, x, is_output):
        """Return the Call that makes a tensor."""
        jaxpr, count = self.program.jaxpr, len(self.model.variables)
        wanted = [i == self.places[id(x)] for i in range(len(jaxpr.outvars))]
        jaxpr, used = partial_eval.dce_jaxpr(jaxpr, wanted)
        weights = [v for v, one in zip(self.model.variables, used[:count], strict=True) if one]
        read = [tensor for tensor, one in zip(self.sources, used[count:], strict=True) if one]
        outputs = self.heard.outputs
        name = self.model.name
        if is_output and len(outputs) > 1:
            name = f"{name}.{next(i for i, y in enumerate(outputs) if y is x)}"
        return Call(Between(name, jaxpr, self.program.consts, weights, is_output), tuple(read), {}, [x])


def _arrays(structure):
    return [x for x in tree.flatten(structure) if isinstance(x, jax.Array)]
