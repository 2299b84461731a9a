"""Pictures filtered by small windows, and compared through them."""

import jax.numpy as jnp

from lamina.core.op import op
from lamina.kernels.convolution import depthwise_convolve
from lamina.ops.casting import as_float
from lamina.ops.image.frames import check_rank, on_batch
from lamina.ops.layout import is_channels_first, to_channels_last


def filter_channels(x, window, padding):
    """Convolve every channel with each of the windows (height, width, windows)."""
    kernel = jnp.broadcast_to(window[:, :, None, :], (*window.shape[:2], x.shape[-1], window.shape[-1]))
    return depthwise_convolve(x, kernel.astype(x.dtype), (1, 1), padding, (1, 1))


def _bell(size, sigma, dtype, reach=None):
    distance = jnp.arange(size, dtype=dtype) - (size - 1) / 2
    weights = jnp.exp(-0.5 * (distance / sigma) ** 2)
    if reach is not None:
        weights = jnp.where(jnp.abs(distance) <= reach, weights, 0)
    return weights / jnp.sum(weights)


def blur(x, kernel_size, sigma, reach=None):
    """Average over Gaussian windows; `kernel_size` and `sigma` are (width, height). Beyond `reach` weights are 0."""
    pairs = zip(kernel_size, sigma, strict=True)
    across, down = (_bell(size, deviation, x.dtype, reach) for size, deviation in pairs)
    return filter_channels(x, jnp.outer(down, across)[..., None], "same")


@op
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Average over a window whose weights fall off like a bell.

    Args:
        kernel_size: width and height of the window [pixels].
        sigma: width and height of the bell [pixels].
        data_format: "channels_last", "channels_first", or None for the default.
    """
    return on_batch(lambda x: blur(x, kernel_size, jnp.asarray(sigma, x.dtype)), images, data_format)


@op
def sobel_edges(images, data_format=None):
    """Return how steeply the pictures rise downwards and to the right.

    Shapes:   (batch, height, width, channels) -> (batch, height, width, channels, 2)
    """
    x = to_channels_last(images, data_format)
    down = jnp.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])
    edges = filter_channels(x, jnp.stack([down, down.T], -1), "same").reshape(*x.shape, 2)
    return jnp.moveaxis(edges, -2, 1) if is_channels_first(data_format) else edges


@op("image1", "image2", class_name="SSIM")
def ssim(image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None):
    """Return the structural similarity of two pictures, 1 if they are equal.

    Maths:    mean of (2 m1 m2 + c1) (2 s12 + c2) / ((m1^2 + m2^2 + c1) (s1^2 + s2^2 + c2)), with means m, variances s^2
              and covariance s12 under a Gaussian window, c1 = (k1 max_val)^2, c2 = (k2 max_val)^2
    Args:
        max_val: range of the values.
        filter_size, filter_sigma: size of the window and width of its bell [pixels].
    Shapes:   (batch, height, width, channels) -> (batch,)
    Source:   Wang et al. 2004.
    """
    check_rank(image1)
    check_rank(image2)
    x, y = (as_float(image if image.ndim == 4 else image[None]) for image in (image1, image2))
    x, y = (to_channels_last(image, data_format) for image in (x, y))
    bell = _bell(filter_size, filter_sigma, x.dtype)
    window = jnp.outer(bell, bell)[..., None]

    def average(values):
        return filter_channels(values, window, "valid")

    mean_x, mean_y = average(x), average(y)
    variances = average(x * x) - mean_x**2 + average(y * y) - mean_y**2
    covariance = average(x * y) - mean_x * mean_y
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2)
    likeness = likeness / ((mean_x**2 + mean_y**2 + c1) * (variances + c2))
    result = jnp.mean(likeness, (1, 2, 3)).astype(image1.dtype)
    return result if image1.ndim == 4 else result[0]
