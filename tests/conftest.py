"""What must hold before the first import of a test run: the oracle's engine, and the device of every comparison."""

import gc
import os
import sys

import pytest
from hypothesis import settings

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["LAMINA_CACHE"] = ""  # programs of tests are not worth keeping, and two processes must not share a folder

pytest.register_assert_rewrite("tests.layers.oracle")  # so that pytest shows both sides of its comparisons

settings.register_profile("lamina", deadline=None, derandomize=True)  # a run says the same twice
settings.load_profile("lamina")

collect_ignore_glob = ["data/*.py"]  # the writers of the golden files, run by hand


@pytest.fixture(scope="module", autouse=True)
def _modules_are_strangers():
    """No test module sees what another left: names count from zero, and thousands of small programs do not pile up."""
    import jax

    for package in ("lamina", "keras"):
        if package in sys.modules:
            sys.modules[package].utils.clear_session()
    yield
    jax.clear_caches()
    gc.collect()
