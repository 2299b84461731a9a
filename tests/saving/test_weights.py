import h5py
import ml_dtypes
import numpy as np
import pytest
from tests.saving.standins import Dense, Model, Part, values

from lamina.core.errors import LaminaWarning
from lamina.core.variable import Variable
from lamina.saving import load_weights, save_weights


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "x.weights.h5")


def test_weights_come_back_as_they_were(path):
    save_weights(Model(a=Dense(fill=1), b=[Dense(fill=2)]), path)
    model = Model(a=Dense(fill=0), b=[Dense(fill=0)])
    load_weights(model, path)
    assert values(model.a, model.b[0]) == [1, 2]


def test_every_part_has_a_group_with_its_name_and_numbered_arrays(path):
    save_weights(Model(name="net", a=Dense(name="first")), path)
    with h5py.File(path) as file:
        assert file["vars"].attrs["name"] == "net"
        assert file["a/vars"].attrs["name"] == "first"
        assert list(file["a/vars"]) == ["0", "1"]
        assert file["a/vars/0"].shape == (2, 3)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float32", "int8", "uint32", "bool"])
def test_dtypes_come_back_exactly(path, dtype):
    save_weights(Model(a=Dense(fill=1, dtype=dtype)), path)
    seen = {}

    class Reader(Dense):
        def load_own_variables(self, store):
            seen.update(store)

    load_weights(Model(a=Reader()), path)
    assert seen["0"].dtype == (ml_dtypes.bfloat16 if dtype == "bfloat16" else np.dtype(dtype))
    assert np.all(seen["0"] == 1)


def test_a_misfit_names_every_part_that_does_not_fit_and_changes_nothing(path):
    save_weights(Model(a=Dense(fill=5), b=Dense((4, 7), fill=5), c=Dense((4, 8), fill=5), e=Dense()), path)
    model = Model(a=Dense(fill=1), b=Dense((2, 7), fill=2), c=Dense((4, 9), fill=3), d=Dense(fill=4))
    with pytest.raises(ValueError, match="do not fit the model") as caught:
        load_weights(model, path)
    told = str(caught.value)
    assert "b (dense" in told
    assert "kernel (2, 7), the file has (4, 7)" in told
    assert "kernel (4, 9), the file has (4, 8); bias (9,), the file has (8,)" in told
    assert "d (dense" in told
    assert "expected kernel (2, 3), bias (3,); the file has nothing" in told
    assert "not in the model: e" in told
    assert values(model.a, model.b, model.c, model.d) == [1, 2, 3, 4]


def test_a_part_that_fails_halfway_is_put_back(path):
    save_weights(Model(a=Dense((2, 3), fill=5)), path)
    with h5py.File(path, "a") as file:
        del file["a/vars/1"]
        file["a/vars/1"] = np.zeros(9)
    model = Model(a=Dense(fill=1))
    with pytest.warns(LaminaWarning, match=r"bias \(3,\), the file has \(9,\)"):
        load_weights(model, path, skip_mismatch=True)
    assert values(model.a) == [1]


def test_skip_mismatch_loads_what_fits(path):
    save_weights(Model(a=Dense(fill=5), b=Dense((4, 7))), path)
    model = Model(a=Dense(fill=1), b=Dense((2, 7), fill=2))
    with pytest.warns(LaminaWarning, match="b "):
        load_weights(model, path, skip_mismatch=True)
    assert values(model.a, model.b) == [5, 2]


def test_a_part_is_tried_under_its_other_names(path):
    save_weights(Model(layers=[Dense(fill=5)]), path)
    part = Dense(fill=1)
    load_weights(Model(a=part, layers=[part]), path)
    assert values(part) == [5]


def test_a_part_that_is_loaded_is_not_tried_again_when_one_inside_it_fails(path):
    outer = Dense(fill=5)
    outer.inner = Dense((4, 7), fill=5)
    save_weights(Model(a=outer), path)
    part = Dense(fill=1)
    part.inner = Dense((2, 7), fill=2)
    with pytest.warns(LaminaWarning, match="do not fit") as caught:
        load_weights(Model(a=part, layers=[part]), path, skip_mismatch=True)
    assert "layers/" not in str(caught[0].message)
    assert values(part, part.inner) == [5, 2]


def test_weights_without_a_place_in_the_model_are_warned_of(path):
    save_weights(Model(a=Dense(), b=Dense()), path)
    with pytest.warns(LaminaWarning, match="no place for: b"):
        load_weights(Model(a=Dense()), path)


def test_an_optimizer_in_the_file_alone_is_no_reason_for_a_warning(path, recwarn):
    save_weights(Model(a=Dense(), optimizer=Dense()), path)
    load_weights(Model(a=Dense()), path)
    assert not recwarn.list


def test_objects_to_skip_are_neither_written_nor_read(path):
    first = Model(a=Dense(fill=5), b=Dense(fill=5))
    save_weights(first, path, objects_to_skip=[first.b])
    with h5py.File(path) as file:
        assert "b" not in file
    second = Model(a=Dense(fill=1), b=Dense(fill=2))
    load_weights(second, path, objects_to_skip=[second.b])
    assert values(second.a, second.b) == [5, 2]


def test_a_part_may_make_its_variables_while_it_is_loaded(path):
    save_weights(Model(a=Dense(fill=5)), path)

    class Late(Part):
        def load_own_variables(self, store):
            self._trainable_variables = [Variable(store["0"])]

    model = Model(a=Late())
    load_weights(model, path)
    assert values(model.a) == [5]


def test_a_model_that_is_not_built_is_refused(path):
    with pytest.raises(ValueError, match="saving a model that has not yet been built"):
        save_weights(Part(), path)
    save_weights(Model(), path)
    with pytest.raises(ValueError, match="loading weights into a model that has not yet"):
        load_weights(Part(), path)


@pytest.mark.parametrize("ending", [".h5", ".keras", ".npz", ""])
def test_weights_are_written_to_no_other_ending(tmp_path, ending):
    with pytest.raises(ValueError, match=r"must end in `\.weights\.h5`"):
        save_weights(Model(), tmp_path / f"x{ending}")


def test_a_missing_file_is_named(path):
    with pytest.raises(ValueError, match=r"File not found: filepath=.*x\.weights\.h5"):
        load_weights(Model(), path)


@pytest.mark.parametrize("kept", [0, 3, 100, 900, -1])
def test_a_truncated_file_is_refused_and_the_model_stays_as_it_was(path, kept):
    save_weights(Model(a=Dense((64, 64), fill=5)), path)
    with open(path, "rb") as file:
        content = file.read()
    with open(path, "wb") as file:
        file.write(content[:kept])
    model = Model(a=Dense((64, 64), fill=1))
    with pytest.raises(ValueError, match="only part of one"):
        load_weights(model, path)
    assert values(model.a) == [1]


def hostile_soft_link(file, tmp_path):
    file["secret"] = np.zeros((2, 3))
    file["a/vars/0"] = h5py.SoftLink("/secret")


def hostile_external_link(file, tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["0"] = np.zeros((2, 3))
    file["a/vars/0"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/0")


def hostile_external_data(file, tmp_path):
    (tmp_path / "raw").write_bytes(bytes(24))
    file.create_dataset("a/vars/0", (2, 3), "f4", external=[(str(tmp_path / "raw"), 0, 24)])


def hostile_virtual_data(file, tmp_path):
    layout = h5py.VirtualLayout((2, 3), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "0", (2, 3))
    file.create_virtual_dataset("a/vars/0", layout)


def hostile_size(file, tmp_path):
    file.create_dataset("a/vars/0", (1 << 20, 1 << 20), "f4", chunks=(1024, 1024), compression="gzip")


def hostile_group_for_array(file, tmp_path):
    file.create_group("a/vars/0")


def hostile_array_for_group(file, tmp_path):
    del file["a/vars"]
    file["a/vars"] = np.zeros(3)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (hostile_soft_link, "is a link"),
        (hostile_external_link, "is a link"),
        (hostile_external_data, "values from other files"),
        (hostile_virtual_data, "values from other files"),
        (hostile_size, "next to none are stored"),
        (hostile_group_for_array, "should be an array"),
        (hostile_array_for_group, "should be a group"),
    ],
)
def test_a_hostile_file_is_refused_and_the_model_stays_as_it_was(path, tmp_path, make, told):
    save_weights(Model(a=Dense(fill=5), b=Dense(fill=5)), path)
    with h5py.File(path, "a") as file:
        del file["a/vars/0"]
        make(file, tmp_path)
    model = Model(a=Dense(fill=1), b=Dense(fill=2))
    with pytest.raises(ValueError, match=told):
        load_weights(model, path)
    assert values(model.a, model.b) == [1, 2]


def test_a_link_in_the_path_of_a_part_is_refused(path):
    save_weights(Model(a=Dense(fill=5), c=Dense(fill=5)), path)
    with h5py.File(path, "a") as file:
        file["b"] = h5py.SoftLink("/c")
    model = Model(a=Dense(fill=1), b=Dense(fill=2))
    with pytest.raises(ValueError, match="is a link"):
        load_weights(model, path)
    assert values(model.a, model.b) == [1, 2]
