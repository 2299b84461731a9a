"""One picture or a batch, channels first or last: brought to (batch, height, width, channels) and back."""

from lamina.ops.layout import from_channels_last, to_channels_last


def check_rank(images):
    """Raise ValueError unless `images` is a picture or a batch of pictures."""
    if images.ndim not in (3, 4):
        raise ValueError(
            "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images). "
            f"Received: images.shape={images.shape}"
        )


def on_batch(function, images, data_format):
    """Apply a function of (batch, height, width, channels) to pictures in any layout."""
    check_rank(images)
    x = images if images.ndim == 4 else images[None]
    y = from_channels_last(function(to_channels_last(x, data_format)), data_format)
    return y if images.ndim == 4 else y[0]


def check_one_of(argument, value, allowed):
    """Raise ValueError unless `value` is allowed."""
    if value not in allowed:
        raise ValueError(
            f"Invalid value for argument `{argument}`. Expected one of {sorted(allowed)}. Received: {argument}={value}"
        )
