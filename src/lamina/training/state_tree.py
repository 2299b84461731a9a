"""All variables of a model as nested dicts by path, the form in which checkpoints of several machines hold them."""


def _groups(model):
    optimizer = getattr(model, "optimizer", None)
    return {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
        "optimizer_variables": optimizer.variables if optimizer is not None else [],
        "metrics_variables": model.metrics_variables,
    }


def get_state_tree(model, value_format="backend_tensor"):
    """Return the values of all variables: four groups of dicts nested by path.

    Args:
        model: a built model.
        value_format: "backend_tensor" for JAX arrays, "numpy_array" for NumPy's.
    Raises:   ValueError for another format, or if two variables of a group have one path.
    Source:   Keras 3 `Model.get_state_tree`.
    """
    if value_format not in ("backend_tensor", "numpy_array"):
        raise ValueError(
            "Invalid `value_format` argument. Expected one of {'numpy_array', 'backend_tensor'}. "
            f"Received: value_format={value_format}"
        )
    as_numpy = value_format == "numpy_array"
    return {name: _nested(variables, as_numpy) for name, variables in _groups(model).items()}


def _nested(variables, as_numpy):
    tree = {}
    for variable in variables:
        *scopes, name = variable.path.split("/")
        place = tree
        for scope in scopes:
            place = place.setdefault(scope, {})
        if name in place:
            raise ValueError(
                f"The following variable path is found twice in the model: '{variable.path}'. A state tree "
                "needs unique paths. Make sure to give unique names to your layers (and other objects)."
            )
        place[name] = variable.numpy() if as_numpy else variable.value
    return tree


def set_state_tree(model, state_tree):
    """Assign the values of a state tree; variables that are not in it keep theirs.

    Raises:   ValueError for an unknown group.
    Source:   Keras 3 `Model.set_state_tree`.
    """
    groups = _groups(model)
    for name, tree in state_tree.items():
        if name not in groups:
            raise ValueError(f"Unknown variable name: {name}. Expected one of {sorted(groups)}.")
        values = dict(_flat(tree))
        for variable in groups[name]:
            if variable.path in values:
                variable.assign(values[variable.path])


def _flat(tree, prefix=""):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}/")
        else:
            yield f"{prefix}{name}", value
