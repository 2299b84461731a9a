"""Function: the calls between symbolic tensors as one operation, without weights of its own and without training."""

from lamina.core import dtypes, tree
from lamina.core.operation import Operation
from lamina.core.tensor import KerasTensor
from lamina.models.graph import Graph


class Function(Operation):
    """Compute some symbolic tensors from others, for new arrays.

    Args:
        inputs, outputs: KerasTensor, or any structure of them.
        name: by default "function", numbered.
    Raises:   ValueError if one of them is empty, or the outputs need more than the inputs.
    Source:   Keras 3 `Function`.
    Example:
        >>> x = KerasTensor((None, 2))
        >>> double = Function(x, 2 * x)
        >>> double([[1.0, 2.0]]).tolist(), double(KerasTensor((7, 2))).shape
        ([[2.0, 4.0]], (7, 2))
    """

    def __init__(self, inputs, outputs, name=None):
        super().__init__(name=name)
        for what, structure in (("inputs", inputs), ("outputs", outputs)):
            if not tree.flatten(structure):
                raise ValueError(f"`{what}` argument cannot be empty. Received:\ninputs={inputs}\noutputs={outputs}")
        self._inputs_struct = inputs
        self._outputs_struct = outputs
        self._graph = Graph(inputs, outputs)

    @property
    def operations(self):
        """The operations called, inputs first, in the order of the data."""
        return list(self._graph.operations)

    @property
    def inputs(self):
        """The input tensors as a list."""
        return list(self._graph.inputs)

    @property
    def outputs(self):
        """The output tensors as a list."""
        return list(self._graph.outputs)

    def call(self, inputs):
        """Return the outputs for arrays in the structure of the inputs."""
        flat = self._standardize(inputs)
        return tree.pack_sequence_as(self._outputs_struct, self._graph.run(flat))

    def compute_output_shape(self, input_shape):
        """Return the shapes of the outputs for shapes of the inputs."""
        shapes = []
        tree.map_shape_structure(shapes.append, input_shape)
        inputs = [KerasTensor(shape, x.dtype) for shape, x in zip(shapes, self._graph.inputs, strict=True)]
        outputs = self.compute_output_spec(tree.pack_sequence_as(self._inputs_struct, inputs))
        return tree.map_structure(lambda x: x.shape, outputs)

    def _standardize(self, inputs):
        """Return the inputs as a flat list of arrays, held against the symbolic ones."""
        wanted = self._graph.inputs
        if isinstance(self._inputs_struct, KerasTensor) and not hasattr(inputs, "shape"):
            inputs = dtypes.as_array(inputs, dtype=wanted[0].dtype)
        flat = tree.flatten(inputs)
        if len(flat) != len(wanted):
            raise ValueError(
                f"{type(self).__name__} {self.name} was called with an invalid input structure: it has {len(wanted)} "
                f"inputs, but it received {len(flat)}."
            )
        return [self._standardize_input(x, y) for x, y in zip(flat, wanted, strict=True)]

    def _standardize_input(self, x, wanted):
        x = x if hasattr(x, "shape") else dtypes.as_array(x, dtype=wanted.dtype)
        sizes = zip(x.shape, wanted.shape, strict=False)
        differs = any(size is not None and isinstance(given, int) and given != size for given, size in sizes)
        if len(x.shape) != len(wanted.shape) or differs:
            raise ValueError(
                f"{type(self).__name__} {self.name} was passed incompatible inputs: shape {tuple(x.shape)} for "
                f"{wanted.name}, which has shape {wanted.shape}."
            )
        return x
