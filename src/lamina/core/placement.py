"""On which devices variables and batches lie: what `lamina.distribution` says, asked where they are made."""

import jax


class _Settings:
    distribution = None


def distribution():
    """Return the distribution that is set, or None."""
    return _Settings.distribution


def set_distribution(value):
    """Let variables and batches that are made from now on lie as a distribution says; None takes one device again."""
    _Settings.distribution = value


def place_variable(variable, value):
    """Return the value of a variable, laid on the devices it shall lie on."""
    if _Settings.distribution is None:
        return value
    variable._layout = _Settings.distribution.get_variable_layout(variable)  # which an optimizer's slots take over
    return jax.device_put(value, sharding(variable._layout))


def stay(variable, value):
    """Return a new value of a variable inside compiled code, kept where the variable lies on several devices."""
    laid = variable._value.sharding
    if not isinstance(laid, jax.sharding.NamedSharding):
        return value
    return jax.lax.with_sharding_constraint(value, laid)


def place_batch(batch):
    """Return a batch, its samples shared among the devices; where their number cannot be shared, each gets all."""
    if _Settings.distribution is None:
        return batch
    return jax.tree.map(_place_data, batch)


def _place_data(x):
    if not getattr(x, "ndim", 0) or x.dtype.kind in "OSU":
        return x
    layout = sharding(_Settings.distribution.get_data_layout(x.shape))
    try:
        layout.shard_shape(tuple(x.shape))
    except ValueError:
        layout = jax.sharding.NamedSharding(layout.mesh, jax.sharding.PartitionSpec())
    return jax.device_put(x, layout)


def sharding(layout):
    """Return JAX's sharding for a TensorLayout, or for itself."""
    return getattr(layout, "backend_layout", layout)
