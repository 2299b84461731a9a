"""Models written once and made by both libraries: each function takes the library (`keras` or `lamina`)."""


def stack(k):
    return k.Sequential([k.Input((6,)), k.layers.Dense(5, activation="relu"), k.layers.Dense(3, activation="softmax")])


def images(k):
    return k.Sequential(
        [
            k.Input((8, 8, 1)),
            k.layers.Conv2D(4, 3, activation="relu"),
            k.layers.MaxPooling2D(),
            k.layers.BatchNormalization(),
            k.layers.Flatten(),
            k.layers.Dense(3),
        ]
    )


def branches(k):
    x = k.Input((6,), name="x")
    a = k.layers.Dense(4, activation="relu", name="left")(x)
    b = k.layers.Dense(4, name="right")(x)
    y = k.layers.Concatenate(name="join")([a, b])
    y = k.layers.Add(name="sum")([y, k.layers.Dense(8, name="skip")(x)])
    return k.Model(x, k.layers.Dense(2, name="top")(y), name="branches")


def shared(k):
    a, b = k.Input((4,), name="a"), k.Input((4,), name="b")
    tower = k.layers.Dense(3, name="tower")
    merged = k.layers.Multiply(name="product")([tower(a), tower(b)])
    return k.Model(
        [a, b], [k.layers.Dense(1, name="score")(merged), k.layers.Dense(2, name="kind")(merged)], name="shared"
    )


def dictionaries(k):
    inputs = {"age": k.Input((1,), name="age"), "income": k.Input((2,), name="income")}
    x = k.layers.Concatenate(name="row")([inputs["age"], inputs["income"]])
    outputs = {"low": k.layers.Dense(1, name="low")(x), "high": k.layers.Dense(1, name="high")(x)}
    return k.Model(inputs, outputs, name="dictionaries")


def nested(k):
    base = k.Sequential([k.Input((6,)), k.layers.Dense(4, name="inner")], name="base")
    x = k.Input((6,), name="x")
    return k.Model(x, k.layers.Dense(2, name="head")(base(x)), name="nested")


def masked(k):
    return k.Sequential(
        [
            k.Input((5,), dtype="int32"),
            k.layers.Embedding(7, 4, mask_zero=True),
            k.layers.LSTM(3),
            k.layers.Dense(1, activation="sigmoid"),
        ]
    )


def operators(k):
    x = k.Input((4,), name="x")
    h = k.layers.Dense(4, name="h")(x)
    return k.Model(x, k.ops.relu(h[:, :2] * 2.0 + h[:, 2:]) - 1.0, name="operators")


ALL = [stack, images, branches, shared, dictionaries, nested, masked, operators]


def shape_of_inputs(model):
    """Return random inputs for a model, in its own structure."""
    import numpy as np

    def sample(t):
        shape = (7, *t.shape[1:])
        if "int" in str(t.dtype):
            return np.random.default_rng(0).integers(0, 7, shape).astype("int32")
        return np.random.default_rng(len(shape)).normal(size=shape).astype("float32")

    inputs = model.inputs[0] if hasattr(model, "add") else model.input
    if isinstance(inputs, dict):
        return {name: sample(t) for name, t in inputs.items()}
    if isinstance(inputs, list | tuple):
        return [sample(t) for t in inputs]
    return sample(inputs)
