import numpy as np
import pytest

import lamina
from lamina.demo import digits


def test_moved_copies_keep_the_ink_and_the_label():
    images = np.zeros((8, 28, 28), "uint8")
    images[:, 10:18, 10:18] = np.arange(1, 9)[:, None, None]
    labels = np.arange(8)
    more, again = digits.with_moved_copies(images, labels)
    np.testing.assert_array_equal(more[:8], images)
    np.testing.assert_array_equal(again, [*labels, *labels])
    assert (more[8:].sum((1, 2)) == images.sum((1, 2))).all()
    assert (more[8:] != images).any((1, 2)).all()
    assert len({(image != 0).tobytes() for image in more[8:]}) == 4


def test_prepared_images_have_a_channel_and_lie_between_0_and_1():
    prepared = digits.prepare(np.full((2, 28, 28), 255, "uint8"))
    assert (prepared.shape, prepared.dtype) == ((2, 28, 28, 1), np.float32)
    assert (prepared == 1).all()


@pytest.mark.slow
def test_the_demo_trains_saves_explains_and_reports(tmp_path, capsys):
    right = digits.run(epochs=1, out=tmp_path / "new")
    assert right > 0.94
    printed = capsys.readouterr().out
    assert f"{right:.2%} of 2,000 held-out digits right" in printed
    assert "(h·5 + w)·64 + c" in printed
    assert "Without flatten, dense would give (b, 5, 5, 128)" in printed
    assert str(tmp_path / "new" / "digits.html") in printed
    assert f"{right:.2%}" in (tmp_path / "new" / "digits.html").read_text(encoding="utf-8")

    (_, _), (images, labels) = lamina.datasets.digits.load_data()
    again = lamina.saving.load_model(tmp_path / "new" / "digits.keras")
    predicted = again.predict(digits.prepare(images), verbose=0).argmax(1)
    assert (predicted == labels).mean() == right
