"""Steps that were written for another engine, recognised by their arguments."""

import inspect

from lamina.core.errors import StepError, message

_STATES = {
    "train_step": "trainable, non_trainable, slots, scores",
    "test_step": "trainable, non_trainable, scores",
    "predict_step": "trainable, non_trainable",
}

_FIXES = {
    "train_step": """def train_step(self, state, data):
    trainable, non_trainable, slots, scores = state
    x, y = data
    gradient = jax.value_and_grad(self.compute_loss_and_updates, has_aux=True)
    (_, (loss, y_pred, non_trainable, scores)), gradients = gradient(
        trainable, non_trainable, scores, x, y, None, training=True, optimizer_variables=slots)
    trainable, slots = self.optimizer.stateless_apply(slots, gradients, trainable)
    return {"loss": loss}, (trainable, non_trainable, slots, scores)""",
    "test_step": """def test_step(self, state, data):
    trainable, non_trainable, scores = state
    x, y = data
    loss, (_, y_pred, non_trainable, scores) = self.compute_loss_and_updates(
        trainable, non_trainable, scores, x, y, None, training=False)
    return {"loss": loss}, (trainable, non_trainable, scores)""",
    "predict_step": """def predict_step(self, state, data):
    trainable, non_trainable = state
    return self.stateless_call(trainable, non_trainable, data, training=False)""",
}


def assert_takes_state(model, name):
    """Refuse a `train_step(self, data)` as written for TensorFlow and PyTorch, and show how it is written here.

    Raises: StepError L501 (a TypeError).
    """
    step = getattr(model, name)
    try:
        inspect.signature(step).bind("state", "data")
    except TypeError:
        raise StepError(_told(model, name, step)) from None


def _told(model, name, step):
    given = ", ".join(["self", *map(str, inspect.signature(step).parameters.values())])
    return message(
        "L501",
        f"{name} wants (self, state, data); it is ({given}).",
        where=f"{type(model).__name__}.{name}",
        why=f"it was written for TensorFlow or PyTorch. Here state goes in and comes out: ({_STATES[name]}).",
        fix=_FIXES[name],
    )
