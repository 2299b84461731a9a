"""What must hold before the first import of a test run: the oracle's engine, and the device of every comparison."""

import gc
import os
import sys

import pytest
from hypothesis import settings

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["LAMINA_CACHE"] = ""  # programs of tests are not worth keeping, and two processes must not share a folder

# A test runs most programs once, on a few numbers: two thirds of its time would go into making them fast.
QUICKLY_COMPILED = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_llvm_disable_expensive_passes": True,
}
AS_USERS_HAVE_IT = {
    "xla_backend_optimization_level": 3,
    "xla_cpu_use_fusion_emitters": True,
    "xla_llvm_disable_expensive_passes": False,
}
os.environ.setdefault("XLA_FLAGS", " ".join(f"--{name}={value}".lower() for name, value in QUICKLY_COMPILED.items()))

pytest.register_assert_rewrite("tests.layers.oracle")  # so that pytest shows both sides of its comparisons

settings.register_profile("lamina", deadline=None, derandomize=True)  # a run says the same twice
settings.load_profile("lamina")

collect_ignore_glob = ["data/*.py"]  # the writers of the golden files, run by hand


@pytest.fixture(scope="session", autouse=True)
def _what_lamina_compiles_is_what_users_run():
    from lamina.engine import compile as engine

    engine.CPU_OPTIONS.update(AS_USERS_HAVE_IT)


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
