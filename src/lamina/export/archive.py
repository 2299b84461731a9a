"""StableHLO files: the computation of a model with its weights, for several platforms and any batch size.

The file is a zip archive of serialized `jax.export` programs: `endpoints/<name>.stablehlo`, and without inputs, for the
values of variables, `variables/<name>.stablehlo`.
"""

import importlib.util
import zipfile
from functools import partial

import jax
from jax import export as jax_export

from lamina.core import errors, tree
from lamina.core.dtypes import in_programs
from lamina.core.tensor import KerasTensor
from lamina.export.onnx import export_onnx
from lamina.saving.archive import damaged, write_archive
from lamina.saving.files import local_path, replacing

PLATFORMS = ("cpu", "cuda", "tpu")
_ENDPOINTS, _VARIABLES, _ENDING = "endpoints/", "variables/", ".stablehlo"


def export_model(
    model, filepath, format="stablehlo", verbose=None, input_signature=None, platforms=PLATFORMS, opset_version=None
):
    """Write what a model computes in inference to a file that runs without Lamina's layers.

    Args:
        model: a model that is built.
        filepath: path of the file.
        format: "stablehlo" or "onnx".
        verbose: whether the path is printed; yes by default.
        input_signature: the input's structure of objects with `shape` and `dtype`, None for sizes that vary; the
            model's own inputs by default.
        platforms: where a StableHLO file shall run: of "cpu", "cuda", "rocm", "tpu".
        opset_version: of an ONNX file: the version of its operators.
    Raises:   ValueError for another format, a model whose inputs are not known, or a layer that ONNX cannot express.
    Source:   Keras 3 `Model.export`, which has other formats; `load(path).serve(x)` runs a StableHLO file.
    """
    _require_format(format, ("stablehlo", "onnx"))
    signature = _own_signature(model) if input_signature is None else input_signature
    verbose = verbose is None or bool(verbose)
    if format == "onnx":
        several = isinstance(signature, list | tuple) and (len(signature) == 1 or not getattr(model, "inputs", None))
        export_onnx(model, filepath, signature if several else [signature], verbose, opset_version)
        return
    archive = ExportArchive()
    archive.track_and_add_endpoint("serve", model, signature, platforms=platforms)
    archive.write_out(filepath, verbose=verbose)


class ExportArchive:
    """Programs by name, written to one file.

    Args:
        format: "stablehlo".
    Source:   Keras 3 `ExportArchive`, with StableHLO in place of SavedModel.
    """

    def __init__(self, format="stablehlo"):
        _require_format(format, ("stablehlo",))
        self._programs = {}
        self._tracked = []

    def track(self, resource):
        """Keep a layer or model with the archive; its weights become part of each program that uses them.

        Raises:   ValueError for anything else.
        """
        if not hasattr(resource, "trainable_variables"):
            raise ValueError(f"Invalid resource type: layers and models are tracked. Received: {resource!r}")
        self._tracked.append(resource)

    @property
    def variables(self):
        """The variables of what is tracked, each once."""
        return self.trainable_variables + self.non_trainable_variables

    @property
    def trainable_variables(self):
        """Those that are trained."""
        return self._of_tracked("trainable_variables")

    @property
    def non_trainable_variables(self):
        """Those that are not."""
        return self._of_tracked("non_trainable_variables")

    def _of_tracked(self, kind):
        found = {id(variable): variable for resource in self._tracked for variable in getattr(resource, kind)}
        return list(found.values())

    def add_endpoint(self, name, fn, input_signature=None, platforms=PLATFORMS):
        """Add a program and return its function.

        Args:
            name: what `load(path)` calls it.
            fn: function over arrays, or a layer or model.
            input_signature: one structure of objects with `shape` and `dtype`, or a list of one per argument; sizes
                that are None vary, the first ones together. A model's own inputs by default.
            platforms: where it shall run.
        Raises:   ValueError for a name that is taken or no name, or a signature that is missing.
        """
        signature = _own_signature(fn) if input_signature is None else input_signature
        arguments = signature if isinstance(signature, list | tuple) else [signature]
        scope = jax_export.SymbolicScope()
        counter = iter(range(1000))
        specs = [tree.map_structure(lambda x: _symbolic(x, scope, counter), argument) for argument in arguments]
        self._add(_ENDPOINTS, name, fn, specs, platforms)
        return fn

    def track_and_add_endpoint(self, name, resource, input_signature=None, platforms=PLATFORMS):
        """Keep a layer or model, add what it computes in inference as a program, and return that function.

        Args: see `add_endpoint`.
        """
        self.track(resource)
        signature = _own_signature(resource) if input_signature is None else input_signature
        return self.add_endpoint(name, lambda *inputs: resource(*inputs, training=False), signature, platforms)

    def add_variable_collection(self, name, variables):
        """Keep the values of variables: what `load(path)` calls `name` is the list of them."""
        values = [variable.value for variable in variables]
        self._add(_VARIABLES, name, lambda: values, [], PLATFORMS)

    def _add(self, folder, name, fn, specs, platforms):
        if not name.isidentifier():
            raise ValueError(f"Endpoint names are Python names. Received: name={name!r}")
        if any(name == other for _, other in self._programs):
            raise ValueError(f"The endpoint name {name!r} is already taken.")
        _require_flatbuffers()
        try:
            self._programs[folder, name] = jax_export.export(jax.jit(fn), platforms=platforms)(*specs).serialize()
        except NotImplementedError as error:
            if "callback" not in str(error):
                raise
            raise _asks_python(name) from None

    def write_out(self, filepath, options=None, verbose=True):
        """Write the file, whole or not at all; `options` are SavedModel's and mean nothing here.

        Raises:   ValueError without endpoints.
        """
        endpoints = [name for folder, name in self._programs if folder == _ENDPOINTS]
        if not endpoints:
            raise ValueError("No endpoints have been set yet. Call add_endpoint().")
        path = local_path(filepath)
        with replacing(path) as temporary:
            members = {f"{folder}{name}{_ENDING}": content for (folder, name), content in self._programs.items()}
            write_archive(temporary, members)
        if verbose:
            print(f"Saved artifact at '{path}'; endpoints: {', '.join(endpoints)}.")


def _asks_python(name):
    return errors.FileError(
        errors.message(
            "L409",
            f"'{name}' cannot be exported: it reads texts, or hashes, which a program asks Python for.",
            fix="export the model behind these layers: keras.Model(numbers, outputs)",
        )
    )


class Exported:
    """The endpoints of a file, each a compiled function of its name, and lists of the variables that were kept."""

    def __init__(self, programs, variables):
        self.endpoints = tuple(programs)
        for name, program in programs.items():
            setattr(self, name, jax.jit(program.call))
        for name, program in variables.items():
            setattr(self, name, program.call())


def load(filepath):
    """Return the endpoints of an exported file: `load(path).serve(x)`.

    Raises:   ValueError (FileError L401) for a file that is damaged or no exported one.
    """
    path = local_path(filepath)
    _require_flatbuffers()
    try:
        with zipfile.ZipFile(path) as archive:
            programs, variables = (_programs(archive, folder) for folder in (_ENDPOINTS, _VARIABLES))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise damaged(path, f"it is no exported model, or only part of one ({error}).") from error
    if not programs or not all(name.isidentifier() and not name.startswith("_") for name in (*programs, *variables)):
        raise damaged(path, "it has no endpoints.")
    return Exported(programs, variables)


def _programs(archive, folder):
    names = [name for name in archive.namelist() if name.startswith(folder) and name.endswith(_ENDING)]
    contents = {name[len(folder) : -len(_ENDING)]: archive.read(name) for name in names}
    return {name: jax_export.deserialize(bytearray(content)) for name, content in contents.items()}


def _require_format(format, known):
    if format not in known:
        raise errors.FileError(
            errors.message(
                "L406",
                f"Unrecognized format={format!r}: models are exported with {' or '.join(map(repr, known))}.",
                fix="model.export(path, format='stablehlo')    # lamina.export.load(path).serve(x) runs it",
            )
        )


def _require_flatbuffers():
    if importlib.util.find_spec("flatbuffers") is None:
        raise ImportError("Exported models are read and written with flatbuffers: pip install 'lamina[export]'.")


def _own_signature(model):
    """Return what a model was made or called with, one structure per argument; batches are of any size.

    Only where a layer remembers each sample of a batch, the size stays.
    """
    inputs = getattr(model, "inputs", None)
    if inputs:
        found = [getattr(model, "_inputs_struct", inputs if len(inputs) > 1 else inputs[0])]
    elif shapes := getattr(model, "_build_shapes", None):
        found = [
            tree.map_shape_structure(partial(KerasTensor, dtype=model.input_dtype), shape) for shape in shapes.values()
        ]
    else:
        raise ValueError(
            "The model's inputs are not known: call it on data, or give `input_signature`, objects with `shape` and "
            "`dtype` such as `keras.InputSpec` or `keras.KerasTensor`."
        )
    if any(getattr(layer, "stateful", False) for layer in model._flatten_layers()):
        return found
    return tree.map_structure(lambda x: KerasTensor((None, *x.shape[1:]), x.dtype) if x.shape else x, found)


def _symbolic(x, scope, counter):
    """Return the abstract array for an input: sizes that vary are symbols, the first of all inputs the same."""
    sizes = []
    for axis, size in enumerate(x.shape):
        sizes.append(str(size) if size is not None else "batch" if axis == 0 else f"n{next(counter)}")
    shape = jax_export.symbolic_shape(", ".join(sizes), scope=scope) if sizes else ()
    return jax.ShapeDtypeStruct(shape, in_programs(x.dtype))
