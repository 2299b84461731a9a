"""The work as a user of the Keras API writes it, for Lamina and for Keras on the backend its environment names."""

import numpy as np
from benchmarks.task import Task


def fit(k, workload):
    x, y = workload.data()
    k.config.set_dtype_policy(workload.policy)
    model = workload.model(k)
    model.compile("adam", workload.loss, metrics=[workload.metric])

    def epoch():
        model.fit(x, y, batch_size=workload.batch_size, verbose=0)

    return Task(epoch, workload.steps, model.count_params())


def predict_one(k, workload):
    x, _ = workload.data(1)
    model = workload.model(k)
    return Task(lambda: model.predict(x, verbose=0), parameters=model.count_params())


def predict_sizes(k, workload):
    """Predict from batches of 1, 2, ... 32 samples with a model that never has."""
    x, _ = workload.data(32)
    fresh = []

    def sizes():
        for size in range(1, 33):
            fresh[0].predict(x[:size], verbose=0)

    def renew():
        fresh[:] = [workload.model(k)]

    return Task(sizes, before=renew, first_counts=True)


def predict_many(k, workload):
    x, _ = workload.data(10_000)
    model = workload.model(k)
    return Task(lambda: model.predict(x, verbose=0), parameters=model.count_params())


def call(k, workload):
    x, _ = workload.data(1)
    model = workload.model(k)
    return Task(lambda: np.asarray(_detached(model(x))), parameters=model.count_params())


def forward(k, workload):
    x, _ = workload.data(workload.batch_size)
    model = workload.model(k)
    return Task(lambda: model.predict(x, verbose=0), parameters=model.count_params())


def build(k, workload):
    return Task(lambda: _with_weights(workload.model(k)), first_counts=True)


def _with_weights(model):
    # JAX returns before the numbers are drawn.
    for weight in model.weights:
        getattr(weight.value, "block_until_ready", lambda: None)()


def _detached(outputs):
    return outputs.detach() if hasattr(outputs, "detach") else outputs
