"""Convolution kernels against plain `lax.conv_general_dilated`, at top level and inside a scan."""

from functools import partial

import jax
from jax import lax
from measure import normal, report

from lamina.kernels.convolution import convolve, convolve_transpose

# input, kernel, stride, padding, dilation, groups
SHAPES = [
    ((32, 28, 28, 1), (3, 3, 1, 32), 1, "valid", 1, 1),
    ((32, 13, 13, 32), (3, 3, 32, 64), 1, "valid", 1, 1),
    ((32, 32, 32, 3), (3, 3, 3, 64), 1, "same", 1, 1),
    ((32, 32, 32, 64), (3, 3, 64, 64), 2, "same", 1, 1),
    ((32, 14, 14, 256), (1, 1, 256, 64), 1, "valid", 1, 1),
    ((32, 28, 28, 128), (1, 1, 128, 64), 2, "valid", 1, 1),
    ((16, 16, 16, 64), (3, 3, 1, 64), 1, "same", 1, 64),
    ((16, 32, 32, 64), (3, 3, 1, 64), 2, "same", 1, 64),
    ((16, 16, 16, 64), (7, 7, 1, 64), 1, "same", 1, 64),
    ((16, 16, 16, 32), (3, 3, 1, 64), 1, "same", 1, 32),
    ((32, 16, 16, 64), (3, 3, 32, 64), 1, "same", 1, 2),
    ((32, 16, 16, 64), (3, 3, 16, 64), 1, "same", 1, 4),
    ((32, 16, 16, 128), (3, 3, 4, 128), 1, "same", 1, 32),
    ((32, 16, 16, 64), (3, 3, 64, 64), 1, "same", 2, 1),
    ((32, 128, 32), (5, 32, 64), 1, "same", 1, 1),
    ((32, 128, 32), (5, 32, 64), 1, "causal", 2, 1),
    ((4, 12, 12, 12, 16), (3, 3, 3, 16, 32), 1, "same", 1, 1),
    ((4, 16, 16, 16, 1), (3, 3, 3, 1, 16), 1, "valid", 1, 1),
    ((4, 12, 12, 12, 16), (3, 3, 3, 16, 32), 2, "same", 1, 1),
]
TRANSPOSED = [
    ((64, 7, 7, 64), (3, 3, 64, 64), 2, "same"),
    ((64, 14, 14, 64), (3, 3, 32, 64), 2, "same"),
    ((32, 64, 64), (4, 32, 64), 2, "same"),
    ((4, 6, 6, 6, 32), (3, 3, 3, 16, 32), 2, "same"),
]


def plain(x, kernel, strides, padding, dilation, groups=1):
    letters = "DHW"[5 - x.ndim :]
    numbers = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    padding = [((kernel.shape[0] - 1) * dilation[0], 0)] if padding == "causal" else padding.upper()
    return lax.conv_general_dilated(x, kernel, strides, padding, None, dilation, numbers, groups)


def plain_transpose(x, kernel, strides, padding):
    letters = "DHW"[5 - x.ndim :]
    numbers = (f"N{letters}C", f"{letters}IO", f"N{letters}C")
    return lax.conv_transpose(x, kernel, strides, padding.upper(), None, numbers, transpose_kernel=True)


def in_scan(function):
    """Run a convolution inside a loop of one turn, where XLA repairs nothing."""

    def run(x, kernel):
        return lax.scan(lambda carry, x: (carry, function(x, kernel)), 0, x[None])[1]

    return jax.checkpoint(run)


def main():
    for x, kernel, stride, padding, dilation, groups in SHAPES:
        axes = len(x) - 2
        options = {"strides": (stride,) * axes, "padding": padding, "dilation": (dilation,) * axes, "groups": groups}
        name = f"{x} * {kernel} s{stride} d{dilation} g{groups}"
        report(name, partial(plain, **options), partial(convolve, **options), normal(*x), normal(*kernel))
    for x, kernel, stride, padding in TRANSPOSED:
        options = {"strides": (stride,) * (len(x) - 2), "padding": padding}
        name = f"transpose {x} * {kernel} s{stride}"
        ours = partial(convolve_transpose, **options)
        report(name, partial(plain_transpose, **options), ours, normal(*x), normal(*kernel))
    x, kernel, *_ = SHAPES[1]
    options = {"strides": (1, 1), "padding": "valid", "dilation": (1, 1)}
    plain_loop, our_loop = in_scan(partial(plain, **options)), in_scan(partial(convolve, **options))
    report(f"in a scan {x} * {kernel}", plain_loop, our_loop, normal(*x), normal(*kernel), rounds=5)


if __name__ == "__main__":
    main()
