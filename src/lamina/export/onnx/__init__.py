"""ONNX files: a model as a graph of standard nodes, one function of ours for each kind of layer."""

import os

from lamina.core import errors, tree
from lamina.saving.files import local_path, may_write, replacing

_LARGEST_FILE = 1_900_000_000  # bytes; beyond, arrays go to a file beside it


def export_onnx(model, filepath, arguments, verbose=True, opset_version=None):
    """Write what a model computes in inference to an ONNX file.

    Args:
        model: a model that is built.
        filepath: path of the file.
        arguments: list of structures of objects with `shape` and `dtype`; sizes that are None vary.
        verbose: whether the path is printed.
        opset_version: version of the operators, 18 or later; 20 by default.
    Raises:   ImportError without the package onnx; ValueError for a layer that has no nodes, or another version.
    """
    onnx = _onnx()
    from lamina.export.onnx.graph import OLDEST_OPSET, OPSET

    opset = OPSET if opset_version is None else opset_version
    if not OLDEST_OPSET <= opset <= onnx.defs.onnx_opset_version():
        newest = onnx.defs.onnx_opset_version()
        raise errors.FileError(f"L409: `opset_version` is between {OLDEST_OPSET} and {newest}; it got {opset}.")
    proto = _model(model, arguments, opset)
    path = local_path(filepath)
    if may_write(path, overwrite=True):
        _write(proto, path)
    if verbose:
        print(f"Saved artifact at '{path}'.")


def _model(model, arguments, opset):
    import onnx

    from lamina.export.onnx.convert import call_model, input_tensors
    from lamina.export.onnx.graph import Graph

    graph = Graph(opset)
    inputs = input_tensors(graph, arguments, _input_names(model, tree.flatten(arguments)))
    outputs = [graph.plain(x) for x in tree.flatten(call_model(graph, model, *inputs))]
    names = _output_names(model, len(outputs))
    _name_outputs(graph, outputs, names)
    nodes, read = _needed(graph.nodes, names)
    proto = onnx.helper.make_graph(
        nodes,
        model.name,
        [_info(x.name, x) for x in tree.flatten(inputs)],
        [_info(name, x) for name, x in zip(names, outputs, strict=True)],
        [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items() if name in read],
    )
    versions = [onnx.helper.make_opsetid("", opset)]
    ir_version = onnx.helper.find_min_ir_version_for(versions)
    return onnx.helper.make_model(proto, producer_name="lamina", opset_imports=versions, ir_version=ir_version)


def _needed(nodes, names):
    """Return the nodes that some outputs depend on, in order, and the names that they read."""
    read, needed = set(names), []
    for node in reversed(nodes):
        if read & set(node.output):
            needed.append(node)
            read |= _read_by(node)
    return needed[::-1], read


def _read_by(node):
    inside = (inner for attribute in node.attribute for inner in attribute.g.node)
    return set(node.input).union(*map(_read_by, inside))


def _name_outputs(graph, outputs, names):
    """Call the outputs by their names: the nodes that make them put them out so, if nothing else reads them."""
    made = {output: (node, i) for node in graph.nodes for i, output in enumerate(node.output)}
    read = {name for node in graph.nodes for name in _read_by(node)}
    for x, name in zip(outputs, names, strict=True):
        alone = sum(other.name == x.name for other in outputs) == 1
        if x.name in made and x.name not in read and alone:
            node, i = made[x.name]
            node.output[i] = name
        else:
            graph.nodes.append(_identity(x.name, name))


def _identity(old, new):
    import onnx

    return onnx.helper.make_node("Identity", [old], [new], name=f"Identity_{new}")


def _write(proto, path):
    import onnx

    if proto.ByteSize() <= _LARGEST_FILE:
        with replacing(path) as temporary:
            onnx.save_model(proto, temporary)
        return
    arrays = f"{os.path.basename(path)}.data"
    with replacing(path) as temporary:
        onnx.save_model(proto, temporary, save_as_external_data=True, location=arrays)


def _info(name, x):
    import onnx

    from lamina.export.onnx.graph import data_type

    sizes = [size if isinstance(size, int) else str(size) for size in x.shape]
    return onnx.helper.make_tensor_value_info(name, data_type(x.dtype), sizes)


def _input_names(model, inputs):
    own = [
        x._keras_history.operation.name for x in getattr(model, "inputs", None) or () if hasattr(x, "_keras_history")
    ]
    own = own if len(own) == len(inputs) else [f"input_{i}" for i in range(len(inputs))]
    from lamina.layers import InputSpec  # what runs a file needs no layer code

    given = [x.name if isinstance(x, InputSpec) and x.name else name for x, name in zip(inputs, own, strict=True)]
    return given if len(set(given)) == len(given) else own


def _output_names(model, count):
    own = list(getattr(model, "output_names", None) or ())
    names = own if len(own) == count else [f"output_{i}" for i in range(count)]
    return [name if names.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(names)]


def _onnx():
    try:
        import onnx
    except ImportError as error:
        raise ImportError("ONNX files are written with the package onnx: pip install 'lamina[onnx]'.") from error
    return onnx
