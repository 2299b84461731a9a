"""Images turned, shifted, sheared, zoomed and lit, on NumPy. Keras 1 and 2 had it; today's programs use layers."""

import numpy as np


def apply_affine_transform(
    x,
    theta=0,
    tx=0,
    ty=0,
    shear=0,
    zx=1,
    zy=1,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    order=1,
):
    """Return an image turned, shifted, sheared and zoomed about its middle.

    Maths:    out(p) = in(M p),  M = R(theta) T(tx, ty) S(shear) diag(zx, zy), from the middle of the image
    Args:
        x: array of three axes.
        theta, shear: angles [degrees].
        tx, ty: shifts up and left [pixels].
        zx, zy: how much of the image is seen [ratio].
        row_axis, col_axis, channel_axis: which axis is which.
        fill_mode, cval, order: `mode`, `cval` and `order` of `scipy.ndimage.affine_transform`.
    Raises:   ValueError unless the axes are 0, 1 and 2, and channels come first or last.
    Source:   Keras 2 `apply_affine_transform`.
    """
    from scipy import ndimage

    if x.ndim != 3 or sorted((row_axis, col_axis, channel_axis)) != [0, 1, 2] or channel_axis == 1:
        raise ValueError(
            "`x` has three axes: rows, columns, and channels first or last. Received: x of shape "
            f"{x.shape}, row_axis={row_axis}, col_axis={col_axis}, channel_axis={channel_axis}"
        )
    if (theta, tx, ty, shear, zx, zy) == (0, 0, 0, 0, 1, 1):
        return x
    matrix = _about_the_middle(_matrix(theta, tx, ty, shear, zx, zy), x.shape[row_axis], x.shape[col_axis])
    if col_axis > row_axis:  # the matrix counts columns first
        matrix = matrix[[1, 0, 2]][:, [1, 0, 2]]
    channels = [
        ndimage.affine_transform(channel, matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=cval)
        for channel in np.moveaxis(x, channel_axis, 0)
    ]
    return np.moveaxis(np.stack(channels), 0, channel_axis)


def _matrix(theta, tx, ty, shear, zx, zy):
    theta, shear = np.deg2rad(theta), np.deg2rad(shear)
    turn = [[np.cos(theta), -np.sin(theta), 0], [np.sin(theta), np.cos(theta), 0], [0, 0, 1]]
    shift = [[1, 0, tx], [0, 1, ty], [0, 0, 1]]
    slant = [[1, -np.sin(shear), 0], [0, np.cos(shear), 0], [0, 0, 1]]
    return np.array(turn) @ np.array(shift) @ np.array(slant) @ np.diag([zx, zy, 1.0])


def _about_the_middle(matrix, rows, columns):
    there, back = np.eye(3), np.eye(3)
    there[:2, 2] = rows / 2 - 0.5, columns / 2 - 0.5
    back[:2, 2] = -there[:2, 2]
    return there @ matrix @ back


def random_rotation(
    x, rg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """Turn an image by up to `rg` degrees either way; the rest as for `apply_affine_transform`."""
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x, theta, 0, 0, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shift(
    x, wrg, hrg, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """Shift an image by up to a part `wrg` of its width and `hrg` of its height; the rest as above."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(
        x, 0, tx, ty, 0, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_shear(
    x, intensity, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """Shear an image by up to `intensity` degrees either way; the rest as above."""
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x, 0, 0, 0, shear, 1, 1, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def random_zoom(
    x, zoom_range, row_axis=1, col_axis=2, channel_axis=0, fill_mode="nearest", cval=0.0, interpolation_order=1
):
    """Zoom an image; `zoom_range` is the least and the most that is seen of it [ratio]; the rest as above."""
    if len(zoom_range) != 2:
        raise ValueError(f"`zoom_range` should be a tuple or list of two floats. Received: {zoom_range}")
    same = zoom_range[0] == zoom_range[1] == 1
    zx, zy = (1, 1) if same else np.random.uniform(zoom_range[0], zoom_range[1], 2)
    return apply_affine_transform(
        x, 0, 0, 0, 0, zx, zy, row_axis, col_axis, channel_axis, fill_mode, cval, interpolation_order
    )


def apply_channel_shift(x, intensity, channel_axis=0):
    """Add to every channel, inside the range that the image has."""
    return np.clip(x + intensity, np.min(x), np.max(x))


def random_channel_shift(x, intensity_range, channel_axis=0):
    """Add a random number of up to `intensity_range` either way."""
    return apply_channel_shift(x, np.random.uniform(-intensity_range, intensity_range), channel_axis)


def apply_brightness_shift(x, brightness, scale=True):
    """Return an image lit `brightness` times as strongly, in steps of 1/255, as Pillow does.

    Args:
        scale: whether the image is stretched to 0…255 first.
    """
    lowest, highest = np.min(x), np.max(x)
    stretched = scale or lowest < 0 or highest > 255
    shown = x
    if stretched:
        shown = x - lowest
        shown = shown / np.max(shown) * 255 if np.max(shown) else shown
    levels = shown.astype("uint8").astype("float32")
    lit = np.clip(levels * np.float32(brightness), 0, 255).astype("uint8").astype("float32")
    return lit / 255 * (highest - lowest) + lowest if stretched and not scale else lit


def random_brightness(x, brightness_range, scale=True):
    """Light an image with a random strength between two."""
    if len(brightness_range) != 2:
        raise ValueError(f"`brightness_range should be tuple or list of two floats. Received: {brightness_range}")
    return apply_brightness_shift(x, np.random.uniform(*brightness_range), scale)
