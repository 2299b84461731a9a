import subprocess
import sys
import zipfile

import jax
import numpy as np
import pytest

import lamina
from lamina.export import ExportArchive, export_model, load

layers = lamina.layers


def image():
    return lamina.Sequential(
        [
            lamina.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def sequence():
    inputs = lamina.Input((None, 3))
    return lamina.Model(inputs, layers.Dense(1)(layers.LSTM(2)(inputs)))


def pair():
    first, second = lamina.Input((3,)), lamina.Input((3,))
    return lamina.Model([first, second], [layers.Add()([first, second]), layers.Dense(2)(first)])


@pytest.mark.parametrize(
    ("make", "shapes"), [(image, [(6, 6, 1)]), (sequence, [(5, 3)]), (pair, [(3,), (3,)])], ids=lambda x: str(x)[:20]
)
def test_an_exported_model_computes_the_same_for_any_batch(tmp_path, make, shapes):
    model = make()
    model.export(tmp_path / "model.stablehlo", format="stablehlo", verbose=False)
    serve = load(tmp_path / "model.stablehlo").serve
    for batch in (1, 3):
        x = [np.random.default_rng(0).normal(size=(batch, *shape)).astype("float32") for shape in shapes]
        x = x if len(x) > 1 else x[0]
        wanted = model(x, training=False)
        wanted = wanted if isinstance(wanted, list) else [wanted]
        got = serve(x)
        for ours, theirs in zip(got if isinstance(got, list) else [got], wanted, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_file_runs_without_any_layer(tmp_path):
    path = tmp_path / "model.stablehlo"
    export_model(image(), path, verbose=False)
    code = (
        "import sys, numpy as np; from lamina.export import load; "
        f"y = load({str(path)!r}).serve(np.ones((2, 6, 6, 1), 'float32')); "
        "print(y.shape, any(name.startswith(('lamina.layers', 'lamina.models')) for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "(2, 3) False"


def test_an_archive_holds_several_programs(tmp_path):
    archive = ExportArchive()
    archive.add_endpoint("double", lambda x: 2 * x, [lamina.KerasTensor((None, 3))])
    archive.add_endpoint(
        "total", lambda x, y: (x + y).sum(), [lamina.KerasTensor((None,)), lamina.KerasTensor((None,))]
    )
    archive.write_out(tmp_path / "x", verbose=False)
    loaded = load(tmp_path / "x")
    assert loaded.endpoints == ("double", "total")
    np.testing.assert_array_equal(loaded.double(np.ones((2, 3), "float32")), np.full((2, 3), 2))
    assert float(loaded.total(np.ones(4, "float32"), np.ones(4, "float32"))) == 8


def test_an_archive_keeps_layers_and_variables(tmp_path):
    model = sequence()
    archive = ExportArchive(format="stablehlo")
    serve = archive.track_and_add_endpoint("serve", model, platforms=("cpu", "tpu"))
    archive.add_endpoint("dense", model.layers[-1], [lamina.InputSpec(shape=(None, 2))])
    archive.add_variable_collection("weights", model.trainable_variables)
    archive.track(model.layers[-1])
    assert sorted(map(id, archive.variables)) == sorted(map(id, model.variables))
    with pytest.raises(ValueError, match="already taken"):
        archive.add_endpoint("dense", model.layers[-1], [lamina.InputSpec(shape=(None, 2))])
    archive.write_out(tmp_path / "x", options=None, verbose=False)
    loaded = load(tmp_path / "x")
    assert loaded.endpoints == ("serve", "dense")
    x = np.ones((2, 5, 3), "float32")
    np.testing.assert_allclose(loaded.serve(x), serve(x), rtol=1e-6)
    np.testing.assert_allclose(loaded.dense(x[:, 0, :2]), model.layers[-1](x[:, 0, :2]), rtol=1e-6)
    for kept, weight in zip(loaded.weights, model.trainable_weights, strict=True):
        np.testing.assert_array_equal(kept, weight.value)
    with zipfile.ZipFile(tmp_path / "x") as content:
        program = jax.export.deserialize(bytearray(content.read("endpoints/serve.stablehlo")))
    assert program.platforms == ("cpu", "tpu")
    assert [str(size) for size in program.in_avals[0].shape] == ["batch", "n0", "3"]
    with pytest.raises(ValueError, match="'saved_model'"):
        ExportArchive(format="saved_model")


def test_other_formats_and_empty_archives_are_errors(tmp_path):
    with pytest.raises(ValueError, match="format='stablehlo'"):
        export_model(pair(), tmp_path / "x", format="tf_saved_model")
    with pytest.raises(ValueError, match="No endpoints"):
        ExportArchive().write_out(tmp_path / "x")
    with pytest.raises(ValueError, match="Invalid resource type"):
        ExportArchive().track("model")


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100])
def test_a_damaged_file_is_refused(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match="L401"):
        load(tmp_path / "x")
