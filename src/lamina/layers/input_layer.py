"""The place where data enters a model."""

import warnings

from lamina.core import dtypes
from lamina.core.operation import Node
from lamina.core.tensor import KerasTensor
from lamina.layers.layer import Layer


class InputLayer(Layer):
    """The place where data enters a model.

    Args:
        shape: sizes without the batch axis, None where unknown.
        batch_size: size of the batch axis, None where unknown.
        dtype: of the data; by default the default float.
        sparse, ragged: kept for Keras's sake.
        batch_shape: sizes with the batch axis, in place of the first two.
        input_tensor: KerasTensor to use.
        optional: whether None may be fed.
        name: by default "input_layer", numbered.
    Raises: ValueError if neither or both of `shape` and `batch_shape` are given.
    """

    _config_skips = ("shape", "batch_size", "input_tensor")

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        if "input_shape" in kwargs:
            warnings.warn("Argument `input_shape` is deprecated. Use `shape` instead.", stacklevel=3)
            shape = kwargs.pop("input_shape")
        super().__init__(name=name, **kwargs)
        for argument, asked in (("sparse", sparse), ("ragged", ragged)):
            if asked and input_tensor is None:
                raise ValueError(f"`{argument}=True` is not supported: arrays are dense. Received by '{self.name}'.")
        if input_tensor is not None:
            _require_agreement(input_tensor, shape, batch_size, batch_shape, dtype, sparse)
            batch_shape, dtype = input_tensor.shape, input_tensor.dtype
        else:
            _require_one_shape(shape, batch_size, batch_shape)
        if input_tensor is None and shape is not None:
            batch_shape = (batch_size, *_tuple(shape))
        self.batch_shape = tuple(batch_shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.optional = bool(optional)
        self.built = True
        tensor = input_tensor
        if tensor is None:
            tensor = KerasTensor(self.batch_shape, self._dtype, sparse=self.sparse, ragged=self.ragged, name=self.name)
        Node(self, outputs=tensor)

    def call(self, *_):
        """Return nothing: a model reads the data that are fed to it."""

    @property
    def dtype(self):
        """The dtype of the data."""
        return self._dtype

    def get_config(self):
        """Return the constructor arguments, as Keras writes them."""
        return {
            "batch_shape": self.batch_shape,
            "dtype": self._dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(  # noqa: N802 -- Keras's name
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
):
    """Return the symbolic tensor at which data of `shape` enter a model.

    Args: see `InputLayer`; `tensor` is its `input_tensor`.

    Example:
        >>> Input((28, 28, 1)).shape
        (None, 28, 28, 1)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output


def _tuple(shape):
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _require_one_shape(shape, batch_size, batch_shape):
    """Raise ValueError unless exactly one way to say the shape is taken."""
    received = f"Received: shape={shape}, batch_size={batch_size}, batch_shape={batch_shape}"
    if shape is not None and batch_shape is not None:
        raise ValueError(f"You cannot pass both `shape` and `batch_shape` at the same time. {received}")
    if batch_size is not None and batch_shape is not None:
        raise ValueError(f"You cannot pass both `batch_size` and `batch_shape` at the same time. {received}")
    if shape is None and batch_shape is None:
        raise ValueError(f"You must pass a `shape` argument. {received}")


def _require_agreement(tensor, shape, batch_size, batch_shape, dtype, sparse):
    """Raise ValueError if an argument says something else than the symbolic tensor given with it."""
    if not isinstance(tensor, KerasTensor):
        raise ValueError(f"Argument `input_tensor` must be a KerasTensor. Received: {tensor!r} of type {type(tensor)}")
    facts = {
        "shape": (shape if shape is None else _tuple(shape), tensor.shape[1:]),
        "batch_size": (batch_size, tensor.shape[0] if tensor.shape else None),
        "batch_shape": (batch_shape if batch_shape is None else tuple(batch_shape), tensor.shape),
        "dtype": (dtype if dtype is None else dtypes.standardize_dtype(dtype), tensor.dtype),
        "sparse": (sparse, tensor.sparse),
    }
    for name, (said, fact) in facts.items():
        if said is not None and said != fact:
            raise ValueError(
                f"With `input_tensor` you cannot provide an incompatible `{name}`; leave it out. Received: "
                f"{name}={said}, where the tensor has {fact}."
            )
