"""What the networks of several families are made of."""

from lamina.applications.imagenet_utils import correct_pad
from lamina.core import config
from lamina.layers import BatchNormalization, ZeroPadding2D


def channel_axis(last=3):
    """Return the axis of the channels in a batch of images; `last` is how the last one is written."""
    return 1 if config.image_data_format() == "channels_first" else last


def channels_of(x):
    """Return the number of channels of a batch of images."""
    return x.shape[channel_axis()]


def normalized(x, name=None, last=3, **arguments):
    """Return `x` normalized over all but its channels, by a layer of a name."""
    return BatchNormalization(axis=channel_axis(last), name=name, **arguments)(x)


def divisible(channels, divisor=8):
    """Round a number of channels to a multiple of `divisor`, but not down by more than a tenth.

    Source:   Sandler et al. 2018, the published code.
    Example:
        >>> divisible(32 * 0.75), divisible(11)
        (24, 16)
    """
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded if rounded >= 0.9 * channels else rounded + divisor


def padded_for_stride(x, kernel, name):
    """Pad so that a valid convolution of stride 2 sees what padding "same" of a graph of TensorFlow 1 showed it."""
    return ZeroPadding2D(correct_pad(x, kernel), name=name)(x)
