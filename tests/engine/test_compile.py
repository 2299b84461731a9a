"""Compiled functions: the object that JAX calls fast, its options, its compilation in the background."""

import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from lamina.engine import compile as engine
from lamina.engine.devices import on_cpu


def test_a_warm_call_enters_no_python_function_of_ours():
    assert type(engine.jit(lambda x: x)) is type(jax.jit(lambda x: x))


def test_donated_arguments_are_given_up_and_static_ones_are_part_of_the_program():
    step = engine.jit(lambda x, scale: x * scale, donate=(0,), static=(1,))
    x = jnp.ones(3)
    assert step(x, 2).tolist() == [2, 2, 2]
    assert x.is_deleted()


def test_on_the_cpu_the_options_reach_the_compiler(monkeypatch):
    monkeypatch.setattr(engine, "CPU_OPTIONS", {"no_such_option": "1"})
    with pytest.raises(jax.errors.JaxRuntimeError, match="no_such_option"):
        engine.jit(lambda x: x + 1)(1)


def test_elsewhere_there_are_no_options(monkeypatch):
    monkeypatch.setattr(engine, "CPU_OPTIONS", {"no_such_option": "1"})
    monkeypatch.setattr(engine, "tuned_for_cpu", lambda: False)
    assert engine.jit(lambda x: x + 1)(1) == 2


def test_a_program_compiles_in_the_background():
    jitted = engine.jit(lambda x: x + 1)
    assert engine.lower_in_background(jitted, jnp.ones(2)).result(timeout=60)(jnp.ones(2)).tolist() == [2, 2]


def test_a_process_that_ends_lets_the_compiler_come_to_its_end():
    program = """
import time
from types import SimpleNamespace
from lamina.engine.compile import lower_in_background

def compile():
    time.sleep(0.3)
    print("compiled")

lower_in_background(SimpleNamespace(lower=lambda: SimpleNamespace(compile=compile)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "compiled\n"


def test_an_error_of_the_compiler_comes_with_the_result(monkeypatch):
    monkeypatch.setattr(engine, "CPU_OPTIONS", {"no_such_option": "1"})
    future = engine.lower_in_background(engine.jit(lambda x: x + 1), 1)
    with pytest.raises(jax.errors.JaxRuntimeError):
        future.result(timeout=60)


def test_the_default_device_decides_where_computations_run():
    with jax.default_device(jax.devices("cpu")[0]):
        assert on_cpu()
    with jax.default_device("gpu"):
        assert not on_cpu()
