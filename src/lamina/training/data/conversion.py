"""Whatever people keep numbers in, as NumPy arrays: lists, data frames, tensors of other libraries, sparse matrices."""

import jax
import numpy as np

from lamina.core import config, texts, tree
from lamina.core.errors import DataError, describe, message


def is_arrays(structure):
    """Tell whether `structure` is an array, or a structure of arrays, lists of numbers or data frames."""
    if hasattr(structure, "__next__"):
        return False
    leaves = tree.flatten(structure)
    if not leaves:
        return isinstance(structure, list | tuple | dict)
    return all(_is_array(leaf) or isinstance(leaf, int | float | bool | str | bytes | None) for leaf in leaves)


def _is_array(leaf):
    return hasattr(leaf, "__array__") or is_sparse(leaf)


def is_sparse(x):
    """Tell whether `x` is one of SciPy's sparse matrices."""
    return hasattr(x, "tocsr") and type(x).__module__.startswith("scipy.sparse")


def to_arrays(structure, name="x"):
    """Return `structure` with every array, nested list of numbers or texts and data frame as a NumPy array.

    Sparse matrices stay sparse, by rows, until batches are cut from them; so do memory-mapped arrays.

    Args:
        name: what messages call it.
    Raises: ValueError for what is made neither of numbers nor, in inputs, of texts.
    """
    if isinstance(structure, list | tuple):
        if structure and all(isinstance(leaf, int | float | bool | str) for leaf in tree.flatten(structure)):
            return to_array(_from_lists(structure, name), name)
        return tree.like(structure, [to_arrays(item, f"{name}/{i}") for i, item in enumerate(structure)])
    if isinstance(structure, dict):
        return {key: to_arrays(value, f"{name}/{key}") for key, value in structure.items()}
    return structure if structure is None else to_array(structure, name)


def _from_lists(lists, name):
    try:
        return np.asarray(lists)
    except ValueError as error:
        raise _ragged(name, "lists of different lengths") from error


def to_array(x, name="x"):
    """Return one array as `fit` takes it: numbers, floats in the default float, integers of 32 bits at most."""
    if isinstance(x, np.memmap):
        return x
    if is_sparse(x):
        return x.tocsr()
    if hasattr(x, "iloc"):
        x = _from_frame(x, name)
    elif hasattr(x, "detach"):  # torch's tensors, which may live on a device and in a graph
        x = x.detach().cpu()
    return _as_numbers(np.asarray(x), name)


def _as_numbers(x, name):
    is_text = texts.are_texts(x)
    if is_text and _is_input(name):
        return x  # for layers that read texts
    if x.dtype == np.float64:
        return x.astype(config.floatx()) if config.floatx() != "bfloat16" else x.astype("float32")
    if x.dtype == np.int64:
        return _narrowed(x, name)
    if x.dtype == object and not is_text:
        _refuse_gaps(x, name)
        raise _ragged(name, f"an array of {x.size} objects, such as {x.flat[0]!r}" if x.size else "objects")
    if is_text or x.dtype.kind in "TmM":
        raise DataError(
            message(
                "L344",
                f"`{name}` wants numbers; it got {x.dtype} of shape {x.shape}"
                + (f", such as {x.flat[0]!r}." if x.size else "."),
                why="a model computes with numbers only.",
                fix="classes, y = np.unique(y, return_inverse=True)    # a number for each different value",
            )
        )
    return x


def _is_input(name):
    return name.split("/")[0] == "x"


def _refuse_gaps(x, name):
    """Raise DataError for an array of objects that are texts, but for some."""
    others = [each for each in x.flat if not isinstance(each, str | bytes)]
    if len(others) == x.size:
        return
    raise DataError(
        message(
            "L344",
            f"`{name}` wants texts alone or numbers alone; {len(others)} of its {x.size} values are no texts, such as "
            f"{others[0]!r}.",
            why="a missing value is no text.",
            fix=f"{name} = pandas.DataFrame({name}).fillna('').to_numpy()    # an empty text where one is missing",
        )
    )


def _ragged(name, what):
    return DataError(
        message(
            "L353",
            f"`{name}` wants an array of numbers; it got {what}.",
            why="the samples differ in length, or some values are no numbers.",
            fix=f"{name} = lamina.utils.pad_sequences({name})    # for sequences of different lengths",
        )
    )


def _narrowed(x, name):
    """64-bit integers as 32-bit ones where every value fits; the engine would cut them off silently."""
    if x.size and (x.max() > np.iinfo(np.int32).max or x.min() < np.iinfo(np.int32).min):
        raise DataError(
            message(
                "L345",
                f"integers of `{name}` {describe(x)} lie outside the 32-bit range: {x.min()} to {x.max()}.",
                fix=f"{name} = {name}.astype('float32')    # or numbers from 0, if they are identifiers",
            )
        )
    return x.astype(np.int32)


def _from_frame(frame, name):
    """Return a data frame as (rows, columns), a series as (rows, 1), as Keras does."""
    if not hasattr(frame, "columns"):
        if _is_input(name) and texts.are_texts(np.asarray(frame)):
            return np.asarray(frame)[:, None]
        frame = frame.to_frame()
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    wrong = {column: dtype for column, dtype in dtypes.items() if getattr(dtype, "kind", "O") not in "biuf"}
    if wrong:
        raise DataError(
            message(
                "L352",
                f"the data frame `{name}` wants columns of numbers; it got "
                + ", ".join(f"{column!r} ({dtype})" for column, dtype in list(wrong.items())[:5])
                + ".",
                why="text, dates and categories are no numbers.",
                fix=f"{name} = pandas.get_dummies({name})    # a column of 0 and 1 for each value, "
                f"or {name}.drop(columns={list(wrong)[:5]}); dict({name}) for a model with an input for each column",
            )
        )
    values = frame.to_numpy()
    return values if values.dtype != object else frame.to_numpy(dtype="float64", na_value=np.nan)


def to_batch(structure, name="x"):
    """Return the arrays of a batch that a source gave, for the compiled step; what is on a device stays there."""
    if isinstance(structure, jax.Array):
        return structure
    if isinstance(structure, list | tuple) and any(isinstance(item, jax.Array) for item in structure):
        return tree.like(structure, [to_batch(item, name) for item in structure])
    if isinstance(structure, dict):
        return {key: to_batch(value, f"{name}/{key}") for key, value in structure.items()}
    return dense(to_arrays(structure, name))


def dense(structure):
    """Return `structure` with sparse matrices as arrays, and what came out of memory-mapped files as `fit` takes it."""
    return tree.map_structure(_dense, structure)


def _dense(x):
    if is_sparse(x):
        x = x.toarray()
    elif isinstance(x, np.memmap):
        x = np.array(x)
    if not isinstance(x, np.ndarray):
        return x
    return texts.to_array(x) if texts.are_texts(x) else _as_numbers(x, "x")
