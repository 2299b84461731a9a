"""How a layer comes to its weights: `build` by hand, by the first call, or from the shapes in a file."""

import functools
import inspect
import warnings

from lamina import constraints, initializers, regularizers
from lamina.core import dtypes, tree
from lamina.core.context import entering
from lamina.core.names import current_path, name_scope
from lamina.core.variable import Variable
from lamina.layers import calling
from lamina.layers.input_spec import assert_input_compatibility


def recorded_build(build):
    """Let the outermost `build` open the layer's name scope, remember its shapes and close the layer's state."""
    signature = inspect.signature(build)

    @functools.wraps(build)
    def recorded(self, *args, **kwargs):
        if self._building:
            build(self, *args, **kwargs)
            return
        shapes = dict(list(signature.bind(self, *args, **kwargs).arguments.items())[1:])
        if self.built and shapes == self._build_shapes:  # by `compute_output_shape`, or by this method
            return
        self._building = True
        try:
            with name_scope(self.name, caller=self):
                self._path = current_path()
                self._settle_policy()
                build(self, *args, **kwargs)
        finally:
            self._building = False
        self._build_shapes = shapes
        self.built = True
        self._locked = self._closed_by_call

    return recorded


class Buildable:
    """What makes a layer build itself once, and own what it builds."""

    _building = False

    @recorded_build
    def build(self, input_shape):
        """Make the weights for inputs of `input_shape` (tuple with None, or a structure of them)."""
        if not self._has_own_build() and any(not layer.built for layer in self._layers):
            warnings.warn(
                f"`build()` was called on layer '{self.name}', however the layer does not have a `build()` method "
                "implemented and it looks like it has unbuilt state. Implement `build()` so that it builds the "
                "sublayers.",
                stacklevel=3,
            )

    build.only_runs_call = True

    def _has_own_build(self):
        return not getattr(type(self).build, "only_runs_call", False)

    def _build_by_call(self, args, kwargs, inputs):
        """Build with the shapes of a call; without a `build`, sublayers are built when the call reaches them."""
        found = calling.shapes_of(self, args, kwargs)
        if not self._has_own_build():
            self._build_shapes = {"input_shape": next(iter(found.values()), None)} if len(found) == 1 else found
            self.built = self._locked = all(layer.built for layer in self._layers)
            return
        wanted = calling.shapes_for(self.build, found, calling.call_parameters(type(self)), type(self).__name__)
        with entering(layer=None, autocast=None):
            self.build(**wanted)
        if self._input_spec is not None:
            assert_input_compatibility(self._input_spec, inputs, self.name)

    def get_build_config(self):
        """Return the shapes the layer was built with, or None."""
        if self._build_shapes is None:
            return None
        if len(self._build_shapes) == 1:
            return {"input_shape": next(iter(self._build_shapes.values()))}
        return {"shapes_dict": self._build_shapes}

    def build_from_config(self, config):
        """Build with the shapes that `get_build_config` returned."""
        if not config:
            return
        if "input_shape" in config:
            self.build(_tuples(config["input_shape"]))
        elif "shapes_dict" in config and self._has_own_build():  # else the call makes what there is to make
            self.build(**{name: _tuples(shape) for name, shape in config["shapes_dict"].items()})

    def add_weight(
        self,
        *args,
        shape=None,
        initializer=None,
        dtype=None,
        trainable=True,
        autocast=True,
        regularizer=None,
        constraint=None,
        aggregation="none",
        overwrite_with_gradient=False,
        name=None,
    ):
        """Make a variable that the layer owns.

        Args:
            *args: the first of the others, by position.
            shape: tuple of sizes.
            initializer: name or callable; by default "glorot_uniform" for floats, "zeros" for integers.
            dtype: by default the policy's variable dtype.
            trainable, autocast, aggregation, name: see `Variable`.
            regularizer, constraint: names or callables.
            overwrite_with_gradient: whether optimizers put the gradient in the variable's place.
        Returns: the Variable.
        Raises: ValueError for a name in place of the shape, or an argument that is given twice.
        """
        if args:
            shape, initializer, dtype = _in_place(args, shape=shape, initializer=initializer, dtype=dtype)
        dtype = self.variable_dtype if dtype is None else dtypes.standardize_dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if dtypes.is_float(dtype) else "zeros"
        with self._name_scope():
            variable = Variable(
                initializers.get(initializer),
                shape=() if shape is None else shape,
                dtype=dtype,
                trainable=trainable,
                autocast=autocast,
                aggregation=aggregation,
                name=name,
            )
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        variable.overwrite_with_gradient = overwrite_with_gradient
        self._track(variable)
        if not self._trainable:
            variable.trainable = False
        return variable

    def _name_scope(self):
        """Return the scope of the layer's variables: where it was built, once that is known."""
        if self._path is None or self._building:
            return name_scope(self.name, caller=self)
        *outer, own = self._path.split("/")
        return entering(names=(*((name, None) for name in outer), (own, self)))

    def _build_at_init(self):
        """Take the layer for built: its weights were made by the constructor."""
        self.built = True
        self._locked = True


def _in_place(args, **named):
    """Put positional arguments in the places of the named ones, whose order they have."""
    if isinstance(args[0], str):
        raise ValueError(
            f"`name` must be passed as a keyword argument: add_weight(shape=..., name={args[0]!r}). Received: "
            f"add_weight({args[0]!r}, ...)"
        )
    if len(args) > len(named):
        raise TypeError(f"add_weight() takes at most {len(named)} positional arguments but {len(args)} were given.")
    for name, _ in zip(named, args, strict=False):
        if named[name] is not None:
            raise ValueError(f"`{name}` was passed both positionally and as a keyword argument.")
    return *args, *list(named.values())[len(args) :]


def _tuples(shape):
    """Make the lists of a shape (or structure of shapes) read from JSON tuples again."""
    return tree.map_shape_structure(tuple, shape) if shape is not None else None
