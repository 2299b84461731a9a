"""Event files: what is in them, read by a reader of our own and by TensorBoard's."""

import json
import struct
import zlib

import numpy as np
import pytest
from tests.training import event_reader

import lamina
from lamina import callbacks, layers
from lamina.training.events import EventWriter, crc32c, png

X = np.random.default_rng(0).integers(0, 9, (48, 4))
Y = np.random.default_rng(1).random((48, 1)).astype("float32")


def run(folder, epochs=2, **options):
    """Train for three steps in each epoch, with an evaluation after it; return the model and its history."""
    made = lamina.Sequential([layers.Input((4,)), layers.Embedding(9, 3, name="words"), layers.Flatten()], name="net")
    made.add(layers.Dense(1, name="out"))
    made.compile("adam", "mse", metrics=["mae"])
    board = callbacks.TensorBoard(folder, **options)
    data = {"validation_data": (X, Y), "batch_size": 16, "epochs": epochs, "verbose": 0}
    return made, made.fit(X, Y, callbacks=[board], **data).history


def test_the_checksum_is_that_of_the_standard():
    assert crc32c(b"123456789") == 0xE3069283


def test_losses_and_metrics_are_curves_over_epochs(tmp_path):
    _, history = run(tmp_path)
    train, validation = event_reader.summaries(tmp_path / "train"), event_reader.summaries(tmp_path / "validation")
    for name in ("loss", "mae"):
        for found, values in ((train, history[name]), (validation, history[f"val_{name}"])):
            assert [(plugin, step) for plugin, step, _ in found[f"epoch_{name}"]] == [("scalars", 0), ("scalars", 1)]
            np.testing.assert_allclose([value for _, _, value in found[f"epoch_{name}"]], values)
    assert [float(value) for _, _, value in train["epoch_learning_rate"]] == pytest.approx([0.001, 0.001])
    assert [step for _, step, _ in validation["evaluation_loss_vs_iterations"]] == [3, 6]
    assert not any(tag.startswith("batch_") for tag in train)


def test_the_graph_of_the_model_is_its_configuration(tmp_path):
    made, _ = run(tmp_path, epochs=1)
    ((plugin, step, (text,)),) = event_reader.summaries(tmp_path / "train")["keras"]
    assert (plugin, step) == ("graph_keras_model", 0)
    assert json.loads(text) == json.loads(made.to_json())
    run(tmp_path / "without", epochs=1, write_graph=False)
    assert "keras" not in event_reader.summaries(tmp_path / "without" / "train")


@pytest.mark.parametrize(("frequency", "steps"), [("batch", [1, 2, 3, 4, 5, 6]), (2, [2, 4, 6])])
def test_batches_are_written_as_often_as_asked(tmp_path, frequency, steps):
    run(tmp_path, update_freq=frequency, write_steps_per_second=True)
    found = event_reader.summaries(tmp_path / "train")
    for tag in ("batch_loss", "batch_mae", "batch_steps_per_second"):
        assert [step for _, step, _ in found[tag]] == steps
    assert all(value > 0 for _, _, value in found["epoch_steps_per_second"])


def test_loops_do_not_stop_for_batches_unless_these_are_written(tmp_path):
    assert not callbacks.CallbackList([callbacks.TensorBoard(tmp_path)]).needs_train_batch_end
    assert callbacks.CallbackList([callbacks.TensorBoard(tmp_path, update_freq=3)]).needs_train_batch_end
    assert callbacks.CallbackList([callbacks.TensorBoard(tmp_path, profile_batch=2)]).needs_train_batch_begin


def test_histograms_count_every_weight(tmp_path):
    made, _ = run(tmp_path, histogram_freq=1)
    found = event_reader.summaries(tmp_path / "train")
    for weight in made.weights:
        *_, (plugin, step, rows) = found[f"{weight.path}/histogram"]
        assert (plugin, step, rows.shape) == ("histograms", 1, (30, 3))
        assert rows[:, 2].sum() == weight.size
        assert rows[0, 0] <= weight.numpy().min()
        assert rows[-1, 1] >= weight.numpy().max()


@pytest.mark.parametrize("values", [[], [2.0, 2.0], [np.nan, 1.0], [np.inf, 0.0, 1.0]])
def test_a_histogram_of_odd_values_has_its_thirty_rows(tmp_path, values):
    writer = EventWriter(tmp_path)
    writer.histogram("h", np.array(values), 0)
    writer.close()
    ((_, _, rows),) = event_reader.summaries(tmp_path)["h"]
    assert rows.shape == (30, 3)
    assert rows[:, 2].sum() == np.isfinite(values).sum()


def test_pictures_of_weights_are_written(tmp_path):
    run(tmp_path, epochs=1, histogram_freq=1, write_images=True)
    ((plugin, _, (width, height, picture)),) = event_reader.summaries(tmp_path / "train")["net/words/embeddings/image"]
    assert (plugin, width, height) == ("images", b"9", b"3")
    assert picture.startswith(b"\x89PNG")


def test_a_picture_holds_its_pixels():
    image = np.arange(12).reshape(2, 2, 3) / 255
    data = png(image)
    assert struct.unpack(">II", data[16:24]) == (2, 2)
    start = data.index(b"IDAT") + 4
    (length,) = struct.unpack(">I", data[start - 8 : start - 4])
    pixels = np.frombuffer(zlib.decompress(data[start : start + length]), "uint8").reshape(2, 7)
    assert pixels[:, 0].tolist() == [0, 0]
    assert pixels[:, 1:].ravel().tolist() == list(range(12))


def test_embeddings_are_written_for_the_projector(tmp_path):
    made, _ = run(tmp_path, embeddings_freq=1, embeddings_metadata={"words": "names.tsv"})
    assert (tmp_path / "projector_config.pbtxt").read_text() == (
        'embeddings {\n  tensor_name: "words"\n  tensor_path: "words.tsv"\n  metadata_path: "names.tsv"\n}\n'
    )
    written = np.loadtxt(tmp_path / "words.tsv", delimiter="\t")
    np.testing.assert_allclose(written, made.get_layer("words").get_weights()[0], rtol=1e-5)
    with pytest.raises(ValueError, match=r"Unrecognized `Embedding` layer names .* \['word'\]"):
        run(tmp_path, embeddings_freq=1, embeddings_metadata={"word": "names.tsv"})


@pytest.mark.slow
def test_batches_can_be_profiled(tmp_path):
    run(tmp_path, epochs=1, profile_batch="2,3")
    assert list((tmp_path / "train").glob("plugins/profile/*/*.xplane.pb"))


@pytest.mark.parametrize("batches", [-1, (3, 2), (1, 2, 3), 1.5, None])
def test_wrong_batches_to_profile_are_refused(batches):
    with pytest.raises(ValueError, match="profile_batch must be"):
        callbacks.TensorBoard(profile_batch=batches)


def test_the_reader_of_tensorboard_reads_what_was_written(tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    from tensorboard.util import tensor_util

    made, history = run(tmp_path, histogram_freq=1, write_images=True)
    events = accumulator.EventAccumulator(str(tmp_path / "train"), size_guidance={"tensors": 0})
    events.Reload()
    values = {
        tag: [tensor_util.make_ndarray(e.tensor_proto) for e in events.Tensors(tag)] for tag in events.Tags()["tensors"]
    }
    np.testing.assert_allclose(values["epoch_loss"], history["loss"])
    assert values["net/out/kernel/histogram"][1].shape == (30, 3)
    assert json.loads(values["keras"][0].item()) == json.loads(made.to_json())
    assert events.summary_metadata["net/out/kernel/image"].plugin_data.plugin_name == "images"
