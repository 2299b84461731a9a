import json
import os
import pickle
import zipfile

import h5py
import numpy as np
import pytest
from tests.saving.standins import Dense, Model, Part, values

from lamina.core.serialization import serialize_keras_object
from lamina.saving import archive as archives
from lamina.saving import deserialize_keras_object, files, load_model, pickle_model, save_model, unpickle_model


class Net(Model):
    """A model made from its config."""

    def __init__(self, name=None, body=None):
        super().__init__(name)
        self.body = body or [Dense(fill=1), Dense((3, 2), fill=2)]

    def get_config(self):
        return {**super().get_config(), "body": self.body}

    @classmethod
    def from_config(cls, config):
        return cls(config["name"], [deserialize_keras_object(part) for part in config["body"]])


KNOWN = {"Net": Net, "Dense": Dense}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "net.keras")


@pytest.fixture
def saved(path):
    save_model(Net("net", [Dense(fill=5), Dense((3, 2), fill=6)]), path)
    return path


def rewrite(path, change):
    """Write the archive anew with its members changed: `change(members)` edits a dict of bytes."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_model_comes_back(saved):
    model = load_model(saved, KNOWN)
    assert isinstance(model, Net)
    assert model.name == "net"
    assert values(*model.body) == [5, 6]


def test_the_archive_has_keras_members_and_names_its_version(saved):
    with zipfile.ZipFile(saved) as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
        metadata = json.loads(archive.read("metadata.json"))
        assert archive.testzip() is None
        assert set(metadata) == {"keras_version", "date_saved"}
        assert h5py.File(archive.open("model.weights.h5"))["body/dense_1/vars/0"].shape == (3, 2)


def test_a_folder_holds_the_same_as_the_archive(tmp_path):
    save_model(Net("net", [Dense(fill=5)]), tmp_path / "net", zipped=False)
    assert sorted(os.listdir(tmp_path / "net")) == ["config.json", "metadata.json", "model.weights.h5"]
    assert values(*load_model(tmp_path / "net", KNOWN).body) == [5]


class Vocabulary(Part):
    """A part that keeps a file."""

    words = "none"

    def save_assets(self, folder):
        with open(os.path.join(folder, "words.txt"), "w") as file:
            file.write(self.words)

    def load_assets(self, folder):
        with open(os.path.join(folder, "words.txt")) as file:
            self.words = file.read()


@pytest.mark.parametrize("zipped", [True, False])
def test_files_that_parts_keep_travel_along(tmp_path, zipped):
    part = Vocabulary()
    part.words = "tea cup"
    path = tmp_path / ("net.keras" if zipped else "net")
    save_model(Net("net", [part]), path, zipped=zipped)
    model = load_model(path, {**KNOWN, "Vocabulary": Vocabulary})
    assert model.body[0].words == "tea cup"


def test_a_failed_save_leaves_the_old_file_and_nothing_else(saved, tmp_path):
    class Broken(Dense):
        def save_own_variables(self, store):
            raise RuntimeError("disk on fire")

    with pytest.raises(RuntimeError, match="disk on fire"):
        save_model(Net("net", [Broken()]), saved)
    assert os.listdir(tmp_path) == ["net.keras"]
    assert values(*load_model(saved, KNOWN).body) == [5, 6]


def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(saved, tmp_path, monkeypatch):
    def interrupted(path, members, assets):
        with open(path, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(archives, "write_archive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_model(Net(), saved)
    assert os.listdir(tmp_path) == ["net.keras"]
    assert values(*load_model(saved, KNOWN).body) == [5, 6]


def test_a_link_to_a_file_is_kept_and_its_target_replaced(saved, tmp_path):
    os.symlink(saved, tmp_path / "latest.keras")
    save_model(Net("net", [Dense(fill=9)]), tmp_path / "latest.keras")
    assert os.path.islink(tmp_path / "latest.keras")
    assert values(*load_model(saved, KNOWN).body) == [9]


@pytest.mark.parametrize(("answer", "fill"), [("y", 9), ("n", 5)])
def test_without_overwrite_the_user_is_asked(path, monkeypatch, answer, fill):
    save_model(Net("net", [Dense(fill=5)]), path)
    answers = iter(["perhaps", answer])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    save_model(Net("net", [Dense(fill=9)]), path, overwrite=False)
    assert values(*load_model(path, KNOWN).body) == [fill]


def test_a_model_that_is_not_built_is_saved_with_a_warning(path):
    with pytest.warns(UserWarning, match="never built"):
        save_model(Part(), path)


def test_the_format_argument_of_keras_2_is_told_by_the_ending(tmp_path):
    with pytest.warns(UserWarning, match="`save_format` argument is deprecated"):
        save_model(Net(), tmp_path / "new" / "folder" / "net.keras", save_format="keras")  # folders are made
    assert load_model(tmp_path / "new" / "folder" / "net.keras", KNOWN)
    with pytest.raises(ValueError, match="`save_format` argument is deprecated"):
        save_model(Net(), tmp_path / "net", save_format="tf")


@pytest.mark.parametrize("ending", [".tf", ""])
def test_models_are_saved_to_and_loaded_from_no_other_ending(tmp_path, ending):
    path = tmp_path / f"net{ending}"
    with pytest.raises(ValueError, match=r"expected the ending `\.keras`"):
        save_model(Net(), path)
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="another ending"):
        load_model(path)


def test_a_weights_file_is_not_taken_for_an_old_model(tmp_path):
    (tmp_path / "x.weights.h5").write_bytes(b"")
    with pytest.raises(ValueError, match="holds weights only: make the model"):
        load_model(tmp_path / "x.weights.h5")


def test_a_folder_must_not_be_named_as_an_archive(path):
    with pytest.raises(ValueError, match="zipped=False"):
        save_model(Net(), path, zipped=False)


@pytest.mark.parametrize("path", ["hf://name/model", "gs://bucket/net.keras"])
def test_addresses_are_told_from_local_files(path):
    with pytest.raises(ValueError, match="local files"):
        load_model(path)


def test_a_missing_file_is_named(path):
    with pytest.raises(ValueError, match=r"File not found: filepath=.*net\.keras"):
        load_model(path)


@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file_is_refused(saved, part):
    size = os.path.getsize(saved)
    os.truncate(saved, int(size * part))
    with pytest.raises(ValueError, match="no zip archive, or only part of one"):
        load_model(saved, KNOWN)


def test_a_flipped_byte_in_the_weights_is_noticed(saved):
    with open(saved, "rb") as file:
        content = bytearray(file.read())
    content[content.index(b"\x89HDF") + 3000] ^= 255
    with open(saved, "wb") as file:
        file.write(content)
    with pytest.raises(ValueError, match=r"model\.weights\.h5 cannot be read"):
        load_model(saved, KNOWN)


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_missing_member_is_named(saved, name):
    rewrite(saved, lambda members: members.pop(name))
    with pytest.raises(ValueError, match=f"it holds no {name}"):
        load_model(saved, KNOWN)


def test_a_file_without_metadata_loads(saved):
    rewrite(saved, lambda members: members.pop("metadata.json"))
    assert values(*load_model(saved, KNOWN).body) == [5, 6]


@pytest.mark.parametrize(
    "name", ["../evil", "assets/../../evil", "/etc/evil", "..\\evil", "C:/evil", "assets/..\\..\\evil"]
)
def test_names_that_point_outside_of_the_archive_are_refused(saved, tmp_path, name):
    rewrite(saved, lambda members: members.update({name: b"x"}))
    with pytest.raises(ValueError, match="points outside of the archive"):
        load_model(saved, KNOWN)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"3", b'{"a": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_config_that_describes_no_model_is_refused(saved, text):
    rewrite(saved, lambda members: members.update({"config.json": text}))
    with pytest.raises(ValueError, match=r"config\.json"):
        load_model(saved, KNOWN)


def test_weights_that_are_no_hdf5_are_refused(saved):
    rewrite(saved, lambda members: members.update({"model.weights.h5": b"no weights"}))
    with pytest.raises(ValueError, match=r"net\.keras cannot be loaded: its weights are no HDF5 file"):
        load_model(saved, KNOWN)


def test_members_that_grow_beyond_belief_are_refused(saved, monkeypatch):
    monkeypatch.setattr(files, "_UNSUSPICIOUS_BYTES", 1 << 20)
    rewrite(saved, lambda members: members.update({"config.json": bytes(1 << 21)}))
    with pytest.raises(ValueError, match="claim 2,1"):
        load_model(saved, KNOWN)


def test_weights_that_do_not_fit_the_config_are_refused(saved):
    def shrink(members):
        config = json.loads(members["config.json"])
        config["config"]["body"][0]["config"]["shape"] = [2, 9]
        members["config.json"] = json.dumps(config).encode()

    rewrite(saved, shrink)
    with pytest.raises(ValueError, match=r"kernel \(2, 9\), the file has \(2, 3\)"):
        load_model(saved, KNOWN)


def test_an_encrypted_member_is_refused(saved):
    with open(saved, "rb") as file:
        content = bytearray(file.read())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.index(b"config.json", content.index(signature))
        content[content.rindex(signature, 0, start) + offset] |= 1
    with open(saved, "wb") as file:
        file.write(content)
    with pytest.raises(ValueError, match=r"config\.json cannot be read"):
        load_model(saved, KNOWN)


def test_an_unknown_class_is_named_with_what_to_pass(saved):
    with pytest.raises(TypeError, match="Could not locate class 'Net'") as caught:
        load_model(saved)
    assert 'custom_objects={"Net": Net}' in str(caught.value)
    with pytest.raises(TypeError, match="Could not locate class 'Dense'"):
        load_model(saved, {"Net": Net})


def test_configs_hold_arrays(path):
    class Holder(Net):
        def get_config(self):
            return {"name": self.name, "body": [], "extra": np.arange(3.0)}

    assert serialize_keras_object(Holder("h"))["config"]["extra"]["class_name"] == "__numpy__"
    save_model(Holder("h"), path)


def test_a_pickled_model_needs_no_registration():
    model = Net("net", [Dense(fill=5)])
    content, classes = pickle.loads(pickle.dumps(pickle_model(model)))
    assert classes == KNOWN
    assert values(*unpickle_model((content, classes)).body) == [5]
