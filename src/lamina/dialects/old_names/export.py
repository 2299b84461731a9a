"""What programs take from inside `keras.src.export`."""

from lamina.export.archive import export_model

__all__ = ["export_onnx"]


def export_onnx(model, filepath, verbose=None, input_signature=None, opset_version=None):
    """Write an ONNX file: see `Model.export`."""
    export_model(model, filepath, "onnx", verbose, input_signature, opset_version=opset_version)
