"""Padding, cropping, upsampling and rescaling give what Keras gives."""

import numpy as np
import pytest
from tests.layers.oracle import case, each

from lamina import layers
from lamina.core import config
from lamina.core.errors import ShapeError
from lamina.core.tensor import KerasTensor

FIRST = {"data_format": "channels_first"}
PIXELS = np.arange(2 * 4 * 4 * 3, dtype="uint8").reshape(2, 4, 4, 3)

CASES = [
    case("ZeroPadding1D", (2, 4, 3)),
    case("ZeroPadding1D", (2, 3, 4), padding=(0, 2), **FIRST),
    case("ZeroPadding2D", (2, 4, 5, 3)),
    case("ZeroPadding2D", (2, 4, 5, 3), padding=(1, 2)),
    case("ZeroPadding2D", (2, 3, 4, 5), padding=((1, 0), [0, 2]), **FIRST),
    case("ZeroPadding2D", PIXELS, padding=2),
    case("ZeroPadding2D", PIXELS > 7),
    case("ZeroPadding3D", (2, 2, 3, 2, 3)),
    case("ZeroPadding3D", (2, 3, 2, 3, 2), padding=((1, 0), (0, 2), (1, 1)), **FIRST),
    case("Cropping1D", (2, 5, 3)),
    case("Cropping1D", (2, 5, 3), cropping=(0, 2)),
    case("Cropping2D", (2, 4, 5, 3)),
    case("Cropping2D", (2, 4, 5, 3), cropping=1),
    case("Cropping2D", (2, 3, 5, 6), cropping=((1, 0), (0, 2)), **FIRST),
    case("Cropping2D", PIXELS, cropping=(1, 0)),
    case("Cropping3D", (2, 4, 5, 4, 3)),
    case("Cropping3D", (2, 3, 4, 5, 4), cropping=((1, 0), (0, 2), (1, 1)), **FIRST),
    case("UpSampling1D", (2, 4, 3)),
    case("UpSampling1D", (2, 4, 3), size=3),
    case("UpSampling2D", (2, 4, 5, 3)),
    case("UpSampling2D", (2, 3, 4, 5), size=(2, 3), **FIRST),
    case("UpSampling2D", PIXELS),
    case("UpSampling2D", (PIXELS % 2) * 255, interpolation="bicubic"),
    case("UpSampling2D", PIXELS > 50, interpolation="bilinear"),
    *(
        case("UpSampling2D", (2, 4, 5, 3), interpolation=name)
        for name in ("bilinear", "bicubic", "lanczos3", "lanczos5")
    ),
    case("UpSampling2D", (2, 3, 4, 5), size=(3, 1), interpolation="BILINEAR", **FIRST),
    case("UpSampling3D", (2, 2, 3, 2, 3)),
    case("UpSampling3D", (2, 3, 2, 3, 2), size=(1, 2, 3), **FIRST),
    case("Rescaling", (2, 4, 3), scale=2),
    case("Rescaling", (2, 4, 3), scale=1 / 127.5, offset=-1).when(mask=np.array([[1, 1, 0, 0], [1, 0, 1, 1]], bool)),
    case("Rescaling", PIXELS, scale=[1.0, 0.5, 0.1], offset=np.array([1.0, 2.0, 3.0])),
    case("Rescaling", PIXELS, scale=0.1, dtype="mixed_float16"),
]


@each(CASES)
def test_outputs_equal_those_of_keras(case):
    case.check_outputs()


@each([c for c in CASES if isinstance(c.inputs, tuple)])
def test_gradients_equal_those_of_keras(case):
    case.check_gradients()


@each([c.when(known=(1,) if "data_format" in c.kwargs else (-1,)) for c in CASES])
def test_symbolic_shapes_equal_those_of_keras(case):
    case.check_symbolic()


@each(CASES)
def test_configs_equal_those_of_keras(case):
    case.check_config()


@pytest.mark.parametrize(
    ("name", "kwargs", "kind"),
    [
        ("ZeroPadding1D", {"padding": -1}, ValueError),
        ("ZeroPadding1D", {"padding": (1, 2, 3)}, ValueError),
        ("ZeroPadding2D", {"padding": (1, 2, 3)}, ValueError),
        ("ZeroPadding2D", {"padding": (1, -2)}, ValueError),
        ("ZeroPadding2D", {"padding": "wide"}, ValueError),
        ("ZeroPadding2D", {"padding": None}, ValueError),
        ("Cropping2D", {"cropping": -1}, ValueError),
        ("Cropping3D", {"cropping": (1, 2)}, ValueError),
        ("UpSampling1D", {"size": 2.0}, TypeError),
        ("UpSampling1D", {"size": 0}, ValueError),
        ("UpSampling2D", {"size": (2, 0)}, ValueError),
        ("UpSampling2D", {"interpolation": "smooth"}, ValueError),
        ("UpSampling3D", {"size": (2, 2)}, ValueError),
    ],
)
def test_arguments_out_of_range_are_named(name, kwargs, kind):
    with pytest.raises(kind, match=next(iter(kwargs))):
        getattr(layers, name)(**kwargs)


@pytest.mark.parametrize("x", [np.ones((1, 2, 4, 3)), KerasTensor((None, 2, 4, 3))], ids=["eager", "symbolic"])
def test_cropping_must_leave_something(x):
    with pytest.raises(ShapeError, match="cropping"):
        layers.Cropping2D(1)(x)


def test_rescaling_follows_the_image_data_format():
    config.set_image_data_format("channels_first")
    try:
        y = layers.Rescaling([1.0, 2.0])(np.ones((1, 2, 3, 3)))
    finally:
        config.set_image_data_format("channels_last")
    assert np.asarray(y)[0, :, 0, 0].tolist() == [1.0, 2.0]
