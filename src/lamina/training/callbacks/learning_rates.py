"""What callbacks that read and set learning rates share."""


def optimizers_of(model):
    """Return pairs (name, optimizer) for the optimizers that have a learning rate; the name of a single one is ""."""
    optimizer = model.optimizer
    if hasattr(optimizer, "optimizers"):
        return [(inner.name, inner) for inner in optimizer.optimizers]
    return [("", optimizer)]


def log_learning_rates(model, logs):
    """Put the learning rates into the logs."""
    for name, optimizer in optimizers_of(model):
        logs[f"learning_rate_{name}" if name else "learning_rate"] = float(optimizer.learning_rate)
