"""Models with steps, losses and metrics of their own, written for Keras on JAX, train here as they do there."""

import sys

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import lamina
from lamina.core import errors
from lamina.core.errors import StepError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 6)).astype("float32")
Y = RNG.normal(size=(20, 1)).astype("float32")
IMAGES = RNG.uniform(size=(32, 16)).astype("float32")


def functional(k, cls=None):
    x = k.Input((6,))
    h = k.layers.Dense(5, activation="tanh", name="hidden")(x)
    return (cls or k.Model)(x, k.layers.Dense(1, name="top")(h))


def custom_step(k):
    """The end-to-end example of Keras's guide to custom steps on JAX: metrics by hand."""

    class CustomModel(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.loss_tracker = k.metrics.Mean(name="loss")
            self.mae_metric = k.metrics.MeanAbsoluteError(name="mae")
            self.loss_fn = k.losses.MeanSquaredError()

        def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables, non_trainable_variables, x, training=training
            )
            return self.loss_fn(y, y_pred), (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables = state
            x, y = data
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable_variables)), grads = grad_fn(
                trainable_variables, non_trainable_variables, x, y, training=True
            )
            trainable_variables, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, grads, trainable_variables
            )
            loss_tracker_vars = metrics_variables[: len(self.loss_tracker.variables)]
            mae_metric_vars = metrics_variables[len(self.loss_tracker.variables) :]
            loss_tracker_vars = self.loss_tracker.stateless_update_state(loss_tracker_vars, loss)
            mae_metric_vars = self.mae_metric.stateless_update_state(mae_metric_vars, y, y_pred)
            logs = {
                self.loss_tracker.name: self.loss_tracker.stateless_result(loss_tracker_vars),
                self.mae_metric.name: self.mae_metric.stateless_result(mae_metric_vars),
            }
            new_metrics_vars = loss_tracker_vars + mae_metric_vars
            return logs, (trainable_variables, non_trainable_variables, optimizer_variables, new_metrics_vars)

        @property
        def metrics(self):
            return [self.loss_tracker, self.mae_metric]

    model = functional(k, CustomModel)
    model.compile(optimizer=k.optimizers.Adam(0.01))
    return model


def custom_step_with_compiled_metrics(k):
    """The first example of that guide: `compute_loss` and the metrics given to `compile`."""

    class CustomModel(k.Model):
        def compute_loss_and_updates(self, trainable_variables, non_trainable_variables, x, y, training=False):
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables, non_trainable_variables, x, training=training
            )
            return self.compute_loss(x, y, y_pred), (y_pred, non_trainable_variables)

        def train_step(self, state, data):
            trainable_variables, non_trainable_variables, optimizer_variables, metrics_variables = state
            x, y = data
            grad_fn = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
            (loss, (y_pred, non_trainable_variables)), grads = grad_fn(
                trainable_variables, non_trainable_variables, x, y, training=True
            )
            trainable_variables, optimizer_variables = self.optimizer.stateless_apply(
                optimizer_variables, grads, trainable_variables
            )
            new_metrics_vars, logs = [], {}
            for metric in self.metrics:
                count = len(metric.variables)
                this_metric_vars = metrics_variables[len(new_metrics_vars) : len(new_metrics_vars) + count]
                if metric.name == "loss":
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, loss)
                else:
                    this_metric_vars = metric.stateless_update_state(this_metric_vars, y, y_pred)
                logs[metric.name] = metric.stateless_result(this_metric_vars)
                new_metrics_vars += this_metric_vars
            return logs, (trainable_variables, non_trainable_variables, optimizer_variables, new_metrics_vars)

    model = functional(k, CustomModel)
    model.compile("sgd", "mse")
    return model


def sample_weighted_step(k):
    class CustomModel(k.Model):
        def train_step(self, state, data):
            x, y, sample_weight = data if len(data) == 3 else (*data, None)
            weight = None if sample_weight is None else 2.0 * sample_weight
            return super().train_step(state, (x, y, weight))

    model = functional(k, CustomModel)
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    return model


def custom_evaluation(k):
    class CustomModel(k.Model):
        def test_step(self, state, data):
            x, y = data
            trainable_variables, non_trainable_variables, metrics_variables = state
            y_pred, non_trainable_variables = self.stateless_call(
                trainable_variables, non_trainable_variables, x, training=False
            )
            loss = 3.0 * self.compute_loss(x, y, y_pred)
            return {"loss": loss, "other": loss + 1.0}, (
                trainable_variables,
                non_trainable_variables,
                metrics_variables,
            )

        def predict_step(self, state, data):
            outputs, non_trainable_variables = super().predict_step(state, data)
            return 10.0 * outputs, non_trainable_variables

    model = functional(k, CustomModel)
    model.compile("sgd", "mse")
    return model


def own_loss_and_metrics(k):
    class CustomModel(k.Model):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.tracker = k.metrics.Mean(name="extra")

        def compute_loss(self, x, y, y_pred, sample_weight, training=True):
            loss = k.ops.mean(k.ops.abs(y_pred - y)) + k.ops.mean(x[:, 0]) ** 2
            self.tracker.update_state(loss)
            return loss

        def compute_metrics(self, x, y, y_pred, sample_weight):
            results = super().compute_metrics(x, y, y_pred, sample_weight)
            return {**results, "highest": k.ops.max(y_pred)}

    model = functional(k, CustomModel)
    model.compile("sgd", metrics=["mse"])
    return model


def loss_without_training(k):
    class CustomModel(k.Model):
        def compute_loss(self, features, labels, outputs, weights):
            return k.ops.mean((outputs - labels) ** 4)

    model = functional(k, CustomModel)
    model.compile("sgd")
    return model


def added_losses(k):
    class Penalty(k.layers.Layer):
        def call(self, x):
            self.add_loss(0.1 * k.ops.mean(x**2))
            self.add_loss(0.01 * k.ops.sum(x**2, axis=-1, keepdims=True))  # one for each sample: they are summed
            return x

    x = k.Input((6,))
    h = Penalty()(k.layers.Dense(5, kernel_regularizer="l2")(x))
    model = k.Model(x, k.layers.Dense(1)(h))
    model.compile("sgd", "mse")
    return model


def own_functions(k):
    class CustomModel(k.Model):
        def make_train_function(self, force=False):
            super().make_train_function(force=force)
            step = self.train_function

            def train_function(state, iterator):
                logs, state = step(state, iterator)
                return {**logs, "twice": 2 * logs["loss"]}, state

            if not getattr(self, "wrapped", False):
                self.wrapped = True
                self.train_function = train_function

    model = functional(k, CustomModel)
    model.compile("sgd", "mse")
    return model


def several_steps(k):
    model = functional(k)
    model.compile("sgd", "mse", steps_per_execution=3)
    return model


def eagerly(k):
    model = functional(k)
    model.compile("adam", "mse", metrics=["mae"], run_eagerly=True)
    return model


def uncompiled(k):
    model = functional(k)
    model.compile("adam", "mse", jit_compile=False)
    return model


def narrow(k):
    model = functional(k)
    model.compile(
        k.optimizers.LossScaleOptimizer(k.optimizers.SGD(0.1), initial_scale=8.0, dynamic_growth_steps=3), "mse"
    )
    return model


PROGRAMS = [
    custom_step,
    custom_step_with_compiled_metrics,
    sample_weighted_step,
    custom_evaluation,
    own_loss_and_metrics,
    loss_without_training,
    added_losses,
    own_functions,
    several_steps,
    eagerly,
    uncompiled,
    narrow,
]
WEIGHTS = functional(lamina).get_weights()


def run(k, make):
    model = make(k)
    model.set_weights(WEIGHTS)
    called = []
    hook = k.callbacks.LambdaCallback(
        on_train_batch_begin=lambda n, logs=None: called.append(("begin", n)),
        on_train_batch_end=lambda n, logs=None: called.append(("end", n, sorted(logs))),
    )
    kwargs = {"sample_weight": np.linspace(0, 1, 20)} if make is sample_weighted_step else {}
    evaluates = make not in (custom_step, custom_step_with_compiled_metrics)  # their `compute_loss_and_updates` differs
    if evaluates:
        kwargs["validation_data"] = (X[:6], Y[:6])
    history = model.fit(
        X,
        Y,
        epochs=2,
        batch_size=6,
        shuffle=False,
        verbose=0,
        callbacks=[hook],
        **kwargs,
    )
    scores = model.evaluate(X, Y, verbose=0, return_dict=True) if evaluates else {}
    return history.history, scores, {"": model.predict(X, verbose=0)}, called, model.get_weights()


@pytest.mark.parametrize("make", PROGRAMS, ids=lambda make: make.__name__)
def test_it_trains_as_in_keras(make):
    keras.utils.clear_session()
    theirs, mine = run(keras, make), run(lamina, make)
    assert mine[3] == theirs[3]
    for ours, wanted in zip(mine[:3], theirs[:3], strict=True):
        assert sorted(ours) == sorted(wanted)
        for name in wanted:
            np.testing.assert_allclose(ours[name], wanted[name], rtol=3e-4, atol=1e-5, err_msg=name)
    for ours, wanted in zip(mine[4], theirs[4], strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-3, atol=1e-5)


# --- programs in the style of Keras's examples -----------------------------------------------------------------


def autoencoder(k):
    """A variational autoencoder: sampling in a layer, two losses, trackers, a step of its own."""

    class Sampling(k.layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.seed_generator = k.random.SeedGenerator(7)

        def call(self, inputs):
            mean, log_variance = inputs
            noise = k.random.normal(k.ops.shape(mean), seed=self.seed_generator)
            return mean + k.ops.exp(0.5 * log_variance) * noise

    class Autoencoder(k.Model):
        def __init__(self):
            super().__init__()
            self.hidden = k.layers.Dense(8, activation="relu", kernel_initializer=k.initializers.GlorotUniform(1))
            self.mean = k.layers.Dense(2, kernel_initializer=k.initializers.GlorotUniform(2))
            self.log_variance = k.layers.Dense(2, kernel_initializer="zeros")
            self.sampling = Sampling()
            self.decoder = k.layers.Dense(16, activation="sigmoid", kernel_initializer=k.initializers.GlorotUniform(3))
            self.total = k.metrics.Mean(name="loss")
            self.divergence = k.metrics.Mean(name="kl_loss")

        def call(self, x):
            h = self.hidden(x)
            mean, log_variance = self.mean(h), self.log_variance(h)
            return self.decoder(self.sampling((mean, log_variance))), mean, log_variance

        @property
        def metrics(self):
            return [self.total, self.divergence]

        def losses_of(self, trainable, non_trainable, x):
            (image, mean, log_variance), non_trainable = self.stateless_call(trainable, non_trainable, x)
            error = 16 * jnp.mean(k.losses.binary_crossentropy(x, image))
            divergence = -0.5 * jnp.mean(jnp.sum(1 + log_variance - mean**2 - jnp.exp(log_variance), axis=1))
            return error + divergence, (divergence, non_trainable)

        def train_step(self, state, data):
            trainable, non_trainable, slots, scores = state
            (loss, (divergence, non_trainable)), gradients = jax.value_and_grad(self.losses_of, has_aux=True)(
                trainable, non_trainable, data
            )
            trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
            logs, new = {}, []
            for metric, value in ((self.total, loss), (self.divergence, divergence)):
                values = metric.stateless_update_state(scores[len(new) : len(new) + 2], value)
                logs[metric.name] = metric.stateless_result(values)
                new += values
            return logs, (trainable, non_trainable, slots, new)

    model = Autoencoder()
    model.compile(k.optimizers.Adam(0.01))
    return model


def adversary(k):
    """A GAN: two models in one, each step with gradients for one of them and a second optimizer's own state."""

    class Gan(k.Model):
        def __init__(self):
            super().__init__()
            dense = k.layers.Dense
            start = k.initializers.GlorotUniform
            self.discriminator = k.Sequential(
                [
                    k.Input((16,)),
                    dense(8, "leaky_relu", kernel_initializer=start(1)),
                    dense(1, kernel_initializer=start(2)),
                ]
            )
            self.generator = k.Sequential([k.Input((4,)), dense(16, "sigmoid", kernel_initializer=start(3))])
            self.seed_generator = k.random.SeedGenerator(11)
            self.d_loss_tracker = k.metrics.Mean(name="d_loss")
            self.g_loss_tracker = k.metrics.Mean(name="g_loss")
            self.loss_fn = k.losses.BinaryCrossentropy(from_logits=True)
            self.built = True

        @property
        def metrics(self):
            return [self.d_loss_tracker, self.g_loss_tracker]

        def train_step(self, state, data):
            trainable, non_trainable, slots, scores = state
            count = len(self.discriminator.trainable_variables)
            seed = non_trainable[0]
            noise = jax.random.normal(jax.random.key(seed[1]), (data.shape[0], 4))

            def judged(d, images):
                return self.discriminator.stateless_call(d, [], images)[0]

            def d_loss(d, g):
                made, _ = self.generator.stateless_call(g, [], noise)
                real = self.loss_fn(jnp.ones((data.shape[0], 1)), judged(d, data))
                return real + self.loss_fn(jnp.zeros((data.shape[0], 1)), judged(d, made))

            def g_loss(g, d):
                made, _ = self.generator.stateless_call(g, [], noise)
                return self.loss_fn(jnp.ones((data.shape[0], 1)), judged(d, made))

            d, g = trainable[:count], trainable[count:]
            d_value, d_gradients = jax.value_and_grad(d_loss)(d, g)
            g_value, g_gradients = jax.value_and_grad(g_loss)(g, d)
            trainable, slots = self.optimizer.stateless_apply(slots, d_gradients + g_gradients, trainable)
            non_trainable = [seed + jnp.array([0, 1], seed.dtype)]
            d_scores = self.d_loss_tracker.stateless_update_state(scores[:2], d_value)
            g_scores = self.g_loss_tracker.stateless_update_state(scores[2:], g_value)
            logs = {"d_loss": self.d_loss_tracker.stateless_result(d_scores)}
            logs["g_loss"] = self.g_loss_tracker.stateless_result(g_scores)
            return logs, (trainable, non_trainable, slots, d_scores + g_scores)

    model = Gan()
    model.compile(k.optimizers.Adam(0.01))
    return model


@pytest.mark.parametrize("make", [autoencoder, adversary], ids=lambda make: make.__name__)
def test_a_generative_model_trains_as_in_keras(make):
    histories = []
    for library in (keras, lamina):
        library.utils.clear_session()
        library.utils.set_random_seed(0)
        model = make(library)
        if make is autoencoder:
            model(IMAGES[:1])
        model.set_weights([np.linspace(-0.5, 0.5, w.size).reshape(w.shape) for w in model.get_weights()])
        histories.append(model.fit(IMAGES, epochs=4, batch_size=16, shuffle=False, verbose=0).history)
    theirs, mine = histories
    assert list(theirs) == list(mine)
    for name, values in theirs.items():
        np.testing.assert_allclose(mine[name], values, rtol=0.02 if make is autoencoder else 1e-3, err_msg=name)
        assert len(set(values)) == 4


def test_generators_feed_a_step_with_what_they_yield():
    seen = []

    class Model(lamina.Model):
        def train_step(self, state, data):
            seen.append(jax.tree.map(lambda a: a.shape, data))
            return {"loss": jnp.zeros(())}, state

    for data in ((X, Y, Y[:, 0]), (X, Y), X, {"a": X}, ((X, X), Y)):
        model = Model()
        model.built = True
        model.compile()
        model.fit((data for _ in range(2)), verbose=0)
        assert seen.pop() == jax.tree.map(lambda a: a.shape, data)
        assert not seen


# --- debugging -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [{"run_eagerly": True}, {"jit_compile": False}])
def test_a_step_that_is_not_compiled_runs_each_time_with_real_numbers(arguments):
    seen = []

    class Model(lamina.Model):
        def train_step(self, state, data):
            seen.append((float(np.asarray(data[0]).sum()), sys._getframe(1).f_code.co_filename))
            return super().train_step(state, data)

    model = functional(lamina, Model)
    model.compile("sgd", "mse", **arguments)
    model.fit(X, Y, epochs=2, batch_size=5, verbose=0, shuffle=False)
    assert len(seen) == 8
    np.testing.assert_allclose([s for s, _ in seen[:4]], X.reshape(4, -1).sum(1), rtol=1e-4)


def test_a_layer_may_say_that_it_cannot_be_compiled():
    calls = []

    class Python(lamina.layers.Layer):
        supports_jit = False

        def call(self, x):
            calls.append(x)
            return x

    model = lamina.Sequential([lamina.Input((6,)), Python(), lamina.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert model.jit_compile is False
    calls.clear()
    model.fit(X, Y, batch_size=5, verbose=0)
    assert len(calls) >= 4


# --- steps written for another engine --------------------------------------------------------------------------


class TapeStep(lamina.Model):
    def train_step(self, data):
        raise AssertionError

    def test_step(self, data):
        raise AssertionError

    def predict_step(self, data):
        raise AssertionError


@pytest.mark.parametrize("name", ["train_step", "test_step", "predict_step"])
def test_a_step_written_with_a_tape_is_answered_with_its_equivalent_here(name):
    model = functional(lamina, TapeStep)
    model.compile("sgd", "mse")
    call = {"train_step": model.fit, "test_step": model.evaluate, "predict_step": lambda *a, **k: model.predict(X, **k)}
    with pytest.raises(TypeError, match=rf"L501: {name} wants \(self, state, data\); it is \(self, data\)") as caught:
        call[name](X, Y, verbose=0)
    assert isinstance(caught.value, StepError)
    code = errors.parts_of(str(caught.value))["fix"]
    fixed = {"jax": jax}
    exec(code, fixed)
    body = {
        n: fixed[name] if n == name else getattr(lamina.Model, n) for n in ("train_step", "test_step", "predict_step")
    }
    ours, plain = functional(lamina, type("Fixed", (lamina.Model,), body)), functional(lamina)
    for m in (ours, plain):
        m.set_weights(WEIGHTS)
        m.compile("sgd", "mse")
    for act in (
        lambda m: m.fit(X, Y, verbose=0, shuffle=False, batch_size=40).history["loss"],
        lambda m: m.evaluate(X, Y, verbose=0, batch_size=40),
        lambda m: m.predict(X, verbose=0),
    ):
        np.testing.assert_allclose(act(ours), act(plain), rtol=1e-5)


# --- mixed precision -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_trains_and_scales_the_loss_where_needed(policy):
    lamina.config.set_dtype_policy(policy)
    try:
        model = functional(lamina)
        model.compile("sgd", "mse")
    finally:
        lamina.config.set_dtype_policy("float32")
    scaled = isinstance(model.optimizer, lamina.optimizers.LossScaleOptimizer)
    assert scaled == (policy == "mixed_float16")
    history = model.fit(X, Y, epochs=5, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert all(v.dtype == "float32" for v in model.trainable_variables)


def test_an_overflow_skips_the_step_and_halves_the_scale():
    def made(k):
        k.config.set_dtype_policy("mixed_float16")
        try:
            model = functional(k)
            model.compile("sgd", "mse", auto_scale_loss=True)
        finally:
            k.config.set_dtype_policy("float32")
        model.set_weights(WEIGHTS)
        big = np.where(np.arange(20)[:, None] < 10, 6e4, Y).astype("float32")
        model.fit(X, big, batch_size=5, shuffle=False, verbose=0)
        return float(np.asarray(model.optimizer.dynamic_scale)), [np.asarray(w) for w in model.get_weights()]

    theirs, mine = made(keras), made(lamina)
    assert mine[0] == theirs[0] < 2**15
    for ours, wanted in zip(mine[1], theirs[1], strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=5e-3, atol=1e-3)


def test_loss_scaling_can_be_left_out():
    model = functional(lamina)
    model.dtype_policy = "mixed_float16"
    model.compile("sgd", "mse", auto_scale_loss=False)
    assert not isinstance(model.optimizer, lamina.optimizers.LossScaleOptimizer)


def test_masks_of_outputs_reach_losses_in_steps_of_ones_own():
    words = RNG.integers(0, 7, (20, 5)).astype("int32")
    weights, values = None, []
    for library in (keras, lamina):

        class Model(library.Model):
            def train_step(self, state, data):
                trainable, others, slots, scores = state
                x, y = data

                def loss(w):
                    y_pred, _ = self.stateless_call(w, others, x, training=True)
                    return self.compute_loss(x, y, y_pred)

                value, gradients = jax.value_and_grad(loss)(trainable)
                trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
                return {"value": value}, (trainable, others, slots, scores)

        x = library.Input((5,), dtype="int32")
        model = Model(x, library.layers.Dense(1)(library.layers.Embedding(7, 3, mask_zero=True)(x)))
        weights = weights or model.get_weights()
        model.set_weights(weights)
        model.compile("sgd", "mse")
        values.append(model.fit(words, np.ones((20, 5, 1)), verbose=0, shuffle=False).history["value"])
    np.testing.assert_allclose(*values, rtol=1e-5)
