"""`tf.saved_model`: a format of TensorFlow's own, which needs it."""

__all__ = ["load", "save"]


def save(obj, export_dir, signatures=None, options=None):
    """Raise an error that says how models are saved."""
    raise NotImplementedError(
        'Lamina writes no SavedModel, which only TensorFlow runs: use model.save("model.keras"), or '
        'model.export("model.onnx", format="onnx") for other programs.'
    )


def load(export_dir, tags=None, options=None):
    """Raise an error that says how models are loaded."""
    raise NotImplementedError(
        f"{export_dir} is a SavedModel, which only TensorFlow runs. Where the program that wrote it still runs, write "
        'model.save("model.keras") there, and load it with keras.models.load_model.'
    )
