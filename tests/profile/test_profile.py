"""model.profile: what is counted is exact, what is measured adds up."""

import json

import numpy as np
import pytest

import lamina
from lamina import layers
from lamina.profile.in_place import _instructions, _own_times
from lamina.profile.measure import timed


@pytest.fixture(scope="module")
def answer():
    model = lamina.Sequential(
        [
            lamina.Input((12, 12, 1)),
            layers.Conv2D(8, 3, activation="relu", name="conv"),
            layers.MaxPooling2D(name="pool"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="top"),
        ],
        name="small",
    )
    model.compile("adam", "mse")
    return model, model.profile(batch_size=4, seconds=0.02)


def test_counted_work_is_that_of_explain_times_the_batch(answer):
    model, told = answer
    for layer, explained in zip(told.layers, model.explain().layers, strict=True):
        assert layer.multiply_adds == 4 * explained.multiply_adds


def test_the_shares_add_up_to_the_measured_step(answer):
    _, told = answer
    total = sum(told.in_place(layer.name) for layer in told.layers) + told.in_place("(other)")
    total += told.in_place("(optimizer)")
    assert total == pytest.approx(told.step.median)


def test_layers_are_found_in_the_compiled_program(answer):
    _, told = answer
    assert told["conv"].share.total > 0
    assert told["top"].share.backward > 0
    assert told.in_place("(other)") < 0.5 * told.step.median


def test_everything_is_data_and_text(answer):
    _, told = answer
    data = json.loads(told.to_json())
    assert [layer["name"] for layer in data["layers"]] == ["conv", "pool", "flat", "top"]
    assert data["machine"]["flops"] > 0
    assert str(told).startswith('Profile of "small"  4 samples at once')
    remedies = [line.split(": ", 1)[1] for line in told.advice()]
    assert 1 <= len(remedies) == len(set(remedies)) <= 3


def test_memory_is_that_of_weights_and_outputs(answer):
    model, told = answer
    assert told.memory.parameters == 4 * model.count_params()
    assert told.memory.activations == 4 * 4 * (10 * 10 * 8 + 2 * 5 * 5 * 8 + 10)
    assert told.memory.peak > 3 * told.memory.parameters  # weights and what adam keeps of them
    assert "at its peak the step has" in str(told)


def test_forward_backward_and_update_have_times_of_their_own(answer):
    _, told = answer
    conv = told["conv"]
    assert conv.backward == pytest.approx(max(conv.both.median - conv.forward.median, 0))
    assert f"{conv.forward.median * 1e3:.3f}" in str(told)
    assert f"{conv.backward * 1e3:.3f}" in str(told)
    assert told.to_dict()["layers"][0]["alone_backward"] == told.layers[0].backward


def test_the_optimizer_has_its_own_time(answer):
    _, told = answer
    assert told.update.total > 0
    assert told["conv"].update.median > 0
    assert told["pool"].update is None
    assert "(optimizer)" in str(told)


def test_the_roofline_is_that_of_the_definition(answer):
    _, told = answer
    layer, machine = told["conv"], told.machine
    seconds = max(2 * layer.multiply_adds / machine.flops, layer.bytes / machine.bandwidth_for(layer.bytes))
    assert layer.reached(machine) == pytest.approx(seconds / layer.forward.median)
    assert layer.intensity == 2 * layer.multiply_adds / layer.bytes


def test_the_flame_chart_fills_the_step(answer, tmp_path):
    _, told = answer
    told.save(tmp_path / "flame.json")
    events = json.loads((tmp_path / "flame.json").read_text())["traceEvents"]
    lowest = [event for event in events if event["name"] in ("conv", "pool", "flat", "top", "optimizer", "(other)")]
    ends = {event["ts"] + event["dur"] for event in lowest}
    assert max(ends) == pytest.approx(told.step.median * 1e6)
    told.save(tmp_path / "flame.html")
    assert 'title="conv: ' in (tmp_path / "flame.html").read_text()


def test_two_batch_sizes_and_two_models_are_compared():
    model = lamina.Sequential([lamina.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(2)], name="first")
    other = lamina.Sequential([lamina.Input((3,)), layers.Dense(2, name="other")], name="second")
    told = lamina.profile(model, batch_size=(2, 8), seconds=0.005)
    assert (told.first.batch, told.second.batch) == (2, 8)
    assert "batch 2" in str(told)
    told = lamina.profile(model, other, batch_size=2, seconds=0.005)
    assert [row.split()[0] for row in str(told).splitlines()[4:-2]] == ["hidden", "dense", "other"]
    assert set(json.loads(told.to_json())) == {"labels", "first", "second"}


def test_inputs_are_given_in_the_order_of_the_model():
    a, b = lamina.Input((5,)), lamina.Input((3,))
    model = lamina.Model([a, b], layers.Concatenate()([a, layers.Dense(4, name="hidden")(b)]))
    assert model.profile(batch_size=2, seconds=0.002)["hidden"].multiply_adds == 2 * 3 * 4


class Skipping(lamina.Model):
    """Computes between its layers: the tensors that `second` gets are no layer's outputs."""

    def __init__(self):
        super().__init__()
        self.first, self.second = layers.Dense(3), layers.Dense(2)

    def call(self, x):
        a, b = x if isinstance(x, list | tuple) else (x, x)
        return self.second(self.first(a) + b)


@pytest.mark.parametrize("inputs", [None, np.ones((4, 3), "float32"), [np.ones((4, 3), "float32")] * 2])
def test_a_model_may_compute_between_its_layers(inputs):
    model = Skipping()
    model(np.ones((1, 3)) if inputs is None else inputs)
    found = model.profile(inputs, batch_size=4, seconds=0.001)
    assert [layer.multiply_adds for layer in found.layers] == [4 * 9, 4 * 6]
    assert found.batch == 4


def test_sizes_that_are_not_known_are_asked_for():
    x = lamina.Input((None, 3))
    model = lamina.Model(x, layers.Dense(2)(x))
    with pytest.raises(ValueError, match="Give data"):
        model.profile()
    assert model.profile(np.ones((2, 5, 3), "float32"), seconds=0.01).batch == 2


def test_profiling_changes_nothing():
    model = lamina.Sequential([lamina.Input((3,)), layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(2)])
    before = [np.array(v.value) for v in model.variables]
    model.profile(seconds=0.01)
    assert all((a == np.asarray(v.value)).all() for a, v in zip(before, model.variables, strict=True))


def test_time_inside_a_loop_is_not_counted_twice():
    events = [(0, 100, "while"), (10, 30, "dot"), (50, 20, "add"), (100, 5, "copy")]
    found = {name: round(seconds * 1e9) for name, seconds in _own_times(events)}
    assert found == {"while": 50, "dot": 30, "add": 20, "copy": 5}


def test_fused_instructions_name_all_their_layers():
    text = """
%fused (p: f32[2]) -> f32[2] {
  %a = f32[2] add(%p, %p), metadata={op_name="jit(f)/jvp(net)/one/add"}
  ROOT %b = f32[2] multiply(%a, %a), metadata={op_name="jit(f)/transpose(jvp(net))/two/mul"}
}
ENTRY %main (x: f32[2]) -> f32[2] {
  ROOT %fusion.1 = f32[2] fusion(%x), kind=kLoop, calls=%fused
}"""
    assert _instructions(text, {"one", "two"})["fusion.1"] == (("two", "one"), True)


def test_a_time_has_its_spread():
    found = timed(lambda: 1, seconds=0.0, fewest=7)
    assert found.runs == 7
    assert found.low <= found.median <= found.high
