"""Pictures moved, turned and bent: every pixel of the result is read somewhere in the source."""

import jax
import jax.numpy as jnp

from lamina.core.op import op
from lamina.core.random import draw_seed
from lamina.ops.image.filters import blur
from lamina.ops.image.frames import check_one_of, check_rank, on_batch

_ORDERS = {"nearest": 0, "bilinear": 1}
FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


@op("inputs", "coordinates")
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Read `inputs` at fractional places.

    Shapes:   inputs any, coordinates (axes, *result) -> result
    Args:
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode: what stands outside: "constant" (`fill_value`), "nearest", "wrap", "mirror" or "reflect".
    Raises:   ValueError if the coordinates do not fit or an argument has no meaning.
    """
    if coordinates.ndim < 2 or coordinates.shape[0] != inputs.ndim:
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. "
            f"Received: inputs of shape {inputs.shape}, coordinates of shape {coordinates.shape}"
        )
    check_one_of("fill_mode", fill_mode, FILL_MODES)
    check_one_of("order", order, (0, 1))
    return _read(inputs, coordinates, order, fill_mode, fill_value)


def _read(x, coordinates, order, fill_mode, fill_value):
    return jax.scipy.ndimage.map_coordinates(x, list(coordinates), order, fill_mode, fill_value)


def _read_images(x, rows, columns, interpolation, fill_mode, fill_value):
    """Read every channel of every picture at its own places, (batch, height, width) or (1, height, width)."""

    def read_image(image, row, column):
        def read_channel(channel):
            return _read(channel, (row, column), _ORDERS[interpolation], fill_mode, fill_value)

        return jax.vmap(read_channel, in_axes=-1, out_axes=-1)(image)

    shape = (x.shape[0], *rows.shape[1:])
    return jax.vmap(read_image)(x, jnp.broadcast_to(rows, shape), jnp.broadcast_to(columns, shape))


def _pixels(x):
    """Return the row and the column of every pixel, (1, height, width) each."""
    rows, columns = jnp.meshgrid(jnp.arange(x.shape[1]), jnp.arange(x.shape[2]), indexing="ij")
    return rows[None], columns[None]


def _each(numbers):
    """Let (batch, n) be read as n arrays of shape (batch, 1, 1)."""
    return [numbers[:, i, None, None] for i in range(numbers.shape[1])]


@op("images", "transform")
def affine_transform(images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None):
    """Read the pixel (x, y) of the result at (a0 x + a1 y + a2, b0 x + b1 y + b2) of the picture.

    Args:
        transform: a0, a1, a2, b0, b1, b2, 0, 0, for all pictures or for each.
        interpolation: "nearest" or "bilinear".
        fill_mode, fill_value: what stands outside; see `map_coordinates`.
    Raises:   ValueError if an argument has no meaning.
    """
    check_one_of("interpolation", interpolation, _ORDERS)
    check_one_of("fill_mode", fill_mode, FILL_MODES)
    if transform.ndim not in (1, 2):
        raise ValueError(
            "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). "
            f"Received: transform.shape={transform.shape}"
        )

    def move(x):
        rows, columns = _pixels(x)
        a0, a1, a2, b0, b1, b2, *_ = _each(jnp.atleast_2d(transform))
        places = b0 * columns + b1 * rows + b2, a0 * columns + a1 * rows + a2
        return _read_images(x, *places, interpolation, fill_mode, fill_value)

    return on_batch(move, images, data_format)


@op("images", "start_points", "end_points")
def perspective_transform(images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None):
    """Bend pictures so that four points go where four other points are.

    Maths:    (x', y') = (h0 x + h1 y + h2, h3 x + h4 y + h5) / (h6 x + h7 y + 1), solved for the eight h
    Args:
        start_points, end_points: (x, y) of the points, (4, 2) for all pictures or (batch, 4, 2) [pixels].
        interpolation: "nearest" or "bilinear".
        fill_value: what stands outside.
    Raises:   ValueError if an argument has no meaning.
    """
    check_rank(images)
    check_one_of("interpolation", interpolation, _ORDERS)
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if points.ndim not in (2, 3) or points.shape[-2:] != (4, 2):
            raise ValueError(f"Invalid {name} shape: expected (4, 2) or (batch, 4, 2). Received: {points.shape}")
    if start_points.shape != end_points.shape:
        raise ValueError(
            "start_points and end_points must have the same shape. "
            f"Received: {start_points.shape} and {end_points.shape}"
        )

    def bend(x):
        rows, columns = _pixels(x)
        h = _each(homography(*(points.reshape(-1, 4, 2).astype("float32") for points in (start_points, end_points))))
        scale = h[6] * columns + h[7] * rows + 1
        places = (h[3] * columns + h[4] * rows + h[5]) / scale, (h[0] * columns + h[1] * rows + h[2]) / scale
        return _read_images(x, *places, interpolation, "constant", fill_value)

    return on_batch(bend, images, data_format)


def homography(start, end):
    """Solve for the map from the end points back to the start points, (batch, 8)."""
    x, y = end[..., 0], end[..., 1]
    zero, one = jnp.zeros_like(x), jnp.ones_like(x)
    to_x = jnp.stack([x, y, one, zero, zero, zero, -start[..., 0] * x, -start[..., 0] * y], -1)
    to_y = jnp.stack([zero, zero, zero, x, y, one, -start[..., 1] * x, -start[..., 1] * y], -1)
    target = jnp.concatenate([start[..., 0], start[..., 1]], -1)
    return jnp.linalg.solve(jnp.concatenate([to_x, to_y], 1), target[..., None])[..., 0]


@op
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Shift every pixel by a smooth random field.

    Args:
        alpha: strength of the shift [pixels].
        sigma: how smooth the field is [pixels].
        interpolation: "nearest" or "bilinear".
        fill_mode, fill_value: what stands outside; see `map_coordinates`.
        seed: integer or SeedGenerator.
    Raises:   ValueError if an argument has no meaning.
    Source:   Simard et al. 2003; like Keras, with one field for both directions.
    """
    check_one_of("interpolation", interpolation, _ORDERS)
    check_one_of("fill_mode", fill_mode, FILL_MODES)

    def bend(x):
        noise = jax.random.normal(draw_seed(seed), x.shape[:3], x.dtype)
        return distort(x, noise, alpha, sigma, int(6 * sigma) | 1, interpolation, fill_mode, fill_value)

    return on_batch(bend, images, data_format)


def distort(x, noise, alpha, sigma, widest, interpolation, fill_mode, fill_value):
    """Shift every pixel of (batch, height, width, channels) by smoothed noise (batch, height, width).

    Args:
        alpha, sigma: strength of the shift and how smooth it is, which may be known to the program only [pixels].
        widest: the greatest width of the smoothing window, 6 sigma and odd, which has to be known before [pixels].
    """
    reach = jnp.floor(6 * sigma) // 2  # what a window as wide as 6 sigma has beside its middle
    shift = alpha * blur(noise[..., None] * sigma, (widest, widest), (sigma, sigma), reach)[..., 0]
    rows, columns = _pixels(x)
    return _read_images(x, rows + shift, columns + shift, interpolation, fill_mode, fill_value)
