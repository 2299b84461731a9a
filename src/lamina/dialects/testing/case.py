"""A test case that compares arrays, and holds a layer to the contract of layers."""

import shutil
import tempfile
from pathlib import Path

import jax
import numpy as np
from absl.testing import parameterized  # a package that tests itself with `keras.src.testing` has it

from lamina import config, ops, saving
from lamina.core.dtypes import standardize_dtype
from lamina.core.session import clear_session
from lamina.core.variable import Variable
from lamina.dialects.testing.layer_contract import LayerContract


class TestCase(parameterized.TestCase):
    """Tests that start with fresh names, and tell differences of arrays as NumPy does."""

    maxDiff = None

    def setUp(self):
        """Forget what the test before has named, and show whole tracebacks."""
        clear_session()
        config.disable_traceback_filtering()

    def get_temp_dir(self):
        """Return a folder that is removed after the test."""
        folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, folder)
        return folder

    def convert_to_numpy(self, x):
        """Return the values of an array, a variable or nested lists."""
        return ops.convert_to_numpy(x) if isinstance(x, (Variable, jax.Array)) else np.asarray(x)

    def assertAllClose(self, actual, desired, atol=1e-6, rtol=1e-6, tpu_atol=None, tpu_rtol=None, msg=None):
        """Fail unless shapes are equal and values close."""
        actual, desired = self.convert_to_numpy(actual), self.convert_to_numpy(desired)
        np.testing.assert_allclose(actual, desired, atol=atol, rtol=rtol, err_msg=msg or "")

    def assertNotAllClose(self, x1, x2, atol=1e-6, rtol=1e-6, msg=None):
        """Fail if shapes are equal and values close."""
        x1, x2 = self.convert_to_numpy(x1), self.convert_to_numpy(x2)
        if x1.shape == x2.shape and np.allclose(x1, x2, rtol=rtol, atol=atol):
            self.fail(msg or f"All values are close: {x1}")

    def assertAlmostEqual(self, actual, desired, decimal=3, tpu_decimal=None, msg=None):
        """Fail unless values agree to some decimals."""
        actual, desired = self.convert_to_numpy(actual), self.convert_to_numpy(desired)
        np.testing.assert_almost_equal(actual, desired, decimal=decimal, err_msg=msg or "")

    def assertAllEqual(self, actual, desired, msg=None):
        """Fail unless all values are equal."""
        np.testing.assert_array_equal(self.convert_to_numpy(actual), self.convert_to_numpy(desired), err_msg=msg or "")

    def assertLen(self, iterable, expected_len, msg=None):
        """Fail unless there are so many entries."""
        self.assertEqual(len(iterable), expected_len, msg=msg)

    def assertSparse(self, x, sparse=True):
        """Fail for a sparse array: every array here is dense."""
        self.assertEqual(getattr(x, "sparse", False), sparse)

    def assertRagged(self, x, ragged=True):
        """Fail for a ragged array: every array here is dense."""
        self.assertEqual(getattr(x, "ragged", False), ragged)

    def assertDType(self, x, dtype, msg=None):
        """Fail unless an array has a dtype, or a number the dtype of its type."""
        self.assertEqual(standardize_dtype(getattr(x, "dtype", type(x))), standardize_dtype(dtype), msg=msg)

    def assertFileExists(self, path):
        """Fail unless there is a file."""
        self.assertTrue(Path(path).is_file(), f"There is no file {path}.")

    def run_class_serialization_test(self, instance, custom_objects=None):
        """Make an object again from its config, directly and by way of JSON; return the second copy."""
        config = instance.get_config()
        with saving.custom_object_scope({type(instance).__name__: type(instance), **(custom_objects or {})}):
            self.assertEqual(type(instance).from_config(config).get_config(), config)
            copy = saving.deserialize_keras_object(saving.serialize_keras_object(instance))
        self.assertEqual(copy.get_config(), config)
        new, old = (set(dir(x)) - {"__annotations__"} for x in (copy, instance))
        self.assertEqual(new, old)
        return copy

    def run_layer_test(self, layer_cls, init_kwargs=None, **expected):
        """Hold a layer to the contract of layers; see `LayerContract` for what may be expected of it."""
        LayerContract(self, layer_cls, init_kwargs or {}, **expected).check()
