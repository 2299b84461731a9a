import numpy as np
import pytest

from lamina.datasets import digits


def test_every_digit_is_there_equally_often():
    (_, y_train), (_, y_test) = digits.load_data()
    assert np.bincount(y_train).tolist() == [1000] * 10
    assert np.bincount(y_test).tolist() == [200] * 10


def test_images_are_grey_levels_of_28_by_28_pixels():
    (x_train, _), (x_test, _) = digits.load_data()
    assert x_train.shape == (10_000, 28, 28)
    assert x_test.shape == (2_000, 28, 28)
    assert x_train.dtype == x_test.dtype == np.uint8
    assert (x_train.min(), x_train.max()) == (0, 255)


def test_no_test_image_is_a_training_image():
    (x_train, _), (x_test, _) = digits.load_data()
    seen = {image.tobytes() for image in x_train}
    assert not any(image.tobytes() in seen for image in x_test)


def test_every_call_gives_arrays_of_its_own():
    (first, _), _ = digits.load_data()
    first[:] = 0
    (second, _), _ = digits.load_data()
    assert second.any()


@pytest.mark.parametrize("harm", [lambda content: content[:1000], lambda content: content[:-1] + b"?"])
def test_a_damaged_file_is_an_error_that_says_what_to_do(tmp_path, monkeypatch, harm):
    damaged = tmp_path / "digits.npz"
    damaged.write_bytes(harm(digits._FILE.read_bytes()))
    monkeypatch.setattr(digits, "_FILE", damaged)
    with pytest.raises(ValueError, match=r"(?s)digits\.npz is damaged.*pip install"):
        digits.load_data()
