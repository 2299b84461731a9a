"""What every layer must do: build, run on arrays and symbols alike, train, cast, and be made again from its config."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from lamina import losses, models, ops
from lamina.core import tree
from lamina.core.dtypes import is_float, standardize_dtype
from lamina.core.tensor import KerasTensor


class _SumOfOutputs(losses.Loss):
    """A loss that every output has a gradient for."""

    def __call__(self, y_true, y_pred, sample_weight=None):
        return sum(ops.sum(ops.cast(y, "float32")) for y in tree.flatten(y_pred))


class _Around(models.Model):
    """A model of one layer."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def call(self, x, training=False):
        return self.layer(x, training=training)


@dataclass
class LayerContract:
    """A layer, inputs for it, and what is expected; `None` where nothing particular is.

    Args:
        test: the test case that fails.
        layer_cls, init_kwargs: the layer; its arguments.
        input_shape, input_dtype: of inputs that are drawn at random: a shape, or a list or dict of shapes.
        input_data: the inputs themselves, in place of a shape.
        call_kwargs: further arguments of the call.
    """

    test: object
    layer_cls: type
    init_kwargs: dict
    input_shape: object = None
    input_dtype: object = None
    input_sparse: bool = False
    input_ragged: bool = False
    input_data: object = None
    call_kwargs: dict = dataclasses.field(default_factory=dict)
    expected_output_shape: object = None
    expected_output_dtype: object = None
    expected_output_sparse: bool = False
    expected_output_ragged: bool = False
    expected_output: object = None
    expected_num_trainable_weights: int | None = None
    expected_num_non_trainable_weights: int | None = None
    expected_num_non_trainable_variables: int | None = None
    expected_num_seed_generators: int | None = None
    expected_num_losses: int | None = None
    supports_masking: bool | None = None
    expected_mask_shape: tuple | None = None
    custom_objects: dict | None = None
    run_training_check: bool = True
    run_mixed_precision_check: bool = True
    assert_built_after_instantiation: bool = False
    tpu_atol: float | None = None
    tpu_rtol: float | None = None

    def check(self):
        """Check all of it."""
        if self.input_sparse or self.input_ragged:
            self.test.skipTest("Every array here is dense.")
        layer = self._layer()
        self.test.run_class_serialization_test(layer, self.custom_objects)
        if self.supports_masking is not None:
            self.test.assertEqual(layer.supports_masking, self.supports_masking)
        if self.assert_built_after_instantiation:
            self._check_built()
        if self.input_shape is None and self.input_data is None:
            return
        data = self._draw() if self.input_data is None else self.input_data
        self._check_build(data)
        self._check_symbolic(data)
        outputs = self._check_arrays(data)
        if self.run_training_check:
            self._check_training(data, outputs)
        if self.run_mixed_precision_check:
            self._check_mixed_precision(data)

    def _layer(self, **options):
        return self.layer_cls(**{**self.init_kwargs, **options})

    def _call(self, layer, inputs):
        if isinstance(inputs, dict):
            return layer(**inputs, **self.call_kwargs)
        return layer(inputs, **self.call_kwargs)

    def _shapes(self, data):
        """Return the input shapes as `build` gets them."""
        if self.input_shape is not None:
            return self.input_shape
        return tree.map_structure(lambda x: tuple(np.shape(x)), data)

    def _dtypes(self):
        kinds = "float32" if self.input_dtype is None else self.input_dtype
        return kinds if not isinstance(kinds, str) else tree.map_shape_structure(lambda _: kinds, self.input_shape)

    def _draw(self):
        rng = np.random.default_rng(0)
        shapes = tree.map_shape_structure(KerasTensor, self.input_shape)
        made = tree.map_structure(
            lambda x, dtype: ops.cast(3 * rng.random(x.shape).astype("float32"), dtype), shapes, self._dtypes()
        )
        return _without_suffix(made)

    def _symbols(self, data):
        if self.input_shape is None:
            return tree.map_structure(lambda x: KerasTensor(np.shape(x), standardize_dtype(x.dtype)), data)
        shapes = tree.map_shape_structure(KerasTensor, self.input_shape)
        return _without_suffix(tree.map_structure(lambda x, d: KerasTensor(x.shape, d), shapes, self._dtypes()))

    def _check_build(self, data):
        layer, shapes = self._layer(), self._shapes(data)
        layer.build(**shapes) if isinstance(shapes, dict) else layer.build(shapes)
        self._check_state(layer)

    def _check_state(self, layer):
        test = self.test
        test.assertTrue(layer.built)
        for name in ("trainable_weights", "non_trainable_weights", "non_trainable_variables"):
            expected = getattr(self, f"expected_num_{name}")
            if expected is not None:
                test.assertLen(getattr(layer, name), expected, f"Unexpected number of {name}")
        if self.expected_num_seed_generators is not None:
            found = {id(s) for inner in layer._flatten_layers() for s in inner._seed_generators}
            test.assertLen(found, self.expected_num_seed_generators, "Unexpected number of seed generators")

    def _check_symbolic(self, data):
        layer, symbols = self._layer(), self._symbols(data)
        outputs = self._call(layer, symbols)
        self._check_state(layer)
        self._check_outputs(outputs)
        if self.expected_mask_shape is not None:
            self.test.assertEqual(layer.compute_mask(symbols).shape, self.expected_mask_shape)

    def _check_arrays(self, data):
        layer = self._layer()
        outputs = self._call(layer, data)
        self._check_outputs(outputs)
        if self.expected_output is not None:
            for found, wanted in zip(tree.flatten(outputs), tree.flatten(self.expected_output), strict=True):
                self.test.assertAllClose(found, wanted, msg="Unexpected output value")
        if self.expected_num_losses is not None:
            self.test.assertLen(layer.losses, self.expected_num_losses)
        return outputs

    def _check_outputs(self, outputs):
        if self.expected_output_shape is not None:
            found = tree.map_structure(lambda x: tuple(x.shape), outputs)
            wanted = tree.map_shape_structure(KerasTensor, self.expected_output_shape)
            for x, y in zip(tree.flatten(outputs), tree.flatten(wanted), strict=True):
                agrees = len(x.shape) == len(y.shape) and all(
                    w in (None, size) for size, w in zip(x.shape, y.shape, strict=True)
                )
                self.test.assertTrue(agrees, f"Expected output shape {self.expected_output_shape}, got {found}")
        if self.expected_output_dtype is not None:
            found = [standardize_dtype(x.dtype) for x in tree.flatten(outputs)]
            self.test.assertEqual(found, tree.flatten(self.expected_output_dtype))

    def _check_built(self):
        class OwnBuild(self.layer_cls):
            def build(self, *args, **kwargs):
                pass

        self.test.assertTrue(self._layer().built, "It has no weights, so it is built when it is made")
        self.test.assertFalse(OwnBuild(**self.init_kwargs).built, "Its `build` is overridden and has not run")

    def _check_training(self, data, outputs):
        model = _Around(self._layer())
        model.compile(optimizer="sgd", loss=_SumOfOutputs())

        def batches():
            while True:
                yield data, outputs

        model.fit(batches(), steps_per_epoch=1, verbose=0)

    def _check_mixed_precision(self, data):
        layer = self._layer(dtype="mixed_float16")
        outputs = self._call(layer, data)
        cast = layer.autocast

        def as_cast(x):
            dtype = layer.compute_dtype if cast and is_float(x.dtype) else x.dtype
            return KerasTensor(x.shape, dtype)

        symbols = tree.map_structure(as_cast, self._symbols(data))
        specs = layer.compute_output_spec(**symbols) if isinstance(data, dict) else layer.compute_output_spec(symbols)
        for x, spec in zip(tree.flatten(outputs), tree.flatten(specs), strict=True):
            self.test.assertDType(x, spec.dtype)
        for weight in layer.weights:
            if is_float(weight.dtype):
                self.test.assertDType(weight, "float32")


def _without_suffix(inputs):
    """A dict of shapes names them `query_shape`; the call's argument is `query`."""
    return {k.removesuffix("_shape"): v for k, v in inputs.items()} if isinstance(inputs, dict) else inputs
