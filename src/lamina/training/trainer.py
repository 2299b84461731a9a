"""Trainer: what models can do with data. The maths of a step is in `step.py`, the loops around it in `loop.py`."""

import warnings

import numpy as np

from lamina import losses, metrics, optimizers
from lamina.core import config, serialization, shapes, tree
from lamina.core.errors import ConfigurationError, LaminaError, LaminaWarning, message
from lamina.core.tensor import KerasTensor
from lamina.layers import tracking
from lamina.metrics.resolve import is_decided_by_shapes
from lamina.training import checks, loop, prediction
from lamina.training.data import ArrayFeed, assert_count, feed_for, split, unpack_x_y_sample_weight
from lamina.training.objective import CompileLoss
from lamina.training.programs import is_overridden
from lamina.training.scores import CompileMetrics
from lamina.training.step import Steps

_NO_PROGRAMS = {"train_function": None, "test_function": None, "predict_function": None}


class Trainer(Steps):
    """`compile`, `fit`, `evaluate`, `predict` and their batch-wise relatives."""

    def __init__(self):
        self._start_training_state()

    def _start_training_state(self):
        untracked = {
            "optimizer": None,
            "compiled": False,
            "stop_training": False,
            "loss": None,
            "steps_per_execution": 1,
            "jit_compile": True,
            "auto_scale_loss": True,
            "_run_eagerly": False,
            "_loss_tracker": None,
            "_compile_loss": None,
            "_compile_metrics": None,
            "_compile_config": None,
            "_programs": {},
            "_checked": False,
            "_complete_at": -1,
            "_told": set(),
            "history": None,
            "_initial_epoch": None,
        }
        for name, value in {**untracked, **_NO_PROGRAMS}.items():
            object.__setattr__(self, name, value)

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
    ):
        """Say how to train: optimizer, losses, metrics.

        Args:
            optimizer: name or Optimizer.
            loss: name, function or Loss; with several outputs a dict by output name or a list.
            loss_weights: weights of the losses in the same form.
            metrics: list of names, functions or Metrics; with several outputs a dict by output name or a list of lists.
            weighted_metrics: the same, for metrics that see sample weights.
            run_eagerly: whether steps run as plain Python, for debugging.
            steps_per_execution: how many batches lie between two batch hooks of callbacks [count]. Small models run
                several steps in one program anyway, where no callback has such hooks.
            jit_compile: whether steps are compiled; "auto": unless a layer has `supports_jit = False`.
            auto_scale_loss: whether float16 training scales the loss.
        Raises: ValueError for unknown names.
        """
        if isinstance(loss, str) and not is_decided_by_shapes(loss):
            losses.get(loss)
        if jit_compile == "auto":
            jit_compile = not run_eagerly and all(layer.supports_jit for layer in self._flatten_layers())
        config = {
            "optimizer": optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        object.__setattr__(self, "_compile_config", config)  # else the model would own its metrics
        optimizer = optimizers.get(optimizer)
        narrow = auto_scale_loss and self.dtype_policy.name == "mixed_float16"
        if narrow and optimizer is not None and not isinstance(optimizer, optimizers.LossScaleOptimizer):
            optimizer = optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")
        object.__setattr__(self, "optimizer", optimizer)
        object.__setattr__(self, "loss", loss)
        names = getattr(self, "output_names", None)
        object.__setattr__(self, "_compile_loss", None if loss is None else CompileLoss(loss, loss_weights, names))
        wants_metrics = metrics is not None or weighted_metrics is not None
        object.__setattr__(
            self, "_compile_metrics", CompileMetrics(metrics, weighted_metrics, names) if wants_metrics else None
        )
        object.__setattr__(self, "_loss_tracker", _mean_of_loss())
        for name, value in {**_NO_PROGRAMS, "_programs": {}, "_checked": False}.items():
            object.__setattr__(self, name, value)
        self.steps_per_execution = steps_per_execution
        self.jit_compile = jit_compile
        self.run_eagerly = run_eagerly
        self.stop_training = False
        self.auto_scale_loss = auto_scale_loss
        self.compiled = True

    @property
    def run_eagerly(self):
        """Whether steps and calls run as plain Python."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value):
        object.__setattr__(self, "_run_eagerly", bool(value))

    @property
    def metrics(self):
        """The loss tracker, those given to `compile` (as one), the parts of the loss, those of the layers."""
        found = [part for part in (self._loss_tracker, self._compile_metrics) if part is not None]
        if self._compile_loss is not None:
            found += self._compile_loss.metrics
        found += self._metrics
        for layer in self._flatten_layers(include_self=False):
            if not isinstance(layer, Trainer):
                found += [m for m in layer._metrics if not any(m is other for other in found)]
        return found

    @property
    def metrics_names(self):
        """The names of all metrics."""
        return [metric.name for metric in self.metrics]

    @property
    def compiled_metrics(self):
        """The metrics given to `compile`, as one object."""
        return self._compile_metrics

    def reset_metrics(self):
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    # --- many batches ------------------------------------------------------------------------------------------

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
        check=True,
    ):
        """Train for some epochs.

        Args:
            x, y: arrays (or dicts, lists of arrays), or in `x` a generator, iterable or PyDataset of batches.
            batch_size: samples in a batch [count]; 32 by default.
            epochs: number of the last epoch [count].
            verbose: 0 silent, 1 progress bar, 2 one line per epoch; "auto" is 1.
            callbacks: list of Callbacks.
            validation_split: share of the samples, from the end, kept for validation [fraction 0-1].
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a source of batches.
            shuffle: whether samples are shuffled in each epoch; "batch" shuffles whole batches.
            class_weight: dict from class to weight.
            sample_weight: weight of each sample, `(n,)` or `(n, steps)`.
            initial_epoch: number of epochs already done [count].
            steps_per_epoch, validation_steps: batches in an epoch [count].
            validation_batch_size: samples in a batch of validation [count].
            validation_freq: validate every so many epochs, or in the epochs of a list.
            check: whether to warn of silent mistakes that can be seen at once; `model.check(x, y)` looks for all.
        Returns: History.
        Raises: ValueError if the model is not compiled, the data are empty or do not fit together.
        """
        self._assert_compiled("fit")
        assert_count("epochs", epochs)
        assert_count("initial_epoch", initial_epoch)
        given = {"x": x, "y": y, "validation_data": validation_data, "validation_split": validation_split}
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split((x, y, sample_weight), validation_split)
        feed = feed_for(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=self._whole_executions(steps_per_epoch),
            shuffle=shuffle,
            class_weight=class_weight,
        )
        validation = None
        if validation_data is not None:
            steps = self._whole_executions(validation_steps)
            validation = _validation_feed(validation_data, validation_batch_size or batch_size, steps)
        first = not self._checked
        spent = self._prepare_for(feed)
        checks.require_known_weights(self)
        if check:
            checks.advise(self, feed, first=first, spent=spent, batch_size=batch_size, **given)
        if validation is not None:
            checks.look_at(self, validation, thoroughly=False)
        return loop.fit(
            self,
            feed,
            validation,
            epochs=min(epochs, config.max_epochs() or epochs),
            initial_epoch=initial_epoch,
            verbose=verbose,
            callbacks=callbacks,
            validation_freq=validation_freq,
        )

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Return the loss and the metrics over data.

        Args: see `fit`.
            return_dict: whether to return a dict by name.
        Returns: the loss, or a list of the loss and the metrics, or the dict.
        Raises: ValueError if the model is not compiled, the data are empty or do not fit together.
        """
        self._assert_compiled("evaluate")
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        feed = feed_for(x, y, sample_weight, batch_size=batch_size, steps=self._whole_executions(steps))
        self._prepare_for(feed)
        logs = loop.evaluate(self, feed, verbose=verbose, callbacks=callbacks)
        return logs if return_dict else self._in_order(logs)

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Return the outputs for data, as NumPy arrays.

        Args: see `fit`.
        Raises: ValueError if the data are empty.
        """
        small = type(x) is np.ndarray and x.ndim > 0 and 0 < len(x) <= (batch_size or 32) and x.dtype.kind not in "OSU"
        if small and not self._lacks_weights() and steps is None and callbacks is None and verbose != 1:
            return prediction.predict_batch(self, x)
        feed = feed_for(x, batch_size=batch_size, steps=self._whole_executions(steps))
        return prediction.predict(self, feed, verbose=verbose, callbacks=callbacks)

    # --- one batch ---------------------------------------------------------------------------------------------

    def train_on_batch(self, x, y=None, sample_weight=None, class_weight=None, return_dict=False):
        """Make one step on one batch; return the loss and the metrics on it.

        Args: see `fit`.
        """
        self._assert_compiled("train_on_batch")
        feed = _whole(x, y, sample_weight, class_weight)
        self._prepare_for(feed)
        self.reset_metrics()
        logs = loop.train_once(self, feed.peek())
        return logs if return_dict else self._in_order(logs)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Return the loss and the metrics on one batch."""
        self._assert_compiled("test_on_batch")
        feed = _whole(x, y, sample_weight)
        self._prepare_for(feed)
        self.reset_metrics()
        logs = loop.test_once(self, feed.peek())
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x):
        """Return the outputs for one batch, as NumPy arrays."""
        feed = _whole(x)
        if self._lacks_weights():
            self._symbolic_build(feed.peek(), labelled=False)
        return prediction.predict_batch(self, feed.peek())

    # --- preparation -------------------------------------------------------------------------------------------

    def _assert_compiled(self, method):
        if not self.compiled:
            raise ConfigurationError(
                message(
                    "L502",
                    f"`{method}` wants a compiled model. You must call `compile()` before calling `{method}()`.",
                    where=f'model "{self.name}"',
                    why="the model does not know yet what to minimise, and how.",
                    fix='model.compile(optimizer="adam", loss="mse")    # with the loss that suits the labels',
                )
            )

    def _whole_executions(self, steps):
        """A number of batches, rounded up to whole groups of `steps_per_execution`, as Keras runs them."""
        if steps is None:
            return None
        group = loop.steps_between_hooks(self)
        return -(-steps // group) * group

    def _prepare_for(self, feed):
        """Make the variables that a step will touch, look at the data; return how long looking took [seconds]."""
        if not self._is_ready():
            self._symbolic_build(feed.peek())
        spent = checks.look_at(self, feed, thoroughly=not self._checked)
        object.__setattr__(self, "_checked", True)
        return spent

    def _is_ready(self):
        parts = [self._compile_loss, self._compile_metrics, self.optimizer]
        return not self._lacks_weights() and all(part is None or part.built for part in parts)

    def _lacks_weights(self):
        """Tell whether a layer has yet to make its weights, since the model was last completed."""
        if not self.built or self._complete_at == tracking.changes():
            return not self.built
        complete = all(layer.built for layer in self._flatten_layers())
        if complete:
            self._complete_at = tracking.changes()
        return not complete

    def _symbolic_build(self, data_batch, labelled=True):
        x, y, sample_weight = unpack_x_y_sample_weight(data_batch)
        self._build_from_batch(x, y if labelled else None, sample_weight)
        if self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)
        self._complete_at = tracking.changes()

    def _build_from_batch(self, x, y, sample_weight):
        try:
            y_pred = self._inferred(lambda x: self(x, training=False), x)
        except NotImplementedError:
            return  # a model with a `train_step` of its own needs no `call`
        if y is None:
            return
        loss, scores, labels = self._compile_loss, self._compile_metrics, tree.map_structure(_spec, y)
        if loss is not None and not loss.built:
            if is_overridden(self, "compute_loss"):  # which may compare other things than labels and outputs
                self._inferred(lambda x, *rest: self._loss_of(x, rest[0], self(x), rest[1], False), x, y, sample_weight)
            else:
                loss.build(labels, y_pred)
        if scores is not None and not scores.built:
            if is_overridden(self, "compute_metrics"):
                self._inferred(lambda x, *rest: self.compute_metrics(x, rest[0], self(x), rest[1]), x, y, sample_weight)
                return
            scores.build(labels, y_pred)
            # Some metrics, such as F1Score, make their variables at the first batch, whose shapes they need.
            shapes.infer(scores.update_state, labels, y_pred)

    def _inferred(self, function, *batch):
        """Return what comes out for any number of samples, or else, also to say what is wrong, for those at hand."""
        try:
            return shapes.infer(function, *tree.map_structure(_spec, batch))
        except NotImplementedError:
            raise
        except (LaminaError, TypeError, ValueError):
            exact = tree.map_structure(lambda a: None if a is None else KerasTensor(a.shape, a.dtype), batch)
        return shapes.infer(function, *exact)

    def _in_order(self, logs):
        """The values as Keras lists them: by the names of the metrics, then the others; a single number alone."""
        names = []
        for metric in self.metrics:
            names += [m.name for m in metric.metrics] if metric is self._compile_metrics else [metric.name]
        values = [logs[name] for name in names if name in logs]
        values += [logs[name] for name in sorted(logs) if name not in names]
        return values[0] if len(values) == 1 else values

    # --- files -------------------------------------------------------------------------------------------------

    def get_compile_config(self):
        """Return the arguments of `compile`, serializable."""
        if not self.compiled:
            return {}
        given = {**self._compile_config, "optimizer": self.optimizer}
        return {name: serialization.serialize_keras_object(value) for name, value in given.items()}

    def compile_from_config(self, config):
        """Compile with the arguments that `get_compile_config` returned; a `compile` of the user's is not called."""
        if is_overridden(self, "compile"):
            warnings.warn(
                "`compile()` was not called as part of model loading because the model's `compile()` method is custom. "
                "Call it, or override `get_compile_config()` and `compile_from_config(config)` too.",
                LaminaWarning,
                stacklevel=2,
            )
            return
        given = {name: serialization.deserialize_keras_object(value) for name, value in config.items()}
        self.compile(**given)
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)


def _mean_of_loss():
    return metrics.Mean(name="loss")


def _spec(x):
    return None if x is None else KerasTensor((None, *x.shape[1:]), x.dtype)


def _whole(x, y=None, sample_weight=None, class_weight=None):
    feed = ArrayFeed(x, y, sample_weight, class_weight=class_weight)
    feed.batch_size = feed.count
    return feed


def _validation_feed(data, batch_size, steps):
    return feed_for(*unpack_x_y_sample_weight(data), batch_size=batch_size, steps=steps)
