"""Which layer the time of a compiled program belongs to, read from the profiler's record of its instructions.

XLA fuses across layers, but each instruction keeps the scope it was written in, and layers open a scope of their name.
"""

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import jax

OTHER = "(other)"
UPDATE = "(optimizer)"
UPDATE_SCOPE = "optimizer_update"  # what it is called in the program
_INSTRUCTION = re.compile(r"^\s*(?:ROOT )?%?([\w.\-]+) = ")
_COMPUTATION = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) .*\{$")
_SCOPE = re.compile(r'op_name="([^"]*)"')
_CALLED = re.compile(r"(?:calls|to_apply|body)=%?([\w.\-]+)")


@dataclass
class Share:
    """A layer's part of the time of the program.

    Attributes:
        forward, backward: [seconds] of one run.
        fused_with: names of the layers with which it shares instructions.
    """

    forward: float = 0.0
    backward: float = 0.0
    fused_with: set = field(default_factory=set)

    @property
    def total(self):
        """Both directions [seconds]."""
        return self.forward + self.backward


def shares(compiled, args, names, runs=5):
    """Return a dict from layer names to Shares: how the time of `compiled(*args)` falls to the layers.

    Args:
        compiled: compiled program (`jax.jit(f).lower(...).compile()`).
        names: names of the layers, as their scopes are called.
        runs: how often it is run and recorded [count].
    """
    instructions = _instructions(compiled.as_text(), set(names))
    found = {name: Share() for name in (*names, OTHER)}
    for instruction, seconds in _record(compiled, args, runs):
        layers, backward = instructions.get(instruction, ((), False))
        share = found[layers[0] if layers else OTHER]
        if backward:
            share.backward += seconds / runs
        else:
            share.forward += seconds / runs
        for layer in layers:
            found[layer].fused_with |= set(layers) - {layer}
    return found


def _instructions(text, names):
    """Return a dict from instructions to (layers they belong to, their own first; whether they go backward)."""
    computations, current = {}, None
    for line in text.splitlines():
        start = _COMPUTATION.match(line)
        if start:
            current = computations.setdefault(start[1], [])
        elif current is not None and _INSTRUCTION.match(line):
            scope, called = _SCOPE.search(line), _CALLED.search(line)
            current.append((_INSTRUCTION.match(line)[1], scope[1] if scope else "", called[1] if called else None))
    return {
        name: _owners(scope, called, computations, names)
        for lines in computations.values()
        for name, scope, called in lines
    }


def _owners(scope, called, computations, names):
    scopes = [scope, *_scopes_inside(called, computations, set())]
    layers = list(dict.fromkeys(layer for s in scopes if (layer := _layer(s, names))))
    return tuple(layers), "transpose(" in next(filter(None, scopes), "")


def _scopes_inside(called, computations, seen):
    if called is None or called in seen:
        return
    seen.add(called)
    for _, scope, inner in reversed(computations.get(called, ())):
        if scope:
            yield scope
        yield from _scopes_inside(inner, computations, seen)


def _layer(scope, names):
    """Return the outermost part of a scope that is the name of a layer."""
    for part in scope.split("/"):
        name = part
        while "(" in name and name.endswith(")"):  # transpose(jvp(dense)) is dense, differentiated
            name = name[name.index("(") + 1 : -1]
        if name in names:
            return name
    return None


def _record(compiled, args, runs):
    """Yield (instruction, seconds that it took itself) for all instructions of all runs."""
    jax.block_until_ready(compiled(*args))  # the first run of a program is not like the others
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            for _ in range(runs):
                jax.block_until_ready(compiled(*args))
        (path,) = Path(folder).rglob("*.xplane.pb")
        data = jax.profiler.ProfileData.from_file(str(path))
        for plane in data.planes:
            for line in plane.lines:
                events = [(e.start_ns, e.duration_ns, _instruction(e)) for e in line.events]
                yield from _own_times([event for event in events if event[2]])


def _instruction(event):
    return dict(event.stats).get("hlo_op")


def _own_times(events):
    """Take the time of what runs inside an instruction (the body of a loop) off its own."""
    running = []
    for start, duration, name in sorted(events, key=lambda event: (event[0], -event[1])):
        while running and start >= running[-1][0]:
            _, done, own = running.pop()
            yield done, max(own, 0.0) * 1e-9
        if running:
            running[-1][2] -= duration
        running.append([start + duration, name, duration])
    while running:
        _, done, own = running.pop()
        yield done, max(own, 0.0) * 1e-9
