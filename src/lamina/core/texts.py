"""Texts in compiled programs: a number stands for each, in a dtype of its own with which nothing can be computed.

Arrays of texts can be moved like any other: joined, cut, put in another shape. What a text says is known outside of
programs only: a layer that reads texts is asked back by the program (`on_host`).
"""

import functools
import threading

import jax
import jax.numpy as jnp
import numpy as np

NAME = "key<text>"  # of the dtype
_lock = threading.Lock()
_texts, _numbers = [], {}  # by number, and back; they stay as long as the process, since programs may hold the numbers


@functools.cache
def _kind():
    """JAX has one kind of arrays whose elements are opaque, keys of random numbers: these are keys for nothing."""
    from jax.extend import random  # takes 15 ms, and most programs have no texts

    unused = dict.fromkeys(("seed", "split", "random_bits", "fold_in"))
    return random.define_prng_impl(key_shape=(1,), name="text", tag="text", **unused)


def _wrapped(numbers):
    return jax.random.wrap_key_data(numbers, impl=_kind())


@functools.cache
def text_dtype():
    """Return the dtype of JAX arrays of texts."""
    return jax.eval_shape(lambda: _wrapped(jnp.zeros((1,), "uint32"))).dtype


def are_texts(x):
    """Tell whether `x` is a JAX array of texts, or a NumPy array of nothing but texts."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind in "US" or (x.dtype.kind == "O" and all(isinstance(each, str | bytes) for each in x.flat))
    return getattr(getattr(x, "dtype", None), "name", None) == NAME


def to_array(texts):
    """Return a NumPy array of texts as a JAX array of the same shape.

    Example:
        >>> to_array(np.array([["cat"], ["dog"]])).shape
        (2, 1)
    """
    return _wrapped(jnp.asarray(_to_numbers(texts)))


def to_numpy(array):
    """Return a JAX array of texts as a NumPy array of strings; any other array as a NumPy array.

    Example:
        >>> to_numpy(to_array(np.array(["cat", "dog"]))).tolist()
        ['cat', 'dog']
    """
    if isinstance(array, jax.Array) and are_texts(array):
        with jax.ensure_compile_time_eval():  # known texts are known while a program is traced, too
            return _to_texts(np.asarray(jax.random.key_data(array)))
    return np.asarray(array)


def on_host(function, inputs, shape, dtype="int32", elementwise=False):
    """Return `function(*inputs)`; where the values are known only later, the program calls back.

    Args:
        function: of NumPy arrays, returns one; it must not use JAX.
        inputs: arrays, lists, numbers or texts.
        shape, dtype: of the result; the dtype "string" for texts.
        elementwise: whether each element of the result is made from those at its place alone; for explanations.
    """
    if not any(isinstance(x, jax.core.Tracer) for x in inputs):
        result = function(*[to_numpy(x) if isinstance(x, jax.Array) else x for x in inputs])
        return result if dtype == "string" else jnp.asarray(result)
    is_text = [are_texts(x) for x in inputs]

    def asked_back(*arrays):
        read = [_to_texts(np.asarray(x)) if text else np.asarray(x) for x, text in zip(arrays, is_text, strict=True)]
        result = function(*read)
        return _to_numbers(result) if dtype == "string" else result.astype(dtype)

    asked_back.elementwise = elementwise
    plain = [jax.random.key_data(x) if text else x for x, text in zip(inputs, is_text, strict=True)]
    spec = jax.ShapeDtypeStruct((*shape, 1), "uint32") if dtype == "string" else jax.ShapeDtypeStruct(shape, dtype)
    result = jax.pure_callback(asked_back, spec, *plain, vmap_method="sequential")
    return _wrapped(result) if dtype == "string" else result


def _to_numbers(texts):
    flat = texts.ravel().tolist()  # bytes stay bytes: the layer that reads them knows their encoding
    with _lock:
        for text in flat:
            if _numbers.setdefault(text, len(_texts)) == len(_texts):
                _texts.append(text)
        numbers = [_numbers[text] for text in flat]
    return np.array(numbers, "uint32").reshape(*texts.shape, 1)


def _to_texts(numbers):
    flat = [_texts[number] for number in numbers.ravel().tolist()]
    return np.array(flat, dtype=object).reshape(numbers.shape[:-1])
