"""The sentences of a profile."""

from lamina.explain.words import amount


def took(forward, step, spread, compiling):
    """Say how long the whole model takes, times in milliseconds but for compiling."""
    return f"forward pass {forward} ms; training step {step} ms (± {spread:.0%}), compiled in {compiling:.1f} s"


def keeps(memory):
    """Say what the step keeps in memory."""
    peak = "" if memory.peak is None else f"; at its peak the step has {amount(memory.peak)}"
    return f"weights {amount(memory.parameters)}, outputs of all layers {amount(memory.activations)}{peak}"


def machine(flops, bandwidth):
    """Say what this machine can do."""
    return f"this machine reaches {flops:.0f} GFLOP/s in a matrix product and {bandwidth:.0f} GB/s in a copy"


def convention():
    """Say how work is counted."""
    return "One multiply-add counts as one; GFLOP/s count it as two operations, one multiplication and one addition."


def takes(name, part):
    """Say how much of the step a layer takes."""
    return f"{name} takes {part:.0%} of the step"


def at_the_roof(name, part, reached):
    """Say that only less work helps."""
    return f"{takes(name, part)}, at {reached:.0%} of what this machine can do there: only less work makes it faster."


def below_the_roof(name, part, reached):
    """Say that the layer's sizes do not suit the machine."""
    return (
        f"{takes(name, part)} at {reached:.0%} of what this machine can do there: a larger batch, or sizes that are "
        "multiples of 16, would use it better."
    )


def moves(name, part, count):
    """Say that the layer waits for memory."""
    return (
        f"{takes(name, part)} and is limited by the {amount(count)} that it moves: make what goes through it "
        "smaller (pooling or strides before it), or give it fewer bits (a mixed policy)."
    )


def outside(part):
    """Say that much time is in no layer."""
    return f"{part:.0%} of the step belongs to no layer: a larger batch spreads it over more samples."


def updating(part):
    """Say that the optimizer takes much."""
    return f"The optimizer takes {part:.0%} of the step: a larger batch means fewer updates for the same samples."


def faster(first, second, seconds):
    """Compare two times per sample."""
    a, b = seconds
    if a == b:
        return f"{first} and {second} take the same time per sample."
    quick, slow, ratio = (first, second, b / a) if a < b else (second, first, a / b)
    times = f"{quick} takes {min(a, b) * 1e3:.3f} ms and {slow} {max(a, b) * 1e3:.3f} ms"
    return f"Per sample, {times}: {ratio:.2f} times as long."
