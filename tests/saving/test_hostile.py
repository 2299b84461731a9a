"""Files made to do harm: each published flaw of this kind in Keras, and the classes behind them."""

import base64
import copy
import json
import marshal
import os
import shutil
import sys
import threading
import zipfile

import h5py
import numpy as np
import pytest

import lamina

FORBIDDEN = (
    "exec",
    "marshal.loads",
    "subprocess.Popen",
    "os.system",
    "socket.connect",
    "urllib.Request",
    "ctypes.dlopen",
)
watching = threading.local()


def watch(event, arguments):
    """Note what a load does that no load may do: run code, fetch, or open files that are not its own."""
    seen = getattr(watching, "seen", None)
    if seen is None:
        return
    if event in FORBIDDEN or event == "import":
        seen.append((event, str(arguments[0])))
    if event == "open" and isinstance(arguments[0], str):
        seen.append((event, arguments[0]))


sys.addaudithook(watch)


@pytest.fixture(scope="module")
def valid(tmp_path_factory):
    """A good file in each format; loading them first also imports what every load imports."""
    folder = tmp_path_factory.mktemp("valid")
    layers = lamina.layers
    model = lamina.Sequential([lamina.Input((3,)), layers.Dense(2, name="d"), layers.Activation("relu")], name="s")
    model.save(folder / "model.keras")
    with pytest.warns(UserWarning, match="old HDF5"):
        model.save(folder / "model.h5")
    lamina.models.load_model(folder / "model.keras")
    lamina.models.load_model(folder / "model.h5")
    return folder


def with_config(valid, target, change, ending=".keras"):
    """Copy a good file with the description of its model changed."""
    path = str(target / f"model{ending}")
    if ending == ".h5":
        shutil.copy(valid / "model.h5", path)
        with h5py.File(path, "a") as file:
            config = json.loads(file.attrs["model_config"])
            file.attrs["model_config"] = json.dumps(change(config) or config)
        return path
    with zipfile.ZipFile(valid / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    members["config.json"] = json.dumps(change(config) or config)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def loaded(path, **options):
    """Load a file under watch; return the error and what was seen."""
    watching.seen = []
    try:
        with pytest.raises((ValueError, lamina.core.errors.LaminaError)) as caught:
            lamina.models.load_model(path, **options)
    finally:
        seen, watching.seen = watching.seen, None
    return caught.value, seen


def harmless(seen, path):
    """Whether nothing ran and nothing was opened but the file, its temporary folder and our own sources."""
    ours = (os.path.dirname(lamina.__file__), str(path), "/tmp/tmp", sys.prefix, sys.base_prefix)
    opened = [name for event, name in seen if event == "open" and not name.startswith(ours)]
    imported = [name for event, name in seen if event == "import" and not name.startswith("lamina")]
    ran = [(event, name) for event, name in seen if event in FORBIDDEN and "site-packages" not in name]
    return [*opened, *imported, *ran] == []


def bytecode(expression):
    return base64.b64encode(marshal.dumps(compile(expression, "evil", "eval"))).decode()


EVIL = "__import__('os').system('touch /tmp/lamina_was_here')"


def last_layer(make):
    def change(config):
        config["config"]["layers"][-1] = make

    return change


def lambda_layer(**changes):
    code = {"class_name": "__lambda__", "config": {"code": bytecode(EVIL), "defaults": None, "closure": None}}
    config = {"name": "evil", "trainable": True, "function": code, "arguments": {}, **changes}
    return {"module": "keras.layers", "class_name": "Lambda", "config": config, "registered_name": None}


def gadget(module, name, /, **config):
    return {"module": module, "class_name": name, "config": config, "registered_name": None}


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


KERAS_FILES = {
    "CVE-2024-3660: bytecode of a lambda": lambda_layer(),
    "CVE-2024-3660: as a list, as Keras 2 wrote it": lambda_layer(function=[bytecode(EVIL), None, None]),
    "CVE-2024-3660: as the shape": lambda_layer(function=function("keras.ops", "relu"), output_shape=lambda_layer()),
    "CVE-2025-1550: a class of any module": gadget("subprocess", "Popen", args="true"),
    "CVE-2025-1550: a function of any module": lambda_layer(function=function("os", "system"), arguments={"x": "true"}),
    "CVE-2025-1550: a builtin": lambda_layer(function=function("builtins", "eval")),
    "CVE-2025-8747: the library's own download": lambda_layer(
        function=function("keras.utils", "get_file"), arguments={"origin": "http://localhost:1/x"}
    ),
    "CVE-2025-8747: another helper": lambda_layer(function=function("keras.src.utils.file_utils", "get_file")),
    "CVE-2025-9906: switching safe mode off": gadget("keras.config", "enable_unsafe_deserialization"),
    "CVE-2025-9906: as a function": lambda_layer(function=function("keras.config", "enable_unsafe_deserialization")),
    "CVE-2025-9906: from the core": lambda_layer(
        function=function("lamina.core.config", "enable_unsafe_deserialization")
    ),
    "CVE-2025-12058: a vocabulary from a path": gadget("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    "CVE-2025-12058: a vocabulary from an address": gadget(
        "keras.layers", "TextVectorization", vocabulary="http://localhost:1/x"
    ),
    "CVE-2025-49655: a pickle in a wrapped module": gadget(
        "keras.layers", "TorchModuleWrapper", module=base64.b64encode(b"cos\nsystem\n(S'true'\ntR.").decode()
    ),
    "CVE-2026-1462: a saved model from a path": gadget("keras.layers", "TFSMLayer", filepath="/etc"),
    "a private name": gadget("keras.layers", "_Layer"),
    "a module by its path": gadget("lamina.saving.api", "load_model", filepath="/etc/passwd"),
    "a class that is none": gadget("keras.layers", "__class__"),
    "a name that is no text": gadget("keras.layers", ["Dense"]),
    "a policy that is none": gadget("keras.layers", "Dense", units=2, dtype={"class_name": "__bytes__", "config": {}}),
    "an array of text that is large": gadget(
        "keras.layers", "Dense", units={"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "U900000000"}}
    ),
    "a huge layer": gadget("keras.layers", "Dense", name="big", units=10**11),
    "a huge table": gadget("keras.layers", "Embedding", name="big", input_dim=10**9, output_dim=10**6),
    "a negative size": gadget("keras.layers", "Dense", units=-1),
    "more windows than pixels": gadget("keras.layers", "AdaptiveMaxPooling1D", output_size=10**9),
    "more tiles than pixels": gadget(
        "keras.layers", "ContrastLimitedAdaptiveHistogramEqualization", tile_grid_size=[10**9, 1]
    ),
    "a size that is text": gadget("keras.layers", "Dense", units="x" * 100),
}


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("layer", KERAS_FILES.values(), ids=KERAS_FILES)
def test_nothing_a_file_names_is_run_imported_or_opened(valid, tmp_path, layer, ending):
    path = with_config(valid, tmp_path, last_layer(layer), ending)
    _, seen = loaded(path)
    assert harmless(seen, path), seen
    assert not os.path.exists("/tmp/lamina_was_here")


def test_the_watch_would_notice(tmp_path):
    watching.seen = []
    exec("1 + 1")
    seen, watching.seen = watching.seen, None
    assert not harmless(seen, tmp_path)


def test_lambdas_of_old_files_are_refused_with_the_way_out(valid, tmp_path):
    """CVE-2025-9905: old files paid no attention to the safe mode."""
    evil = {"name": "evil", "function": [bytecode(EVIL), None, None], "function_type": "lambda", "module": "os"}
    path = with_config(valid, tmp_path, last_layer({"class_name": "Lambda", "config": evil}), ".h5")
    error, seen = loaded(path)
    assert "safe_mode=False" in str(error)
    assert harmless(seen, path)


def test_the_safe_mode_of_a_load_is_not_undone_from_inside(valid, tmp_path):
    nested = {"module": "keras", "class_name": "Sequential", "config": {"name": "s", "layers": [lambda_layer()]}}
    nested["config"]["safe_mode"] = False
    path = with_config(valid, tmp_path, last_layer(nested))
    assert "safe_mode=False" in str(loaded(path)[0])


def deep(depth):
    layer = gadget("keras.layers", "Activation", activation="relu")
    for _ in range(depth):
        layer = gadget("keras.layers", "TimeDistributed", layer=layer)
    return layer


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_deep_nesting_is_an_error(valid, tmp_path, ending):
    path = with_config(valid, tmp_path, last_layer(deep(90)), ending)
    loaded(path)


@pytest.mark.parametrize(("name", "argument"), [("AUC", "num_thresholds"), ("MeanIoU", "num_classes")])
def test_a_metric_is_not_larger_than_the_file_justifies(valid, tmp_path, name, argument):
    metric = gadget("keras.metrics", name, **{argument: 10**9})
    optimizer = gadget("keras.optimizers", "SGD", learning_rate=0.1)

    def change(config):
        config["compile_config"] = {"optimizer": optimizer, "loss": "mse", "metrics": [metric]}

    assert "takes far more memory" in str(loaded(with_config(valid, tmp_path, change))[0])


def test_a_table_is_not_larger_than_the_file_justifies(valid, tmp_path):
    lookup = gadget("keras.layers", "IntegerLookup", vocabulary=[1, 2], num_oov_indices=10**9)
    assert "takes far more memory" in str(loaded(with_config(valid, tmp_path, last_layer(lookup)))[0])


def evil_archive(valid, path, change):
    with zipfile.ZipFile(valid / "model.keras") as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in change(members):
            archive.writestr(name, content)
    return str(path)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(valid, tmp_path):
    path = evil_archive(valid, tmp_path / "x.keras", lambda members: [*members, ("config.json", b"{}")])
    assert "two members of the same name" in str(loaded(path)[0])


def test_many_members_that_grow_together_are_refused(valid, tmp_path):
    bombs = [(f"assets/{i}", bytes(1 << 22)) for i in range(17)]
    path = evil_archive(valid, tmp_path / "x.keras", lambda members: members + bombs)
    error, _ = loaded(path)
    assert "claim" in str(error)


def test_a_link_in_an_archive_is_only_text(valid, tmp_path):
    """CVE-2025-12060 and CVE-2025-12638: links and paths in archives that lead elsewhere."""
    link = zipfile.ZipInfo("assets/link")
    link.external_attr = 0o120777 << 16
    path = evil_archive(valid, tmp_path / "x.keras", lambda members: [*members, (link, b"/etc/passwd")])
    assert lamina.models.load_model(path).count_params() == 8


def test_names_of_layers_lead_nowhere(valid, tmp_path):
    """CVE-2026-12479: a name with `../` in it was part of the path where a layer's files went."""

    def named(name):
        return with_config(valid, tmp_path, lambda config: config["config"]["layers"][1]["config"].update(name=name))

    with pytest.raises(lamina.core.errors.LaminaError, match="cannot contain character `/`"):
        lamina.models.load_model(named("../outside"))
    lamina.models.load_model(named("..")).save(tmp_path / "again.keras")
    with zipfile.ZipFile(tmp_path / "again.keras") as archive:
        assert not any(".." in name for name in archive.namelist())


def test_a_link_in_a_folder_is_refused(valid, tmp_path):
    with zipfile.ZipFile(valid / "model.keras") as archive:
        archive.extractall(tmp_path / "model")
    os.remove(tmp_path / "model/config.json")
    os.symlink("/etc/passwd", tmp_path / "model/config.json")
    assert "is a link" in str(loaded(str(tmp_path / "model"))[0])


def evil_hdf5(valid, tmp_path, change):
    path = str(tmp_path / "model.h5")
    shutil.copy(valid / "model.h5", path)
    with h5py.File(path, "a") as file:
        change(file, tmp_path)
    return path


def replaced(make):
    def change(file, tmp_path):
        del file["model_weights/d/s/d/kernel"]
        make(file["model_weights/d/s/d"], tmp_path)

    return change


def other_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = np.zeros((3, 2))
    return str(tmp_path / "other.h5")


def external_link(group, tmp_path):
    group["kernel"] = h5py.ExternalLink(other_file(tmp_path), "/x")


def soft_loop(group, tmp_path):
    group["kernel"] = h5py.SoftLink("/model_weights/d/s/d/kernel")


def external_data(group, tmp_path):
    (tmp_path / "raw").write_bytes(bytes(24))
    group.create_dataset("kernel", (3, 2), "f4", external=[(str(tmp_path / "raw"), 0, 24)])


def virtual(group, tmp_path):
    layout = h5py.VirtualLayout((3, 2), "f4")
    layout[:] = h5py.VirtualSource(other_file(tmp_path), "x", (3, 2))
    group.create_virtual_dataset("kernel", layout)


def huge(group, tmp_path):
    group.create_dataset("kernel", (1 << 20, 1 << 20), "f4", chunks=(1 << 10, 1 << 10))


def huge_chunk(group, tmp_path):
    group.create_dataset("kernel", (3, 2), "f4", chunks=(1 << 14, 1 << 12), maxshape=(None, None), compression="gzip")


def text(group, tmp_path):
    group["kernel"] = np.array([[b"a", b"b"]] * 3)


def a_group(group, tmp_path):
    group.create_group("kernel")


HOSTILE_WEIGHTS = {
    "CVE-2026-1669: a link to another file": external_link,
    "CVE-2026-1669: values from another file": external_data,
    "CVE-2026-1669 and CVE-2026-12480: a virtual array": virtual,
    "CVE-2026-0897 and CVE-2026-12570: a huge array": huge,
    "CVE-2026-12570: a huge chunk": huge_chunk,
    "a link to itself": soft_loop,
    "text": text,
    "a group": a_group,
}


@pytest.mark.parametrize("make", HOSTILE_WEIGHTS.values(), ids=HOSTILE_WEIGHTS)
def test_weights_of_an_archive_that_lie_elsewhere_or_nowhere_are_refused(valid, tmp_path, make):
    with zipfile.ZipFile(valid / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    weights = tmp_path / "weights"
    weights.write_bytes(members["model.weights.h5"])
    with h5py.File(weights, "a") as file:
        del file["layers/dense/vars/0"]
        make(file["layers/dense/vars"], tmp_path)
        file.move("layers/dense/vars/kernel", "layers/dense/vars/0")
    path = str(tmp_path / "model.keras")
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {**members, "model.weights.h5": weights.read_bytes()}.items():
            archive.writestr(name, content)
    loaded(path)  # imports what telling of a misfit imports
    error, seen = loaded(path)
    assert isinstance(error, ValueError)
    assert harmless(seen, path)


@pytest.mark.parametrize("make", HOSTILE_WEIGHTS.values(), ids=HOSTILE_WEIGHTS)
def test_weights_that_lie_elsewhere_or_nowhere_are_refused(valid, tmp_path, make):
    path = evil_hdf5(valid, tmp_path, replaced(make))
    _, seen = loaded(path)
    assert harmless(seen, path)
    model = lamina.models.load_model(valid / "model.h5")
    before = model.get_weights()
    with pytest.raises(ValueError):
        model.load_weights(path)
    for now, then in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(now, then)


def soft_group(file, tmp_path):
    del file["model_weights"]
    file["model_weights"] = h5py.SoftLink("/model_weights")


def external_group(file, tmp_path):
    del file["model_weights"]
    file["model_weights"] = h5py.ExternalLink(other_file(tmp_path), "/")


def names_that_are_numbers(file, tmp_path):
    file["model_weights"].attrs["layer_names"] = [1, 2]


def names_that_lead_out(file, tmp_path):
    file["model_weights/d"].attrs["weight_names"] = [b"../../d/kernel", b"/"]


def config_that_is_a_number(file, tmp_path):
    file.attrs["model_config"] = 3


def no_json(file, tmp_path):
    file.attrs["model_config"] = "[" * 50_000


@pytest.mark.parametrize(
    "change",
    [soft_group, external_group, names_that_are_numbers, names_that_lead_out, config_that_is_a_number, no_json],
)
def test_the_parts_of_an_old_file_are_not_believed(valid, tmp_path, change):
    loaded(evil_hdf5(valid, tmp_path, change))


def test_a_huge_input_alone_takes_no_memory(valid, tmp_path):
    def change(config):
        config["config"]["layers"][0]["config"]["batch_shape"] = [None, 10**12]
        config["config"]["layers"][1].pop("build_config")

    error, _ = loaded(with_config(valid, tmp_path, change))
    assert "far more memory" in str(error)


def many_names_of_one_array(group, names):
    """Store 8 MB of zeros, packed to a few KB, under many names."""
    group.create_dataset("0", data=np.zeros((1 << 21,), "f4"), chunks=(1 << 18,), compression="gzip")
    for i in range(1, names):
        group[str(i)] = group["0"]


def test_one_array_under_many_names_is_a_bomb(valid, tmp_path):
    def change(file, tmp_path):
        many_names_of_one_array(file["model_weights/d"], 2)
        file["model_weights/d"].attrs["weight_names"] = [b"/" * i + b"0" for i in range(20)]

    error, _ = loaded(evil_hdf5(valid, tmp_path, change))
    assert "would be read as" in str(error)


def test_the_editor_reads_no_bomb(tmp_path):
    path = str(tmp_path / "x.weights.h5")
    with h5py.File(path, "w") as file:
        many_names_of_one_array(file.create_group("layers/dense/vars"), 20)
    with pytest.raises(ValueError, match="would be read as"):
        lamina.saving.KerasFileEditor(path)


def test_members_of_an_archive_that_lie_on_top_of_each_other_are_refused(valid, tmp_path):
    path = tmp_path / "x.keras"
    shutil.copy(valid / "model.keras", path)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("assets/0", bytes(1 << 24))
        first = archive.getinfo("assets/0")
        for i in range(1, 20):
            again = copy.copy(first)
            again.filename, again.compress_size = f"assets/{i}", 1 << 20
            archive.filelist.append(again)
    assert "claim" in str(loaded(str(path))[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes are of Unix")
def test_a_pipe_in_a_folder_is_not_waited_for(valid, tmp_path):
    with zipfile.ZipFile(valid / "model.keras") as archive:
        archive.extractall(tmp_path / "model")
    os.remove(tmp_path / "model/metadata.json")
    os.mkfifo(tmp_path / "model/metadata.json")
    assert "no ordinary file" in str(loaded(str(tmp_path / "model"))[0])


@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(?x)(a+) +b", "(?x)(a+) # so\n+b", "a*a*a*a*a*a*b", "(a|a)" * 40 + "b", "a?" * 40 + "b"]
)
def test_patterns_that_never_come_to_an_end_are_refused(valid, tmp_path, pattern):
    """The time that a regular expression takes can double with every letter of the name it is held against."""
    policies = gadget("keras.dtype_policies", "DTypePolicyMap", default_policy=None, policy_map={pattern: {}})
    layer = gadget("keras.layers", "Activation", name="a" * 40, activation="relu", dtype=policies)
    error, _ = loaded(with_config(valid, tmp_path, last_layer(layer)))
    assert "regular expression" in str(error)


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda pattern: lamina.optimizers.Muon(exclude_layers=[pattern]),
        lambda pattern: lamina.optimizers.MultiOptimizer(
            lamina.optimizers.OptimizerMap(lamina.optimizers.SGD(), {pattern: lamina.optimizers.SGD()})
        ),
    ],
)
def test_patterns_of_optimizers_are_looked_at_before_there_are_variables(optimizer):
    description = lamina.optimizers.serialize(optimizer("(a+)+b"))
    with pytest.raises(ValueError, match="regular expression"):
        lamina.optimizers.deserialize(description)


@pytest.mark.parametrize(
    "pattern",
    [
        ".*/attention/.*/(query|key|value|output).*",
        ".*decoder.*attention.*query.*",
        f"(encoder|decoder)_({'|'.join(map(str, range(32)))})/(ffn|norm)(_out)?/.*?",
    ],
)
def test_patterns_as_people_write_them_are_read(pattern):
    policies = lamina.dtype_policies.DTypePolicyMap("float32", {pattern: lamina.DTypePolicy("bfloat16")})
    again = lamina.saving.deserialize_keras_object(lamina.saving.serialize_keras_object(policies))
    assert list(again) == [pattern]


def test_no_arrays_are_made_on_behalf_of_a_file(valid, tmp_path):
    """A layer of a graph that is called with numbers alone would compute there and then, `ones([n, n])` for any n."""
    inputs = lamina.Input((3,), name="x")
    ones = lamina.layers.Lambda(lamina.ops.ones_like, name="ones")
    graph = lamina.saving.serialize_keras_object(lamina.Model(inputs, ones(inputs)))
    layer = graph["config"]["layers"][1]
    layer["config"]["function"]["config"] = "ones"
    layer["inbound_nodes"] = [{"args": [], "kwargs": {"inputs": [10**4, 10**4]}}]
    error, _ = loaded(with_config(valid, tmp_path, lambda config: graph))
    assert "without a tensor" in str(error)


@pytest.mark.parametrize(
    "load",
    [
        lambda layer: lamina.layers.Lambda.from_config(layer["config"]),
        lamina.layers.deserialize,
        lambda layer: lamina.Sequential.from_config({"name": "s", "layers": [layer]}),
        lambda layer: lamina.models.model_from_json(
            json.dumps(gadget("keras", "Sequential", name="s", layers=[layer]))
        ),
    ],
)
def test_lambdas_are_refused_outside_of_files_too(load):
    """CVE-2026-12481: where no safe mode was set, none was assumed."""
    with pytest.raises(ValueError, match="safe_mode=False"):
        load(lambda_layer())


@pytest.mark.parametrize(
    ("make", "argument", "value"),
    [
        (lambda x: lamina.ops.diff(x, n=2), "n", 10**8),
        (lambda x: lamina.ops.split(x, 2, axis=1), "indices_or_sections", 10**8),
        (lambda x: lamina.ops.split(x, 2, axis=1), "indices_or_sections", [1] * 30_000),
        (lambda x: lamina.ops.unstack(x, 2, axis=1), "num", 10**8),
    ],
    ids=["differences", "parts", "places", "slices"],
)
def test_a_graph_takes_no_more_steps_than_models_have(tmp_path, make, argument, value):
    x = lamina.Input((2,))
    lamina.Model(x, make(x)).save(tmp_path / "model.keras")

    def change(config):
        config["config"]["layers"][-1]["config"][argument] = value

    (tmp_path / "evil").mkdir()
    assert "write out" in str(loaded(with_config(tmp_path, tmp_path / "evil", change))[0])
