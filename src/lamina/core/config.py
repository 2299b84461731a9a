"""Process-wide settings: default float type, fuzz factor, image data format, traceback filtering."""

FLOATS = ("bfloat16", "float16", "float32", "float64")
DATA_FORMATS = ("channels_last", "channels_first")


class _Settings:
    floatx = "float32"
    epsilon = 1e-7
    image_data_format = "channels_last"
    traceback_filtering = True
    interactive_logging = True
    strict = False
    silenced = frozenset()
    max_epochs = None
    max_steps_per_epoch = None
    flash_attention = None
    functions_run_eagerly = False
    unsafe_deserialization = False


_settings = _Settings()


def floatx():
    """Return the default float dtype, a string such as "float32"."""
    return _settings.floatx


def set_floatx(value):
    """Set the default float dtype.

    Args:
        value: one of "bfloat16", "float16", "float32", "float64".
    Raises: ValueError for another name.
    """
    if str(value) not in FLOATS:
        raise ValueError(f"Unknown `floatx` value: {value}. Expected one of {FLOATS}.")
    _settings.floatx = str(value)


def epsilon():
    """Return the fuzz factor that keeps divisions and logarithms finite."""
    return _settings.epsilon


def set_epsilon(value):
    """Set the fuzz factor."""
    _settings.epsilon = value


def image_data_format():
    """Return the default axis order of images, "channels_last" or "channels_first"."""
    return _settings.image_data_format


def set_image_data_format(data_format):
    """Set the default axis order of images."""
    _settings.image_data_format = standardize_data_format(data_format)


def standardize_data_format(data_format):
    """Return `data_format` in lower case, the default one for None.

    Raises: ValueError for anything but "channels_last" and "channels_first".
    """
    if data_format is None:
        return image_data_format()
    name = str(data_format).lower()
    if name not in DATA_FORMATS:
        raise ValueError(
            f"The `data_format` argument must be one of {DATA_FORMATS}. Received: data_format={data_format}"
        )
    return name


def backend():
    """Return the name of the engine, "jax"."""
    return "jax"


def set_backend(backend):
    """Accept "jax", the one engine.

    Raises: ValueError for another name.
    """
    if backend != "jax":
        raise ValueError(f'Lamina has one engine, "jax". Received: backend={backend!r}')


def is_nnx_enabled():
    """Tell whether layers are Flax modules: they are not."""
    return False


def enable_traceback_filtering():
    """Show errors without the library's own frames (the default)."""
    _settings.traceback_filtering = True


def disable_traceback_filtering():
    """Show errors with every frame."""
    _settings.traceback_filtering = False


def is_traceback_filtering_enabled():
    """Tell whether errors come without the library's own frames."""
    return _settings.traceback_filtering


def enable_interactive_logging():
    """Print progress to the terminal (the default)."""
    _settings.interactive_logging = True


def disable_interactive_logging():
    """Log progress through `logging` instead of printing it."""
    _settings.interactive_logging = False


def is_interactive_logging_enabled():
    """Tell whether progress is printed."""
    return _settings.interactive_logging


def max_epochs():
    """Return the upper bound on epochs of any `fit`, or None."""
    return _settings.max_epochs


def set_max_epochs(max_epochs):
    """Bound the epochs of any `fit`; None removes the bound."""
    _settings.max_epochs = max_epochs


def max_steps_per_epoch():
    """Return the upper bound on steps of any epoch, or None."""
    return _settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch):
    """Bound the steps of any epoch; None removes the bound."""
    _settings.max_steps_per_epoch = max_steps_per_epoch


def enable_flash_attention():
    """Let attention layers use the device's fused kernel."""
    _settings.flash_attention = True


def disable_flash_attention():
    """Keep attention layers from using the device's fused kernel."""
    _settings.flash_attention = False


def is_flash_attention_enabled():
    """Tell whether attention layers use the device's fused kernel; None where nobody has said."""
    return _settings.flash_attention


def run_functions_eagerly(enabled):
    """Run models and training steps as plain Python, for debugging."""
    _settings.functions_run_eagerly = bool(enabled)


def functions_run_eagerly():
    """Tell whether models and training steps run as plain Python."""
    return _settings.functions_run_eagerly


def strict(enabled=True):
    """Turn the warnings of silent mistakes into errors."""
    _settings.strict = bool(enabled)


def is_strict():
    """Tell whether warnings of silent mistakes are errors."""
    return _settings.strict


class silence:  # noqa: N801 -- used like a function
    """Stop the warnings with these codes, such as "L203": from now on, or in a `with` block until its end.

    Example:
        >>> with silence("L342"):
        ...     is_silenced("L342")
        True
        >>> is_silenced("L342")
        False
    """

    def __init__(self, *codes):
        self.before = _settings.silenced
        _settings.silenced = _settings.silenced | set(codes)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        _settings.silenced = self.before


def is_silenced(code):
    """Tell whether the warning with this code was silenced."""
    return code in _settings.silenced


def enable_unsafe_deserialization():
    """Let every file that is loaded from now on run the Python lambdas stored in it."""
    _settings.unsafe_deserialization = True


def is_unsafe_deserialization_enabled():
    """Tell whether lambdas stored in files may run."""
    return _settings.unsafe_deserialization
