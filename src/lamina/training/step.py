"""The training step: state in, logs and state out, nothing else touched.

State is lists of arrays: trainable weights, other state (statistics, seeds), optimizer slots, metrics.
Source: the step functions of Keras 3 on JAX, whose names and signatures users override.
"""

import inspect

import jax
import jax.numpy as jnp

from lamina.core import tree
from lamina.core.errors import DataError, LossError, message
from lamina.core.failures import batched, note_failure
from lamina.core.state import StatelessScope
from lamina.core.variable import Variable
from lamina.training import programs
from lamina.training.data import unpack_x_y_sample_weight
from lamina.training.signatures import assert_takes_state


class Steps:
    """The steps a model can be driven by; each may be overridden."""

    def train_step(self, state, data):
        """Return `(logs, state)` after one batch.

        Args:
            state: `(trainable, non_trainable, optimizer, metrics)`, lists of arrays.
            data: `x`, `(x, y)` or `(x, y, sample_weight)`, whichever was given.
        """
        trainable, non_trainable, slots, scores = state
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
        (_, aux), gradients = gradient(
            trainable, non_trainable, scores, x, y, sample_weight, training=True, optimizer_variables=slots
        )
        loss, y_pred, non_trainable, scores = aux
        trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
        mapping = [
            *zip(self.trainable_variables, trainable, strict=True),
            *zip(self.non_trainable_variables, non_trainable, strict=True),
            *zip(self.optimizer.variables, slots, strict=True),
        ]
        logs, scores = self._scored(mapping, scores, loss, x, y, y_pred, sample_weight)
        return logs, (trainable, non_trainable, slots, scores)

    def test_step(self, state, data):
        """Return `(logs, state)` after one batch of evaluation; the state is `(trainable, non_trainable, metrics)`."""
        trainable, non_trainable, scores = state
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        _, aux = self.compute_loss_and_updates(trainable, non_trainable, scores, x, y, sample_weight, training=False)
        loss, y_pred, non_trainable, scores = aux
        mapping = [
            *zip(self.trainable_variables, trainable, strict=True),
            *zip(self.non_trainable_variables, non_trainable, strict=True),
        ]
        logs, scores = self._scored(mapping, scores, loss, x, y, y_pred, sample_weight)
        return logs, (trainable, non_trainable, scores)

    def predict_step(self, state, data):
        """Return `(outputs, non_trainable)` for one batch; the state is `(trainable, non_trainable)`."""
        trainable, non_trainable = state
        x, _, _ = unpack_x_y_sample_weight(data)
        return self.stateless_call(trainable, non_trainable, x, training=False)

    def compute_loss_and_updates(
        self,
        trainable_variables,
        non_trainable_variables,
        metrics_variables,
        x,
        y,
        sample_weight,
        training=False,
        optimizer_variables=None,
    ):
        """Return `(loss, (unscaled loss, outputs, non_trainable, metrics))`: what is differentiated, and the rest."""
        mapping = [
            *zip(self.trainable_variables, trainable_variables, strict=True),
            *zip(self.non_trainable_variables, non_trainable_variables, strict=True),
            *zip(self.metrics_variables, metrics_variables, strict=True),
        ]
        if optimizer_variables is not None:
            mapping += zip(self.optimizer.variables, optimizer_variables, strict=True)
        with StatelessScope(mapping, collect_losses=True) as scope:
            y_pred = self(x, training=training)
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
            unscaled = loss
            if training and self.optimizer is not None:
                loss = self.optimizer.scale_loss(loss)
            scope.keep(y_pred)  # the metrics read masks too
        non_trainable = [scope.get_current_value(v) for v in self.non_trainable_variables]
        scores = [scope.get_current_value(v) for v in self.metrics_variables]
        return loss, (unscaled, y_pred, non_trainable, scores)

    def make_train_function(self, force=False):
        """Make `train_function(state, iterator) -> (logs, state)`; a subclass may make one of its own."""
        if self.train_function is None or force:
            assert_takes_state(self, "train_step")
            step = programs.compiled(self, "train", self.train_step, donate=(0,))
            object.__setattr__(self, "train_function", lambda state, iterator: step(state, next(iterator)))

    def make_test_function(self, force=False):
        """Make `test_function(state, iterator) -> (logs, state)`; a subclass may make one of its own."""
        if self.test_function is None or force:
            assert_takes_state(self, "test_step")
            step = programs.compiled(self, "own test", self.test_step)
            object.__setattr__(self, "test_function", lambda state, iterator: step(state, next(iterator)))

    def make_predict_function(self, force=False):
        """Make `predict_function(state, iterator) -> (outputs, state)`; a subclass may make one of its own."""
        if self.predict_function is None or force:
            assert_takes_state(self, "predict_step")
            step = programs.compiled(self, "own predict", self.predict_step)

            def predict_function(state, iterator):
                outputs, non_trainable = step(state, next(iterator))
                return outputs, (state[0], non_trainable)

            object.__setattr__(self, "predict_function", predict_function)

    def stateless_compute_loss(
        self,
        trainable_variables,
        non_trainable_variables,
        metrics_variables,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,
    ):
        """Return `(loss, (trainable, non_trainable, metrics))`: `compute_loss` as a pure function of the values."""
        groups = (self.trainable_variables, self.non_trainable_variables, self.metrics_variables)
        values = (trainable_variables, non_trainable_variables, metrics_variables)
        mapping = [pair for row in zip(groups, values, strict=True) for pair in zip(*row, strict=True)]
        with StatelessScope(mapping) as scope:
            loss = self._loss_of(x, y, y_pred, sample_weight, training)
        return loss, tuple([scope.get_current_value(v) for v in group] for group in groups)

    def _loss_of(self, x, y, y_pred, sample_weight, training):
        """Call `compute_loss`, which models written before Keras 3.3 define without `training`."""
        if "training" in inspect.signature(self.compute_loss).parameters:
            return self.compute_loss(x, y, y_pred, sample_weight, training=training)
        return self.compute_loss(x, y, y_pred, sample_weight)

    def _compared(self, x, y, y_pred, sample_weight):
        try:
            return self._compile_loss(y, y_pred, sample_weight)
        except LossError as error:
            failure = note_failure(error)
            failure.add(self, (x,), {})
            if hasattr(y, "shape") and hasattr(y_pred, "shape"):
                failure.compared = batched(y), batched(y_pred), self.loss
            raise

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Return the total loss, a scalar: the compiled losses and what layers added, each summed up.

        Raises: ValueError if there is neither to train with.
        """
        parts = []
        if self._compile_loss is not None and y is not None:
            loss = self._compared(x, y, y_pred, sample_weight)
            if loss is not None:
                parts.append(loss)
        parts += [jnp.sum(loss, dtype=parts[0].dtype if parts else None) for loss in self.losses]
        if not parts:
            if self._compile_loss is not None and y is None:
                raise DataError(
                    message(
                        "L314",
                        f"the loss of '{self.name}' wants labels; it got `y=None`.",
                        why="`fit` and `evaluate` were given inputs only, or a source of batches without labels.",
                        fix="model.fit(x, y)    # or yield (x, y) from a generator",
                    )
                )
            if not training:
                return jnp.zeros(())  # metrics alone may be evaluated
            raise ValueError(
                "No loss to compute. Provide a `loss` argument in `compile()`, or add one with `add_loss()` in a "
                "layer's `call`."
            )
        return sum(parts[1:], parts[0])

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Update the compiled metrics with one batch and return the values of all metrics by name."""
        if self._compile_metrics is not None and y is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self):
        """Return the current value of each metric by name."""
        results = {}
        for metric in self.metrics:
            if metric is self._compile_metrics and not metric.built:
                continue
            value = metric.result()
            results.update(value if isinstance(value, dict) else {metric.name: value})
        return results

    def _scored(self, mapping, scores, loss, x, y, y_pred, sample_weight):
        """Return `(logs, metrics)` with the batch taken in by the loss tracker and the metrics."""
        mapping = [*mapping, *zip(self.metrics_variables, scores, strict=True)]
        with StatelessScope(mapping) as scope:
            self._loss_tracker.update_state(loss, sample_weight=_batch_size(x))
            logs = tree.map_structure(_value, self.compute_metrics(x, y, y_pred, sample_weight))
        return logs, [scope.get_current_value(v) for v in self.metrics_variables]


def _value(result):
    """Return the array of a metric's result, which may be the metric's variable itself."""
    return result.value if isinstance(result, Variable) else result


def _batch_size(x):
    return next(leaf.shape[0] for leaf in tree.flatten(x) if leaf is not None)
