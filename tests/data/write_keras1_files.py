"""Write `keras1_image.h5` and `keras1_words.h5` to the format that Keras 1.2 documents, by hand: it runs no more.

    python tests/data/write_keras1_files.py

The weights are whole numbers in a row, so that a wrong order shows; what they mean is worked out in the test.
"""

import json
import pathlib

import h5py
import numpy as np

HERE = pathlib.Path(__file__).parent
NOTHING = dict.fromkeys(
    ("W_regularizer", "b_regularizer", "activity_regularizer", "W_constraint", "b_constraint"), None
)
NOTHING_RECURRENT = {"W_regularizer": None, "U_regularizer": None, "b_regularizer": None}


def counting(*shape):
    """Numbers in a row, scaled to stay small."""
    return (np.arange(np.prod(shape)).reshape(shape) % 23 / 23 - 0.4).astype("float32")


def layer(class_name, **config):
    return {"class_name": class_name, "config": {"trainable": True, **config}}


def write(name, layers, weights, training):
    with h5py.File(HERE / f"keras1_{name}.h5", "w") as file:
        file.attrs["keras_version"] = b"1.2.2"
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": layers}).encode()
        file.attrs["training_config"] = json.dumps(training).encode()
        group = file.create_group("model_weights")
        group.attrs["keras_version"] = b"1.2.2"
        group.attrs["layer_names"] = [described["config"]["name"].encode() for described in layers]
        for described in layers:
            own = described["config"]["name"]
            inner = group.create_group(own)
            arrays = weights.get(own, {})
            inner.attrs["weight_names"] = [f"{own}_{part}:0".encode() for part in arrays]
            for part, array in arrays.items():
                inner[f"{own}_{part}:0"] = array


def image():
    layers = [
        layer(
            "Convolution2D",
            name="convolution2d_1",
            batch_input_shape=[None, 5, 5, 1],
            input_dtype="float32",
            nb_filter=2,
            nb_row=3,
            nb_col=2,
            init="glorot_uniform",
            activation="relu",
            border_mode="same",
            subsample=[1, 1],
            dim_ordering="tf",
            bias=True,
            **NOTHING,
        ),
        layer("MaxPooling2D", name="pool", pool_size=[2, 2], strides=[2, 2], border_mode="valid", dim_ordering="tf"),
        layer("ZeroPadding2D", name="pad", padding=[1, 1], dim_ordering="tf"),
        layer(
            "BatchNormalization",
            name="norm",
            epsilon=0.001,
            mode=0,
            axis=-1,
            momentum=0.99,
            gamma_regularizer=None,
            beta_regularizer=None,
        ),
        layer("Dropout", name="dropout_1", p=0.25),
        layer("Flatten", name="flatten_1"),
        layer(
            "Dense",
            name="dense_1",
            output_dim=2,
            input_dim=None,
            init="glorot_uniform",
            activation="softmax",
            bias=True,
            **NOTHING,
        ),
    ]
    weights = {
        "convolution2d_1": {"W": counting(3, 2, 1, 2), "b": counting(2)},
        "norm": {
            "gamma": counting(2) + 1,
            "beta": counting(2),
            "running_mean": counting(2),
            "running_std": counting(2) + 1,
        },
        "dense_1": {"W": counting(32, 2), "b": counting(2)},
    }
    training = {
        "optimizer_config": {
            "class_name": "SGD",
            "config": {"lr": 0.5, "momentum": 0.0, "decay": 0.0, "nesterov": False},
        },
        "loss": "categorical_crossentropy",
        "metrics": ["accuracy"],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    write("image", layers, weights, training)


def words():
    recurrent = dict(
        init="glorot_uniform",
        inner_init="orthogonal",
        activation="tanh",
        inner_activation="hard_sigmoid",
        return_sequences=True,
        go_backwards=False,
        stateful=False,
        unroll=False,
        consume_less="cpu",
        dropout_W=0.0,
        dropout_U=0.0,
        input_length=None,
        **NOTHING_RECURRENT,
    )
    layers = [
        layer(
            "Embedding",
            name="embedding_1",
            batch_input_shape=[None, 4],
            input_dtype="int32",
            input_dim=5,
            output_dim=3,
            init="uniform",
            input_length=4,
            mask_zero=False,
            W_regularizer=None,
            activity_regularizer=None,
            W_constraint=None,
            dropout=0.0,
        ),
        layer(
            "Convolution1D",
            name="convolution1d_1",
            nb_filter=3,
            filter_length=2,
            init="glorot_uniform",
            activation="linear",
            border_mode="valid",
            subsample_length=1,
            bias=True,
            input_dim=None,
            input_length=None,
            **NOTHING,
        ),
        layer("LSTM", name="lstm_1", output_dim=2, input_dim=3, forget_bias_init="one", **recurrent),
        layer("GRU", name="gru_1", output_dim=2, input_dim=2, **{**recurrent, "return_sequences": False}),
    ]
    gates = {"lstm_1": ("icfo", 3), "gru_1": ("zrh", 2)}
    weights = {
        "embedding_1": {"W": counting(5, 3)},
        "convolution1d_1": {"W": counting(2, 1, 3, 3), "b": counting(3)},
    }
    for name, (letters, size) in gates.items():
        weights[name] = {}
        for i, gate in enumerate(letters):
            weights[name] |= {
                f"W_{gate}": counting(size, 2) + i / 10,
                f"U_{gate}": counting(2, 2) - i / 10,
                f"b_{gate}": counting(2) + i / 5,
            }
    training = {
        "optimizer_config": {"class_name": "RMSprop", "config": {"lr": 0.001, "rho": 0.9, "epsilon": 1e-8}},
        "loss": "mse",
        "metrics": [],
        "sample_weight_mode": None,
        "loss_weights": None,
    }
    write("words", layers, weights, training)


if __name__ == "__main__":
    image()
    words()
