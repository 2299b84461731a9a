"""InputSpec: what a layer demands of its input, and the error when it gets something else."""

from lamina.core import dtypes, tree
from lamina.core.errors import ShapeError, describe, message
from lamina.core.tensor import standardize_shape

AXES = {
    1: ("batch",),
    2: ("batch", "features"),
    3: ("batch", "steps", "features"),
    4: ("batch", "height", "width", "channels"),
    5: ("batch", "depth", "height", "width", "channels"),
}


class InputSpec:
    """Demands on one input: rank, sizes of some axes, dtype.

    Args:
        dtype: name of the dtype, None for any.
        shape: tuple of sizes, None where any will do.
        ndim, max_ndim, min_ndim: number of axes [count].
        axes: dict from axis to size.
        allow_last_axis_squeeze: whether a trailing axis of size 1 may be missing or added.
        name: key of the input when inputs come in a dict.
        optional: whether None is accepted.
    Raises: TypeError if `axes` has keys that are no integers, ValueError for an axis beyond the rank.

    Example:
        >>> InputSpec(min_ndim=2, axes={-1: 3})
        InputSpec(min_ndim=2, axes={-1: 3})
    """

    def __init__(
        self,
        dtype=None,
        shape=None,
        ndim=None,
        max_ndim=None,
        min_ndim=None,
        axes=None,
        allow_last_axis_squeeze=False,
        name=None,
        optional=False,
    ):
        self.dtype = None if dtype is None else dtypes.standardize_dtype(dtype)
        self.shape = None if shape is None else standardize_shape(shape)
        self.ndim = ndim if shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        try:
            self.axes = {int(axis): size for axis, size in (axes or {}).items()}
        except (ValueError, TypeError, AttributeError) as error:
            raise TypeError(f"Argument `axes` must be a dict with integer keys. Received: axes={axes}") from error
        rank = self.ndim or self.max_ndim
        if self.axes and rank is not None and max(self.axes) > rank - 1:
            raise ValueError(f"Axis {max(self.axes)} is greater than the maximum allowed value: {rank - 1}")

    def get_config(self):
        """Return the demands as a dict."""
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes", "optional")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_config(cls, config):
        """Make the InputSpec described by `config`."""
        return cls(**config)

    def __repr__(self):
        names = ("dtype", "shape", "ndim", "max_ndim", "min_ndim", "axes")
        return f"InputSpec({', '.join(f'{n}={getattr(self, n)}' for n in names if getattr(self, n))})"


ONE_ARRAY = InputSpec()  # no list or dict of them


def assert_input_compatibility(input_spec, inputs, layer_name):
    """Raise ShapeError unless `inputs` meet `input_spec` (each one, or a structure of them).

    Args:
        input_spec: InputSpec, structure of InputSpecs, or None for no demands.
        inputs: array or symbolic tensor, or a structure of them.
        layer_name: for the message.
    """
    if not input_spec or (type(input_spec) is InputSpec and _obviously_fits(input_spec, inputs)):
        return
    specs = [input_spec] if isinstance(input_spec, InputSpec) else tree.flatten(input_spec)
    values = _in_order(specs, inputs, layer_name)
    if len(values) != len(specs):
        raise ShapeError(
            message(
                "L102",
                f'layer "{layer_name}" expects {len(specs)} input(s), but it received {len(values)} input tensors.',
            )
        )
    for index, (x, spec) in enumerate(zip(values, specs, strict=True)):
        if spec is not None and not (x is None and spec.optional):
            _assert_one(spec, x, index, layer_name)


def _obviously_fits(spec, x):
    """The usual case in one look: an array of known sizes that meets rank and axes; False means look closer."""
    shape = getattr(x, "shape", None)
    if shape is None or spec.dtype is not None or spec.shape is not None:
        return False
    ndim = len(shape)
    if (spec.min_ndim is not None and ndim < spec.min_ndim) or (spec.max_ndim is not None and ndim > spec.max_ndim):
        return False
    if spec.ndim is not None and ndim != spec.ndim:
        return False
    for axis, size in spec.axes.items():  # noqa: SIM110 -- a generator would be one more call on the eager path
        if shape[axis] != size:
            return False
    return True


def _in_order(specs, inputs, layer_name):
    names = [spec.name for spec in specs if spec is not None]
    if isinstance(inputs, dict) and len(names) == len(specs) and all(names):
        missing = [name for name in names if name not in inputs]
        if missing:
            raise ShapeError(
                message(
                    "L102",
                    f'missing data for input "{missing[0]}" of layer "{layer_name}"; the dictionary has the keys '
                    f"{list(inputs)}.",
                )
            )
        return [inputs[name] for name in names]
    return tree.flatten(inputs)


def _assert_one(spec, x, index, layer_name):
    if not hasattr(x, "shape"):
        raise ValueError(
            f"Inputs to a layer should be tensors. Got '{x}' (of type {type(x)}) as input for layer '{layer_name}'."
        )
    shape = standardize_shape(x.shape)
    broken = _broken_demand(spec, shape, x)
    if broken is not None:
        which = f"input {spec.name or index} of layer '{layer_name}'{_source(x)}"
        raise ShapeError(
            message(
                "L101",
                f"{layer_name} wants {_pattern(spec, shape)}; it got {describe(x)}.",
                where=f"{which} is incompatible with the layer: {broken}, full shape received: {shape}",
                why=_cause(spec, shape),
                fix=_remedy(spec, shape),
            )
        )


def _source(x):
    """Name the layer that a symbolic input comes from."""
    operation = getattr(x, "_keras_history", (None,))[0]
    return f", fed by '{operation.name}'," if operation is not None else ""


def _broken_demand(spec, shape, x):
    """Say which demand is not met, in Keras's words, or None."""
    ndim = len(shape)
    if spec.ndim is not None and ndim != spec.ndim and not spec.allow_last_axis_squeeze:
        return f"expected ndim={spec.ndim}, found ndim={ndim}"
    if spec.max_ndim is not None and ndim > spec.max_ndim:
        return f"expected max_ndim={spec.max_ndim}, found ndim={ndim}"
    if spec.min_ndim is not None and ndim < spec.min_ndim:
        return f"expected min_ndim={spec.min_ndim}, found ndim={ndim}"
    if spec.dtype is not None and dtypes.standardize_dtype(x.dtype) != spec.dtype:
        return f"expected dtype={spec.dtype}, found dtype={dtypes.standardize_dtype(x.dtype)}"
    for axis, size in spec.axes.items():
        if size is not None and shape[axis] not in (size, None):
            return f"expected axis {axis} of input shape to have value {size}"
    if spec.shape is not None and not _same_shape(spec, shape):
        return f"expected shape={spec.shape}, found shape={shape}"
    return None


def _pattern(spec, shape):
    """Say what is wanted with named axes: "(batch, steps, features=4)"."""
    rank = spec.ndim or min(max(len(shape), spec.min_ndim or 0), spec.max_ndim or len(AXES))
    names = list(AXES.get(rank, [f"axis {i}" for i in range(rank)]))
    if rank > 2 and set(spec.axes) == {1}:  # channels_first
        names.insert(1, names.pop())
    if spec.shape is not None:
        names = [
            name if i == 0 else str(size or name) for i, (name, size) in enumerate(zip(names, spec.shape, strict=True))
        ]
    for axis, size in spec.axes.items():
        if size is not None:
            names[axis] = f"{names[axis]}={size}"
    if spec.ndim is None and spec.min_ndim is not None and len(shape) < spec.min_ndim:
        names.insert(1, "...")
    dtype = f"{spec.dtype} " if spec.dtype else ""
    return f"{dtype}({', '.join(names)})"


def _same_shape(spec, shape):
    wanted = spec.shape
    if spec.allow_last_axis_squeeze:
        wanted = wanted[:-1] if wanted and wanted[-1] == 1 else wanted
        shape = shape[:-1] if shape and shape[-1] == 1 else shape
    return len(wanted) == len(shape) and all(
        w is None or s is None or w == s for w, s in zip(wanted, shape, strict=True)
    )


def _cause(spec, shape):
    wanted = spec.ndim or spec.min_ndim
    if wanted == 4 and len(shape) == 3:
        return "the images have no channel axis -- usual for MNIST-like arrays -- or one image came without its batch."
    if wanted == 3 and len(shape) == 2:
        return "sequences need a features axis: one number a step is (batch, steps, 1)."
    if wanted == 2 and len(shape) == 1:
        return "one number a sample is (batch, 1)."
    return None


def _remedy(spec, shape):
    wanted = spec.ndim or spec.min_ndim
    if wanted is None or len(shape) + 1 != wanted:
        return None
    last = spec.axes.get(-1)
    if last is not None and shape and shape[-1] == last:
        return "x = x[None]               # a batch of one sample"
    after = ", ".join(str(size) for size in (*shape, 1))
    return f"x = x[..., None]          # now ({after})"
