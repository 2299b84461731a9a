"""Pictures mirrored, moved, turned, zoomed, sheared and bent at random."""

import math

import jax.numpy as jnp

from lamina.layers.boxes.moving import read_back
from lamina.layers.random_images.base import (
    MovingLayer,
    count,
    interval,
    known_fill_mode,
    known_interpolation,
    over_pixels,
    per_image,
)
from lamina.ops.image import affine_transform, perspective_transform
from lamina.ops.image.transform import homography
from lamina.random import uniform


class RandomFlip(MovingLayer):
    """Mirror each picture with probability 1/2 while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        mode: "horizontal", "vertical", or "horizontal_and_vertical", which turns the chosen pictures by half a turn.
        seed: integer that makes the choice repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then.
    Raises:   ValueError for another mode.
    Source:   Keras 3 `RandomFlip` (same pictures for the same seed).
    Example:
        >>> x = jnp.broadcast_to(jnp.array([[0.0], [1.0]]), (32, 1, 2, 1))
        >>> sorted(set(RandomFlip("horizontal", seed=1)(x, training=True)[:, 0, 0, 0].tolist()))
        [0.0, 1.0]
    """

    def __init__(self, mode="horizontal_and_vertical", seed=None, data_format=None, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        if mode not in ("horizontal", "vertical", "horizontal_and_vertical"):
            raise ValueError(
                'The `mode` argument of RandomFlip is "horizontal", "vertical" or "horizontal_and_vertical". '
                f"Received: mode={mode!r}"
            )
        self.mode = mode

    def _draw(self, shape, seed):
        return {"flips": uniform(per_image(shape), seed=seed) <= 0.5, "input_shape": shape}

    def _moved(self, images, transformation, interpolation):
        down, across = (-2, -1) if self.data_format == "channels_first" else (-3, -2)
        axes = {"horizontal": across, "vertical": down, "horizontal_and_vertical": (down, across)}
        return jnp.where(transformation["flips"], jnp.flip(images, axes[self.mode]), images)

    def _box_move(self, transformation, height, width):
        is_flipped = jnp.squeeze(jnp.asarray(transformation["flips"]), -1)

        def move(corners):
            x1, y1, x2, y2 = jnp.moveaxis(corners, -1, 0)
            if self.mode != "vertical":
                x1, x2 = width - x2, width - x1
            if self.mode != "horizontal":
                y1, y2 = height - y2, height - y1
            return jnp.where(is_flipped, jnp.stack([x1, y1, x2, y2], -1), corners)

        return move


class _AffineLayer(MovingLayer):
    """Read each pixel at a place that is a linear function of its own; a subclass says in `_matrix` which."""

    def __init__(self, fill_mode, interpolation, seed, fill_value, data_format, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.fill_mode = known_fill_mode(fill_mode)
        self.interpolation = known_interpolation(interpolation)
        self.fill_value = fill_value

    def _moved(self, images, transformation, interpolation):
        return affine_transform(
            images,
            self._matrix(transformation, *self._size(images.shape)),
            interpolation,
            self.fill_mode,
            self.fill_value,
            self.data_format,
        )

    def _box_move(self, transformation, height, width):
        return read_back(jnp.atleast_2d(self._matrix(transformation, height, width)))


def _rows(*numbers):
    """Stack a0, a1, a2, b0, b1, b2 of each picture, numbers or arrays (batch,), to (batch, 8)."""
    return jnp.stack(jnp.broadcast_arrays(*numbers, 0.0, 0.0), -1)


class RandomTranslation(_AffineLayer):
    """Move each picture by a random part of its size while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        height_factor: how far down, a pair from -1 to 1, or f for (-f, f) [fraction of the height].
        width_factor: how far to the right, alike [fraction of the width].
        fill_mode: what stands outside: "reflect", "constant" (`fill_value`), "wrap" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: integer that makes the moves repeatable.
        fill_value: value outside, for "constant".
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then.
    Raises:   ValueError for other factors; NotImplementedError for another mode or interpolation.
    Source:   Keras 3 `RandomTranslation` (same moves for the same seed).
    Example:
        >>> x = jnp.arange(4.0).reshape(1, 1, 4, 1)
        >>> RandomTranslation(0.0, (0.25, 0.25), "constant")(x, training=True).ravel().tolist()
        [0.0, 0.0, 1.0, 2.0]
    """

    def __init__(
        self,
        height_factor,
        width_factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = interval(self, "height_factor", height_factor)
        self.width_factor = width_factor
        self.width_lower, self.width_upper = interval(self, "width_factor", width_factor)

    def _draw(self, shape, seed):
        height, width = self._size(shape)
        down = uniform((count(shape), 1), self.height_lower, self.height_upper, seed=seed) * height
        right = uniform((count(shape), 1), self.width_lower, self.width_upper, seed=seed) * width
        return {"translations": jnp.concatenate([right, down], 1).astype("float32"), "input_shape": shape}

    def _matrix(self, transformation, height, width):
        right, down = jnp.asarray(transformation["translations"]).T
        return _rows(1.0, 0.0, -right, 0.0, 1.0, -down)

    def _box_move(self, transformation, height, width):
        moves = jnp.tile(jnp.asarray(transformation["translations"], "float32"), 2)
        return lambda corners: corners + (moves[:, None] if corners.ndim == 3 else moves)


class RandomRotation(_AffineLayer):
    """Turn each picture around its centre by a random angle while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: how far counter-clockwise, a pair, or f for (-f, f) [turns].
        fill_mode: what stands outside: "reflect", "constant" (`fill_value`), "wrap" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: integer that makes the angles repeatable.
        fill_value: value outside, for "constant".
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then.
    Raises:   ValueError for another factor; NotImplementedError for another mode or interpolation.
    Source:   Keras 3 `RandomRotation` (same angles for the same seed).
    Example:
        >>> RandomRotation((0.25, 0.25))(jnp.arange(4.0).reshape(1, 2, 2, 1), training=True).round().ravel().tolist()
        [1.0, 3.0, 0.0, 2.0]
    """

    def __init__(
        self,
        factor,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, strict=False)

    def _draw(self, shape, seed):
        height, width = self._size(shape)
        angle = uniform((count(shape),), *(360 * turns for turns in self.factor), seed=seed)
        matrix = _rotation(angle, height, width)
        return {
            "angle": angle,
            "rotation_matrix": matrix if len(shape) == 4 else matrix[0],
            "image_height": height,
            "image_width": width,
            "batch_size": count(shape),
        }

    def _matrix(self, transformation, height, width):
        return transformation["rotation_matrix"]

    def _size_before(self, transformation):
        return transformation["image_height"], transformation["image_width"]


def _rotation(degrees, height, width):
    """Return the (batch, 8) numbers that turn pictures around their centre."""
    cos, sin = jnp.cos(degrees * (math.pi / 180)), jnp.sin(degrees * (math.pi / 180))
    x, y = (jnp.asarray(size - 1, degrees.dtype) / 2 for size in (width, height))
    return _rows(cos, -sin, x - x * cos + y * sin, sin, cos, y - x * sin - y * cos)


class RandomZoom(_AffineLayer):
    """Zoom into, or out of, the centre of each picture by a random part while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        height_factor: how far out, a pair above -1 and up to 1, or f for (-f, f) [fraction of the height].
        width_factor: alike [fraction of the width]; None keeps the proportions.
        fill_mode: what stands outside: "reflect", "constant" (`fill_value`), "wrap" or "nearest".
        interpolation: "bilinear" or "nearest".
        seed: integer that makes the zooms repeatable.
        fill_value: value outside, for "constant".
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then.
    Raises:   ValueError for other factors; NotImplementedError for another mode or interpolation.
    Source:   Keras 3 `RandomZoom` (same zooms for the same seed).
    Example:
        >>> x = jnp.arange(5.0).reshape(1, 1, 5, 1)
        >>> RandomZoom(0.0, (-0.5, -0.5))(x, training=True).ravel().tolist()
        [1.0, 1.5, 2.0, 2.5, 3.0]
    """

    def __init__(
        self,
        height_factor,
        width_factor=None,
        fill_mode="reflect",
        interpolation="bilinear",
        seed=None,
        fill_value=0.0,
        data_format=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        above = math.nextafter(-1, 0)
        self.height_factor = height_factor
        self.height_lower, self.height_upper = interval(self, "height_factor", height_factor, (above, 1))
        self.width_factor = width_factor
        if width_factor is not None:
            self.width_lower, self.width_upper = interval(self, "width_factor", width_factor, (above, 1))

    def _draw(self, shape, seed):
        size = count(shape), 1
        height = uniform(size, 1 + self.height_lower, 1 + self.height_upper, seed=seed)
        width = height
        if self.width_factor is not None:
            width = uniform(size, 1 + self.width_lower, 1 + self.width_upper, seed=seed)
        return {"height_zoom": height, "width_zoom": width, "input_shape": shape}

    def _matrix(self, transformation, height, width):
        x, y = (jnp.asarray(transformation[name], "float32")[:, 0] for name in ("width_zoom", "height_zoom"))
        return _rows(x, 0.0, (width - 1) / 2 * (1 - x), 0.0, y, (height - 1) / 2 * (1 - y))


class RandomShear(_AffineLayer):
    """Slant each picture by a random amount, to either side, while training.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        x_factor: shift of a row for each pixel downwards, a pair from 0 to 1, or f for (-f, f).
        y_factor: shift of a column for each pixel to the right, alike.
        interpolation: "bilinear" or "nearest".
        fill_mode: what stands outside: "reflect", "constant" (`fill_value`), "wrap" or "nearest".
        fill_value: value outside, for "constant".
        data_format: "channels_last" or "channels_first"; by default the configured one.
        seed: integer that makes the shears repeatable.
    Training: only then.
    Raises:   ValueError for other factors; NotImplementedError for another mode or interpolation.
    Source:   Keras 3 `RandomShear` (same shears for the same seed).
    """

    def __init__(
        self,
        x_factor=0.0,
        y_factor=0.0,
        interpolation="bilinear",
        fill_mode="reflect",
        fill_value=0.0,
        data_format=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        # Not strict: the config of a number f has (-f, f).
        self.x_factor = interval(self, "x_factor", x_factor, (0, 1), strict=False)
        self.y_factor = interval(self, "y_factor", y_factor, (0, 1), strict=False)

    def _draw(self, shape, seed):
        def draw(low, high):
            return uniform((count(shape), 1), low, high, self.compute_dtype, seed)

        side = jnp.where(draw(0, 1) > 0.5, -1, 1)
        y, x = draw(*self.y_factor), draw(*self.x_factor)
        return {"shear_factor": jnp.concatenate([x, y], 1) * side.astype(x.dtype), "input_shape": shape}

    def _matrix(self, transformation, height, width):
        x, y = jnp.asarray(transformation["shear_factor"]).T
        return _rows(1.0, x, 0.0, y, 1.0, 0.0)


class RandomPerspective(MovingLayer):
    """Move the corners of some pictures at random while training, as if they were seen from the side.

    Shapes:   x (batch, height, width, channels), or one picture -> the same
    Args:
        factor: with which probability a picture is changed: drawn from a pair, or from (0, f) [fraction 0-1].
        scale: how far corners move, 0 to 1: at 1, by up to half of their distance from the first one.
        interpolation: "bilinear" or "nearest".
        fill_value: value outside.
        seed: integer that makes the moves repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then.
    Raises:   ValueError for another factor or scale; NotImplementedError for another interpolation.
    Source:   Keras 3 `RandomPerspective` (same moves for the same seed).
    """

    def __init__(
        self, factor=1.0, scale=1.0, interpolation="bilinear", fill_value=0.0, seed=None, data_format=None, **kwargs
    ):
        super().__init__(seed, data_format, **kwargs)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        if not 0 <= scale <= 1:
            raise ValueError(f"The `scale` argument should be a number in the range [0, 1]. Received: scale={scale}")
        self.scale = scale
        self.interpolation = known_interpolation(interpolation)
        self.fill_value = fill_value

    def _draw(self, shape, seed):
        height, width = self._size(shape)
        batch, dtype = count(shape), self.compute_dtype
        probability = uniform((batch,), *self.factor, seed=seed)
        is_chosen = uniform((batch,), seed=seed) < probability
        moves = uniform((batch, 4, 2), -0.5 * self.scale, 0.5 * self.scale, dtype, seed)
        right, bottom = jnp.asarray(width - 1, dtype), jnp.asarray(height - 1, dtype)
        corners = jnp.array([[0, 0], [1, 0], [0, 1], [1, 1]], dtype) * jnp.stack([right, bottom])
        start = jnp.broadcast_to(corners, (batch, 4, 2))
        return {
            "apply_perspective": is_chosen,
            "start_points": start,
            "end_points": start + start * moves,
            "input_shape": shape,
        }

    def _moved(self, images, transformation, interpolation):
        start, end = transformation["start_points"], transformation["end_points"]
        bent = perspective_transform(images, start, end, interpolation, self.fill_value, self.data_format)
        return jnp.where(over_pixels(transformation["apply_perspective"], images), bent, images)

    def _box_move(self, transformation, height, width):
        points = (jnp.asarray(transformation[name], "float32") for name in ("start_points", "end_points"))
        bend = read_back(homography(*points))
        is_bent = jnp.asarray(transformation["apply_perspective"])[:, None, None]
        return lambda corners: jnp.where(is_bent, bend(corners), corners)
