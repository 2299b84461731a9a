"""What all optimizers have in common."""

import warnings

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from tests.optimizers import oracle

from lamina import optimizers
from lamina.core.registry import CustomObjectScope
from lamina.core.variable import Variable
from lamina.optimizers import schedules

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def test_public_names_are_those_of_keras():
    assert set(optimizers.__all__) == {n for n in dir(keras.optimizers) if not n.startswith("_")}
    assert set(optimizers.legacy.__all__) == {n for n in dir(keras.optimizers.legacy) if not n.startswith("_")}


def test_legacy_names_refuse_with_the_name_to_use():
    with pytest.raises(ImportError, match=r"optimizers\.Adam"):
        optimizers.legacy.Adam(0.1)


@pytest.mark.parametrize("name", ["adam", "Adam", "ADAM", "sgd", "SGD", "rmsprop", "RMSprop", "adamw", "AdamW"])
def test_get_takes_names_in_any_case(name):
    assert type(optimizers.get(name)).__name__.lower() == name.lower()


def test_get_takes_configs_classes_and_optimizers():
    adam = optimizers.Adam(0.5)
    assert optimizers.get(adam) is adam
    assert optimizers.get(None) is None
    assert optimizers.get(optimizers.serialize(adam)).get_config() == adam.get_config()
    assert type(optimizers.get({"class_name": "aDaM", "config": {}})) is optimizers.Adam
    assert type(optimizers.get(optimizers.Adam)) is optimizers.Adam


def test_get_refuses_an_unknown_name_and_shows_the_nearest():
    with pytest.raises(ValueError, match=r"Did you mean .*'Adam'"):
        optimizers.get("adem")
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier"):
        optimizers.get(3)
    with pytest.raises(ValueError, match="Could not interpret optimizer identifier"):
        optimizers.get(abs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": 1}, "`learning_rate` should be float"),
        ({"learning_rate": "0.1"}, "`learning_rate` should be float"),
        ({"clipnorm": 1.0, "clipvalue": 1.0}, "Only one of"),
        ({"gradient_accumulation_steps": 1}, "`gradient_accumulation_steps` must be an integer >= 2"),
        ({"use_ema": True, "ema_momentum": 1.5}, "`ema_momentum` must be in the range"),
        ({"use_ema": True, "ema_overwrite_frequency": 0.5}, "`ema_overwrite_frequency` must be an integer"),
        ({"speed": 3}, "not recognized: {'speed': 3}"),
        ({"momentum": 1}, "`momentum` must be a float"),
        ({"momentum": 1.5}, "`momentum` must be a float"),
    ],
)
def test_wrong_arguments_are_refused_as_by_keras(options, message):
    with pytest.raises(ValueError, match=message):
        optimizers.SGD(**options)
    with pytest.raises(ValueError, match=r".+"):
        keras.optimizers.SGD(**options)


def test_the_argument_decay_of_old_code_is_ignored_with_a_warning():
    with pytest.warns(UserWarning, match="`decay` is no longer supported"):
        optimizers.SGD(0.1, decay=1e-6)


def test_the_learning_rate_is_read_set_and_assigned():
    optimizer = optimizers.SGD(0.5)
    assert optimizer.learning_rate.path == f"{optimizer.name}/learning_rate"
    optimizer.learning_rate = 0.25
    assert float(optimizer.learning_rate) == 0.25
    optimizer.learning_rate.assign(0.125)
    assert optimizer.get_config()["learning_rate"] == 0.125


def test_a_schedule_set_later_takes_the_place_of_the_variable():
    optimizer, other = optimizers.SGD(0.5), keras.optimizers.SGD(0.5)
    optimizer.learning_rate = schedules.ExponentialDecay(0.1, 1, 0.5)
    other.learning_rate = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    assert [v.name for v in optimizer.variables] == [v.name for v in other.variables] == ["iteration"]
    assert float(optimizer.learning_rate) == float(other.learning_rate)
    with pytest.raises(TypeError, match="cannot be set to a number"):
        optimizer.learning_rate = 0.5


def test_a_callable_is_asked_for_the_learning_rate_at_every_step():
    rates = iter([1.0, 0.5])
    optimizer, v = optimizers.SGD(lambda: next(rates)), Variable([0.0])
    for _ in range(2):
        optimizer.apply([np.array([1.0])], [v])
    assert v.numpy().tolist() == [-1.5]


def test_weight_decay_spares_what_is_excluded():
    def run(library, make):
        kernel, bias, scale = oracle.variables(library)[:3]
        optimizer = make(weight_decay=0.5, learning_rate=0.1)
        optimizer.exclude_from_weight_decay(var_list=[scale], var_names=["bi.s"])
        optimizer.apply([np.zeros(v.shape, "float32") for v in (kernel, bias, scale)], [kernel, bias, scale])
        return [kernel, bias, scale]

    ours, theirs = run("lamina", optimizers.AdamW), run("keras", keras.optimizers.AdamW)
    oracle.assert_equal_values(ours, theirs)
    first = list(oracle.start().values())
    assert not np.allclose(ours[0].numpy(), first[0])
    assert np.array_equal(ours[1].numpy(), first[1])
    assert np.array_equal(ours[2].numpy(), first[2])


def test_weight_decay_is_configured_before_build():
    optimizer = optimizers.AdamW()
    optimizer.build([Variable([1.0])])
    with pytest.raises(ValueError, match="only be configured before"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_a_variable_without_gradient_is_left_and_named_in_a_warning():
    parts = oracle.variables("lamina")
    first = parts[1].numpy()
    grads = oracle.gradients(1)[0]
    grads[1] = None
    optimizer = optimizers.Adam(0.1, weight_decay=0.1)
    with pytest.warns(UserWarning, match=r"Gradients do not exist for variables \['dense/bias'\]"):
        optimizer.apply(grads, parts)
    assert np.array_equal(parts[1].numpy(), first)
    with pytest.raises(ValueError, match="No gradients provided for any variable"):
        optimizer.apply([None] * 4)


def test_an_empty_list_of_gradients_does_nothing():
    optimizer = optimizers.SGD()
    optimizer.apply([])
    assert int(optimizer.iterations) == 0


def test_lists_that_do_not_fit_are_refused():
    optimizer, v = optimizers.SGD(), Variable([1.0])
    with pytest.raises(ValueError, match="must already be built"):
        optimizer.apply([jnp.ones(1)])
    with pytest.raises(ValueError, match="must be built"):
        optimizer.stateless_apply([], [], [])
    optimizer.apply([jnp.ones(1)], [v])
    with pytest.raises(ValueError, match="Unknown variable"):
        optimizer.apply([jnp.ones(1)], [Variable([1.0])])
    with pytest.raises(ValueError, match="one gradient per variable"):
        optimizer.apply([jnp.ones(1), jnp.ones(1)])
    with pytest.raises(ValueError, match="`optimizer_variables` must hold one value"):
        optimizer.stateless_apply([1], [jnp.ones(1)], [v.value])


def test_constraints_hold_after_each_step():
    v = Variable([1.0, 3.0])
    v.constraint = lambda w: jnp.clip(w, 0.0, 1.0)
    optimizers.SGD(0.5).apply([jnp.array([4.0, 1.0])], [v])
    assert v.numpy().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("accumulation", [None, 2])
def test_a_variable_that_is_overwritten_with_its_gradient_gets_no_slots_and_that_value(accumulation):
    def run(library, make):
        parts = oracle.variables(library)
        parts[1].overwrite_with_gradient = True
        optimizer = make(0.1, gradient_accumulation_steps=accumulation)
        oracle.run(optimizer, parts, oracle.gradients(3))
        return parts, optimizer.variables

    oracle.reset()
    (ours, own), (theirs, others) = run("lamina", optimizers.Adam), run("keras", keras.optimizers.Adam)
    oracle.assert_equal_values(ours, theirs)
    oracle.assert_equal_variables(own, others)


def test_clipping_by_a_norm_that_is_not_finite_shows_in_all_variables():
    parts = oracle.variables("lamina")
    grads = oracle.gradients(1)[0]
    grads[0][0, 0] = np.inf
    optimizers.SGD(0.1, global_clipnorm=1.0).apply(grads, parts)
    assert all(np.isnan(v.numpy()).all() for v in parts)


def test_gradients_of_zero_stay_zero_under_every_clipping():
    for option in ("clipnorm", "global_clipnorm", "clipvalue"):
        v = Variable([1.0])
        optimizers.SGD(0.1, **{option: 1.0}).apply([jnp.zeros(1)], [v])
        assert v.numpy().tolist() == [1.0], option


def test_float16_variables_keep_float16_slots_and_steps():
    v, grads = Variable(np.ones(3, "float16")), [np.full(3, 0.5, "float16")]
    other = keras.Variable(np.ones(3, "float16"))
    ours, theirs = optimizers.Adam(0.1, epsilon=1e-3), keras.optimizers.Adam(0.1, epsilon=1e-3)
    ours.apply(grads, [v])
    theirs.apply(grads, [other])
    assert [x.dtype for x in ours.variables] == [x.dtype for x in theirs.variables]
    np.testing.assert_allclose(v.numpy(), np.asarray(other.value), rtol=2e-3)


def test_own_variables_go_through_a_store_and_weights_through_lists():
    parts = oracle.variables("lamina")
    one, two, three = (optimizers.Adam(0.1) for _ in range(3))
    oracle.run(one, parts, oracle.gradients(3))
    store = {}
    one.save_own_variables(store)
    assert sorted(store, key=int) == [str(i) for i in range(10)]
    two.build(parts)
    two.load_own_variables(store)
    oracle.assert_equal_values(one.variables, two.variables)
    with pytest.raises(ValueError, match="not yet been built"):
        three.set_weights(list(store.values()))
    three.build(parts)
    three.set_weights([v.numpy() for v in one.variables])
    oracle.assert_equal_values(one.variables, three.variables)
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer"):
        optimizers.SGD().load_own_variables(store)


def test_state_saved_by_keras_continues_here():
    grads = oracle.gradients()
    ours, theirs = oracle.pair("Adam", {"learning_rate": 0.05})
    others, mine = oracle.variables("keras"), oracle.variables("lamina")
    oracle.run(theirs, others, grads[:10])
    store = {}
    with warnings.catch_warnings(action="ignore"):
        theirs.save_own_variables(store)
    ours.build(mine)
    ours.load_own_variables(store)
    for v, other in zip(mine, others, strict=True):
        v.assign(np.asarray(other.value))
    oracle.run(theirs, others, grads[10:])
    oracle.run(ours, mine, grads[10:])
    oracle.assert_equal_values(mine, others)


class KerasStyle(optimizers.Optimizer):
    """An optimizer as users write it for Keras: variables in `build`, assignments in `update_step`."""

    def __init__(self, learning_rate=0.1, momentum=0.9, **kwargs):
        super().__init__(learning_rate=learning_rate, **kwargs)
        self.momentum = momentum

    def build(self, variables):
        super().build(variables)
        self.extra = Variable(1.0, name="extra")
        self.momentums = []
        for variable in variables:
            self.momentums.append(self.add_variable_from_reference(reference_variable=variable, name="momentum"))

    def update_step(self, gradient, variable, learning_rate):
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - gradient * learning_rate)
        self.assign_add(variable, m)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum}


def test_a_subclass_in_the_style_of_keras_works_and_is_found_by_name():
    own, sgd = KerasStyle(0.1, 0.9), optimizers.SGD(0.1, momentum=0.9)
    mine, others = oracle.variables("lamina"), oracle.variables("lamina")
    grads = oracle.gradients(5)
    oracle.run(own, mine, grads)
    oracle.run(sgd, others, grads)
    oracle.assert_equal_values(mine, others)
    assert [v.name for v in own.variables[:3]] == ["iteration", "learning_rate", "extra"]
    assert len(own.variables) == 7
    with CustomObjectScope({"KerasStyle": KerasStyle}):
        again = optimizers.deserialize(optimizers.serialize(own))
        assert type(optimizers.get("KerasStyle")) is KerasStyle
    assert again.momentum == 0.9


def test_a_subclass_that_forgets_the_constructor_is_told_so():
    class Forgetful(optimizers.Optimizer):
        def __init__(self):
            self.rate = 1.0

    with pytest.raises(RuntimeError, match=r"forgot to call `super\(\).__init__\(\)`"):
        Forgetful()


def test_a_subclass_without_a_rule_is_told_what_to_define():
    with pytest.raises(NotImplementedError, match="must define `update` or `update_step`"):
        optimizers.Optimizer(0.1).apply([jnp.ones(1)], [Variable([1.0])])


def test_building_for_many_variables_compiles_nothing():
    parts = [Variable(np.zeros((3, 3, i + 1, 4), "float32")) for i in range(160)]
    compiled = []

    def listen(event, duration, **_):
        if "compile" in event:
            compiled.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    optimizers.Adam().build(parts)
    assert compiled == []
    jnp.zeros((2, 3, 5, 7, 11))  # the listener hears what compiles
    assert compiled
    compiled.clear()


def test_a_step_donates_every_buffer():
    optimizer, parts = optimizers.Adam(), oracle.variables("lamina")
    optimizer.build(parts)
    step = jax.jit(optimizer.stateless_apply, donate_argnums=(0, 2))
    own, values = [v.value for v in optimizer.variables], [v.value for v in parts]
    compiled = step.lower(own, oracle.gradients(1)[0], values).compile().as_text()
    aliased = compiled.split("input_output_alias={")[1].split("}, entry")[0].count("alias)")
    assert aliased == len(own) + len(values)


@pytest.mark.parametrize("make", [lambda: optimizers.SGD(0.1, use_ema=True), optimizers.ScheduleFreeAdamW])
def test_steps_can_follow_a_build_and_an_end_of_training(make):
    optimizer, parts = make(), oracle.variables("lamina")
    optimizer.build(parts)
    step = jax.jit(optimizer.stateless_apply, donate_argnums=(0, 2))
    for _ in range(2):
        own, values = [v.value for v in optimizer.variables], [v.value for v in parts]
        values, own = step(own, oracle.gradients(1)[0], values)
        for variable, value in zip([*optimizer.variables, *parts], [*own, *values], strict=True):
            variable.assign(value)
        optimizer.finalize_variable_values(parts)
