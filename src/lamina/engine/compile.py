"""Compile functions with the options that suit the device."""

import atexit
import functools
import threading
import weakref
from concurrent.futures import Future, wait

import jax

from lamina.engine.devices import tuned_for_cpu
from lamina.engine.setup import prepare

# The YNN library runs many convolutions on one thread; it keeps what it is good at, products and reductions.
# Barriers stay until fusion is done: XLA would drop them before, and compute what they hold apart several times.
CPU_OPTIONS = {
    "xla_disable_hlo_passes": "cse_barrier_expander",
    "xla_cpu_experimental_ynn_fusion_type": "LIBRARY_FUSION_TYPE_INDIVIDUAL_DOT,LIBRARY_FUSION_TYPE_REDUCE",
}


def jit(function, *, donate=(), static=()):
    """Compile a function on its first call, for the device that computations run on.

    On the CPU the result carries compiler options, which JAX accepts only outside any other trace: under a user's
    `jax.jit` or `jax.grad`, call the function itself (`lamina.core.context.is_tracing` tells).

    Args:
        donate: numbers of the arguments whose memory the results may take over.
        static: numbers of the arguments that are part of the program.
    Example:
        >>> int(jit(lambda x: x + 1)(1))
        2
    """
    prepare()
    options = CPU_OPTIONS if tuned_for_cpu() else None
    return jax.jit(function, donate_argnums=donate, static_argnums=static, compiler_options=options)


def lower_in_background(jitted, *example_args) -> Future:
    """Trace a compiled function for these arguments here and now, and compile it in a thread of its own.

    Returns:  a future whose `result()` is the executable; a process that ends waits for it two seconds at most.
    Example:
        >>> int(lower_in_background(jit(lambda x: x + 1), 1).result()(2))
        3
    """
    lowered = jitted.lower(*example_args)
    future = Future()
    _compiling.add(future)
    compile_now = functools.partial(_settle, future, lowered.compile)
    threading.Thread(target=compile_now, name="lamina-compile", daemon=True).start()
    return future


_compiling = weakref.WeakSet()


@atexit.register
def _let_end():
    """A thread that comes back from the compiler while Python shuts down would abort the process."""
    wait([future for future in _compiling if not future.done()], timeout=2)


def _settle(future, work):
    try:
        future.set_result(work())
    except Exception as error:  # noqa: BLE001  (not swallowed: `result()` raises it)
        future.set_exception(error)
