"""The work as a careful person writes it in plain JAX, with Lamina's kernels and compiler options.

A model is a function of a `Weights` and a batch; it asks for each weight by its shape where it uses it.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from benchmarks.task import Task
from benchmarks.workloads import HEADS, LARGE, STAGES, VOCAB, WIDTH

from lamina.engine.compile import jit
from lamina.kernels import recurrence
from lamina.kernels.convolution import convolve, convolve_transpose
from lamina.kernels.normalization import normalize, shift_and_scale
from lamina.kernels.pooling import max_pool

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
MOMENTUM = 0.99  # of moving statistics
relu = jax.nn.relu


class Weights:
    """Hand out weights in the order in which a model asks for them; without values, list what it asks for.

    Args:
        values: the weights.
        statistics: means and variances in turn, of each normalization.
        training: whether normalization uses the batch's statistics and moves the others.
        dtype: what the weights are used in.
    """

    def __init__(self, values=None, statistics=(), training=False, dtype="float32"):
        self.shapes = []
        self.values = None if values is None else iter(values)
        self.statistics = iter(statistics)
        self.training = training
        self.dtype = dtype
        self.moved = []

    def __call__(self, *shape, start=None):
        self.shapes.append((shape, start))
        return (jnp.zeros(shape) if self.values is None else next(self.values)).astype(self.dtype)

    def normalized(self, x):
        """Normalize the channels of x."""
        channels = x.shape[-1]
        gamma, beta = self(channels, start=1.0), self(channels)
        mean, variance = next(self.statistics, jnp.zeros(channels)), next(self.statistics, jnp.ones(channels))
        if not self.training:
            self.moved += [mean, variance]
            return shift_and_scale(x, mean, variance, gamma, beta, -1, 1e-3).astype(x.dtype)
        y, new_mean, new_variance = normalize(x, gamma, beta, -1, 1e-3)
        self.moved += [
            old * MOMENTUM + new * (1 - MOMENTUM) for old, new in ((mean, new_mean), (variance, new_variance))
        ]
        return y.astype(x.dtype)


def dense(w, x, units):
    return x @ w(x.shape[-1], units) + w(units)


def conv(w, x, filters, size=3, stride=1, padding="same", bias=True):
    y = convolve(x, w(size, size, x.shape[-1], filters), (stride, stride), padding, (1, 1))
    return y + w(filters) if bias else y


def pool(x):
    return max_pool(x, (2, 2), (2, 2), "valid")


def flat(x):
    return x.reshape(x.shape[0], -1)


def mlp(w, x, units=128):
    return dense(w, relu(dense(w, relu(dense(w, x, units)), units)), 10)


large_mlp = partial(mlp, units=1024)


def digits(w, x):
    for filters in (32, 64):
        x = pool(relu(conv(w, x, filters, padding="valid")))
    return dense(w, relu(dense(w, flat(x), 128)), 10)


def vgg(w, x):
    for filters in (64, 128, 256):
        for _ in range(2):
            x = relu(w.normalized(conv(w, x, filters)))
        x = pool(x)
    return dense(w, relu(dense(w, flat(x), 256)), 10)


def resnet20(w, x):
    x = relu(w.normalized(conv(w, x, 16, bias=False)))
    for filters in (16, 32, 64):
        for block in range(3):
            stride = 2 if block == 0 and filters > 16 else 1
            y = relu(w.normalized(conv(w, x, filters, 3, stride, bias=False)))
            y = w.normalized(conv(w, y, filters, bias=False))
            shortcut = w.normalized(conv(w, x, filters, 1, stride, bias=False)) if stride > 1 else x
            x = relu(shortcut + y)
    return dense(w, x.mean((1, 2)), 10)


def resnet50(w, x):
    x = relu(w.normalized(conv(w, x, 64, 7, 2, bias=False)))
    x = max_pool(x, (3, 3), (2, 2), "same")
    for stage, (filters, blocks) in enumerate(STAGES):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            y = relu(w.normalized(conv(w, x, filters, 1, bias=False)))
            y = relu(w.normalized(conv(w, y, filters, 3, stride, bias=False)))
            y = w.normalized(conv(w, y, 4 * filters, 1, bias=False))
            shortcut = w.normalized(conv(w, x, 4 * filters, 1, stride, bias=False)) if block == 0 else x
            x = relu(shortcut + y)
    return dense(w, x.mean((1, 2)), 1000)


def read(w, x, units, mask=None, reverse=False):
    """The last output of an LSTM."""
    start = jnp.zeros((x.shape[0], units))
    kernel, recurrent, bias = w(x.shape[-1], 4 * units), w(units, 4 * units), w(4 * units)
    return recurrence.lstm(x, mask, start, start, kernel, recurrent, bias, reverse=reverse)[1][0]


def lstm(w, x):
    return dense(w, read(w, x, 128), 10)


def text(w, tokens):
    x, mask = w(VOCAB, 64)[tokens], tokens != 0
    both = [read(w, x, 64, mask), read(w, x, 64, mask, reverse=True)]
    return dense(w, jnp.concatenate(both, -1), 10)


def attention(w, x, heads):
    """Every word looks at all words, with several heads."""
    width = x.shape[-1]

    def split(x):
        return (x @ w(width, width) + w(width)).reshape(*x.shape[:2], heads, width // heads)

    query, key, value = split(x) / np.sqrt(width // heads).astype(x.dtype), split(x), split(x)
    scores = jax.nn.softmax(jnp.einsum("bqhd,bkhd->bhqk", query, key))
    mixed = jnp.einsum("bhqk,bkhd->bqhd", scores, value)
    return dense(w, mixed.reshape(x.shape), width)


def layer_norm(w, x):
    wide = x.astype("float32")
    apart = wide - wide.mean(-1, keepdims=True)
    y = (apart * jax.lax.rsqrt((apart * apart).mean(-1, keepdims=True) + 1e-3)).astype(x.dtype)
    return y * w(x.shape[-1], start=1.0) + w(x.shape[-1])


def transformer(w, tokens, width=WIDTH, heads=HEADS, blocks=2):
    x = w(VOCAB, width)[tokens]
    for _ in range(blocks):
        x = layer_norm(w, x + attention(w, x, heads))
        x = layer_norm(w, x + dense(w, relu(dense(w, x, 4 * width)), width))
    return dense(w, x.mean(1), 10)


def large_transformer(w, tokens):
    return transformer(w, tokens, LARGE["width"], LARGE["heads"], LARGE["blocks"])


def autoencoder(w, x):
    for filters in (32, 64):
        x = relu(conv(w, x, filters, stride=2))
    for filters in (64, 32):
        kernel = w(3, 3, filters, x.shape[-1])
        x = relu(convolve_transpose(x, kernel, (2, 2), "same") + w(filters))
    return jax.nn.sigmoid(conv(w, x, 1))


def dense_head(w, x):
    return dense(w, relu(dense(w, flat(x), 256)), 10)


def vgg16(w, x):
    for filters, depth in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(depth):
            x = relu(conv(w, x, filters))
        x = pool(x)
    return dense(w, relu(dense(w, relu(dense(w, flat(x), 4096)), 4096)), 1000)


# Losses give the mean loss, and the sum over the batch of what the metric counts.


def cross_entropy(scores, y):
    loss = -jnp.take_along_axis(jax.nn.log_softmax(scores), y[:, None], axis=1).mean()
    return loss, (scores.argmax(-1) == y).sum().astype("float32")


def squared_error(outputs, y):
    return jnp.square(outputs - y).mean(), jnp.abs(outputs - y).mean((1, 2, 3)).sum()


LOSSES = {"sparse_categorical_crossentropy": cross_entropy, "mean_squared_error": squared_error}


def initial(model, x):
    """Return weights and statistics for a model that reads batches like x."""
    asked = Weights()

    def trace(x):
        model(asked, x)
        return asked.moved

    statistics = [np.full(s.shape, i % 2, "float32") for i, s in enumerate(jax.eval_shape(trace, x[:1]))]
    rng = np.random.default_rng(0)
    return [jnp.asarray(_start(rng, *shape)) for shape in asked.shapes], [jnp.asarray(s) for s in statistics]


def _start(rng, shape, start):
    if len(shape) == 1:
        return np.full(shape, start or 0.0, "float32")
    return rng.standard_normal(shape, "float32") * np.float32(np.sqrt(2 / np.prod(shape[:-1])))


def training_step(model, loss_of, dtype="float32"):
    """Adam; the logs are sums of loss and metric, and the number of samples."""

    def loss_and_more(weights, statistics, x, y):
        w = Weights(weights, statistics, training=True, dtype=dtype)
        x = x.astype(dtype) if jnp.issubdtype(x.dtype, jnp.floating) else x
        loss, score = loss_of(model(w, x).astype("float32"), y)
        return loss, (score, w.moved)

    def step(state, x, y):
        count, logs, weights, statistics, means, squares = state
        gradient = jax.value_and_grad(loss_and_more, has_aux=True)
        (loss, (score, statistics)), gradients = gradient(weights, statistics, x, y)
        count = count + 1
        rate = RATE * jnp.sqrt(1 - BETA_2**count) / (1 - BETA_1**count)
        means = [m + (g - m) * (1 - BETA_1) for m, g in zip(means, gradients, strict=True)]
        squares = [v + (g * g - v) * (1 - BETA_2) for v, g in zip(squares, gradients, strict=True)]
        updates = zip(weights, means, squares, strict=True)
        weights = [w - rate * m / (jnp.sqrt(v) + EPSILON) for w, m, v in updates]
        logs = [logs[0] + loss * len(x), logs[1] + score, logs[2] + len(x)]
        return (count, logs, weights, statistics, means, squares), loss

    return jit(step, donate=(0,))


def fit(workload):
    """Shuffled batches gathered by NumPy, the state donated, numbers fetched at the end."""
    x, y = workload.data()
    model = MODELS[workload.model.__name__]
    weights, statistics = initial(model, x)
    zeros = [[jnp.asarray(np.zeros(w.shape, "float32")) for w in weights] for _ in range(2)]
    state = (jnp.float32(0), [jnp.float32(0) for _ in range(3)], weights, statistics, *zeros)
    dtype = "bfloat16" if workload.policy == "mixed_bfloat16" else "float32"
    step = training_step(model, LOSSES[workload.loss], dtype)
    held = [state]

    def epoch():
        state, order, size = held[0], np.random.permutation(len(x)), workload.batch_size
        for start in range(0, len(x), size):
            rows = order[start : start + size]
            state, _ = step(state, x[rows], y[rows])
        held[0] = jax.block_until_ready(state)

    return Task(epoch, workload.steps, sum(array.size for array in (*weights, *statistics)))


def forward_of(workload):
    """Return a compiled function of x alone, and the number of parameters."""
    model = MODELS[workload.model.__name__]
    weights, statistics = initial(model, workload.data(1)[0])

    def run(weights, statistics, x):
        return jax.nn.softmax(model(Weights(weights, statistics), x))

    parameters = sum(array.size for array in (*weights, *statistics))
    return partial(jit(run), weights, statistics), parameters


def predict_one(workload):
    x, _ = workload.data(1)
    run, parameters = forward_of(workload)
    return Task(lambda: np.asarray(run(x)), parameters=parameters)


def predict_sizes(workload):
    """One compilation per size."""
    x, _ = workload.data(32)
    fresh = []

    def sizes():
        for size in range(1, 33):
            np.asarray(fresh[0](x[:size]))

    def renew():
        fresh[:] = [forward_of(workload)[0]]

    return Task(sizes, before=renew, first_counts=True)


def predict_many(workload):
    x, _ = workload.data(10_000)
    run, parameters = forward_of(workload)

    def batches():
        return np.concatenate([np.asarray(run(x[start : start + 32])) for start in range(0, len(x), 32)])

    return Task(batches, parameters=parameters)


def forward(workload):
    x, _ = workload.data(workload.batch_size)
    run, parameters = forward_of(workload)
    return Task(lambda: np.asarray(run(x)), parameters=parameters)


def build(workload):
    x, _ = workload.data(1)
    return Task(lambda: initial(MODELS[workload.model.__name__], x), first_counts=True)


call = predict_one
MODELS = {
    "mlp": mlp,
    "large_mlp": large_mlp,
    "digits": digits,
    "vgg": vgg,
    "resnet20": resnet20,
    "resnet50": resnet50,
    "large_transformer": large_transformer,
    "lstm": lstm,
    "text": text,
    "transformer": transformer,
    "autoencoder": autoencoder,
    "dense_head": dense_head,
    "vgg16": vgg16,
}
