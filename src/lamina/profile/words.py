"""The sentences of a profile."""

from lamina.explain.words import amount


def took(forward, step, spread, compiling):
    """Say how long the whole model takes, times in milliseconds but for compiling."""
    return f"forward pass {forward} ms; training step {step} ms (± {spread:.0%}), compiled in {compiling:.1f} s"


def keeps(memory):
    """Say what the step keeps in memory."""
    peak = "" if memory.peak is None else f"; at its peak the step has {amount(memory.peak)}"
    return f"weights {amount(memory.parameters)}, outputs of all layers {amount(memory.activations)}{peak}"


def machine(flops, bandwidth, near):
    """Say what this machine can do."""
    copies = f"{bandwidth:.0f} GB/s in a copy ({near:.0f} GB/s within its caches)"
    return f"this machine reaches {flops:.0f} GFLOP/s in a matrix product and {copies}"


def convention():
    """Say how work is counted."""
    return "One multiply-add counts as one; GFLOP/s count it as two operations, one multiplication and one addition."


def take(takers):
    """Say how much of the step layers take: pairs (name, part)."""
    names = [f"{name} {part:.0%}" for name, part in takers]
    return f"Of the step, {' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))}: "


LESS_WORK = "at what this machine can do, so only less work makes it faster."
LESS_MEMORY = (
    "limited by the memory that is moved. Make what goes through smaller (pooling or strides before it), or give it "
    "fewer bits (a mixed policy)."
)
BELOW_THE_ROOF = (
    "far below what this machine can do there. A larger batch, or sizes that are multiples of 16, would use it better."
)
BEFORE_THE_MODEL = "asked of Python by the program. Called on the data before they go into the model, it costs no step."
FEWER_UPDATES = "the weights are updated. A larger batch means fewer updates for the same samples."
MORE_SAMPLES = "what belongs to no layer. A larger batch spreads it over more samples."


def faster(first, second, seconds):
    """Compare two times per sample."""
    a, b = seconds
    if a == b:
        return f"{first} and {second} take the same time per sample."
    quick, slow, ratio = (first, second, b / a) if a < b else (second, first, a / b)
    times = f"{quick} takes {min(a, b) * 1e3:.3f} ms and {slow} {max(a, b) * 1e3:.3f} ms"
    return f"Per sample, {times}: {ratio:.2f} times as long."
