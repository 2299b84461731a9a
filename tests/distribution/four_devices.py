"""Run in a process of its own with four devices: the same numbers as on one, and arrays where they belong."""

import re

import jax
import numpy as np

from lamina import distribution, layers, models, utils

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(22, 6)).astype("float32"), RNG.normal(size=(22, 4)).astype("float32")


def trained():
    utils.clear_session()
    utils.set_random_seed(1)
    normalization = layers.BatchNormalization(synchronized=True)  # its statistics are those of the whole batch
    stack = [layers.Dense(8, "relu", name="a"), normalization, layers.Dense(4, name="b")]
    model = models.Sequential([layers.Input((6,)), *stack])
    model.compile("adam", "mse", metrics=["mae"])
    history = model.fit(X, Y, batch_size=8, epochs=2, verbose=0, validation_data=(X, Y))
    return model, history.history


def name_of_weight(variable):
    """The weight "a/kernel" or "b/kernel" that a variable is, or that it is a slot of."""
    found = re.search(r"[ab][/_]kernel", variable.path)
    return found and found.group().replace("_", "/")


def main():
    assert distribution.list_devices() == [f"cpu:{i}" for i in range(4)]
    assert distribution.get_device_count("cpu") == 4
    alone, expected = trained()

    mesh = distribution.DeviceMesh((2, 2), ("data", "model"))
    layouts = distribution.LayoutMap(mesh)
    layouts["(.*/)?a/kernel"] = (None, "model")
    layouts["(.*/)?b/kernel"] = distribution.TensorLayout(("model", None))
    parts = {"a/kernel": (6, 4), "b/kernel": (4, 4)}  # everything else is whole on each device
    strategies = {
        "data": distribution.DataParallel(),
        "model": distribution.ModelParallel(layout_map=layouts, batch_dim_name="data"),
    }
    for name, strategy in strategies.items():
        with strategy.scope():
            assert distribution.distribution() is strategy
            model, found = trained()
            for key, values in expected.items():
                np.testing.assert_allclose(found[key], values, rtol=1e-4, err_msg=f"{name}: {key}")
            for ours, theirs in zip(model.get_weights(), alone.get_weights(), strict=True):
                np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
            kernel = model.get_layer("a").kernel.value
            assert len(kernel.sharding.device_set) == 4, kernel.sharding
            part = kernel.addressable_shards[0].data.shape
            assert part == ((6, 8) if name == "data" else (6, 4)), part
            for variable in (*model.variables, *model.optimizer.variables):
                shape, weight = variable.value.addressable_shards[0].data.shape, name_of_weight(variable)
                assert shape == (parts.get(weight, variable.shape) if name == "model" else variable.shape), (
                    variable.path
                )
            np.testing.assert_allclose(model.predict(X, verbose=0), alone.predict(X, verbose=0), rtol=1e-3, atol=1e-4)
            before = kernel.sharding
            model.get_layer("a").kernel.assign(np.zeros((6, 8)))
            assert model.get_layer("a").kernel.value.sharding.is_equivalent_to(before, 2)
        assert distribution.distribution() is None

    layout = distribution.TensorLayout(("data", None), mesh)
    spread = distribution.distribute_tensor(X[:20], layout)
    assert spread.addressable_shards[0].data.shape == (10, 6)
    inside = jax.jit(lambda x: distribution.distribute_tensor(2 * x, layout))(X[:20])
    assert inside.sharding.is_equivalent_to(layout.backend_layout, 2)
    np.testing.assert_allclose(inside, 2 * X[:20])
    print("all well")


if __name__ == "__main__":
    main()
