"""Profile: what was counted and measured, to be read."""

from dataclasses import dataclass

from lamina.explain import words
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line, Table
from lamina.explain.formulas import number
from lamina.profile import flame
from lamina.profile import words as sentences
from lamina.profile.in_place import OTHER, UPDATE, UPDATE_SCOPE, Share
from lamina.profile.measure import Time


@dataclass
class LayerProfile:
    """One layer.

    Attributes:
        name, kind: of the layer.
        multiply_adds: of a batch, counted from the traced operations; one multiply-add is two FLOP. None if not known.
        bytes: that a batch moves at least: inputs, outputs and weights [bytes].
        forward, both: Time of the layer compiled alone: forward; forward and backward.
        share: Share of the whole compiled step.
        update: Time of the optimizer on the layer's weights alone; None without weights or optimizer.
        asks_python: whether the program asks Python for the result, as layers that read texts do.
    """

    name: str
    kind: str
    multiply_adds: int | None
    bytes: int
    forward: Time
    both: Time
    share: Share
    update: Time | None = None
    asks_python: bool = False

    @property
    def backward(self):
        """What the layer compiled alone takes for going back, beyond the forward pass [seconds]."""
        return max(self.both.median - self.forward.median, 0.0)

    @property
    def intensity(self):
        """Operations for each byte that is moved [FLOP/byte]; None where nothing is counted."""
        return 2 * self.multiply_adds / self.bytes if self.multiply_adds else None

    def reached(self, machine):
        """Return the share of what this machine can do at the layer's intensity: its place under the roofline."""
        if not self.multiply_adds:
            return self.bytes / machine.bandwidth_for(self.bytes) / self.forward.median
        return self.flops / min(machine.flops, self.intensity * machine.bandwidth_for(self.bytes))

    @property
    def flops(self):
        """Achieved speed alone, forward [FLOP/s]; None where nothing is counted."""
        return 2 * self.multiply_adds / self.forward.median if self.multiply_adds else None

    def bound(self, machine):
        """Say what limits the layer on this machine: "compute", "memory" or "Python"."""
        if self.asks_python:
            return "Python"
        if not self.multiply_adds:
            return "memory"
        needed = 2 * self.multiply_adds / machine.flops
        return "compute" if needed > self.bytes / machine.bandwidth_for(self.bytes) else "memory"

    def to_dict(self):
        """Return plain data."""
        told = {key: value for key, value in vars(self).items() if key not in ("forward", "both", "share", "update")}
        told |= {"alone_forward": self.forward.median, "alone_backward": self.backward, "alone_both": self.both.median}
        told |= {"alone_update": self.update.median if self.update else None, "intensity": self.intensity}
        fused = sorted(self.share.fused_with)
        return {
            **told,
            "in_place_forward": self.share.forward,
            "in_place_backward": self.share.backward,
            "fused": fused,
        }


@dataclass
class Memory:
    """What a training step keeps in memory.

    Attributes:
        parameters: all weights [bytes].
        activations: the outputs of all layers for the batch [bytes].
        peak: all that the step has at once: weights, data, results and what it needs in between [bytes]; None if the
            compiler does not say.
    """

    parameters: int
    activations: int
    peak: int | None


class Profile(Answer):
    """Where the time of a model goes.

    Attributes:
        name, batch: of the model; samples in the batch [count].
        layers: list of LayerProfiles in the order they run.
        predict, step: Time of the whole compiled forward pass; of a step: forward and backward pass and update.
        update, other: Shares of the step that belong to the optimizer, and to nothing that has a name.
        compile_seconds: how long the step took to compile [seconds].
        memory: Memory.
        machine: Machine.
    """

    def __init__(self, name, batch, layers, update, other, predict, step, compile_seconds, memory, machine):
        self.name, self.batch, self.layers, self.update, self.other = name, batch, layers, update, other
        self.predict, self.step, self.compile_seconds = predict, step, compile_seconds
        self.memory, self.machine = memory, machine

    def in_place(self, layer):
        """Return a layer's share of the step [seconds]; all, `UPDATE` and `OTHER` add up to the measured step."""
        named = {UPDATE: self.update, OTHER: self.other}
        share = named.get(layer) or next(x.share for x in self.layers if x.name == layer)
        return share.total * self.scale

    @property
    def scale(self):
        """What turns recorded into measured time: recording takes time itself."""
        recorded = sum(x.share.total for x in self.layers) + self.update.total + self.other.total
        return self.step.median / recorded if recorded else 0.0

    def save(self, path):
        """Write a flame chart: a page for a name that ends with ".html", events for Chrome's viewer for ".json"."""
        flame.save(self, path)

    def __getitem__(self, name):
        """Return the LayerProfile of a layer."""
        return next(layer for layer in self.layers if layer.name == name)

    def to_dict(self):
        """Return plain data, times in seconds."""
        return {
            "name": self.name,
            "batch": self.batch,
            "predict": vars(self.predict),
            "step": vars(self.step),
            "compile_seconds": self.compile_seconds,
            "memory": vars(self.memory),
            "machine": vars(self.machine),
            "layers": [{**layer.to_dict(), "in_place": self.in_place(layer.name)} for layer in self.layers],
            "update": self.in_place(UPDATE),
            "other": self.in_place(OTHER),
            "advice": list(self.advice()),
        }

    def document(self):
        """Return totals, a table of the layers, and the three that are worth a look."""
        able = [value / 1e9 for value in (self.machine.flops, self.machine.bandwidth, self.machine.near_bandwidth)]
        lines = [
            Line(sentences.took(_ms(self.predict), _ms(self.step), self.step.spread, self.compile_seconds)),
            Line(sentences.keeps(self.memory)),
            Line(sentences.convention()),
            Line(sentences.machine(*able)),
        ]
        headers = [
            "layer",
            "multiply-adds",
            "forward ms",
            "backward ms",
            "update ms",
            "GFLOP/s",
            "of the roof",
            "limit",
            "in place ms",
            "of the step",
            "fused with",
        ]
        rows = [self._row(layer) for layer in self.layers]
        for name in (UPDATE, OTHER):
            here = self.in_place(name)
            rows.append([name, *[""] * 7, f"{here * 1e3:.3f}", f"{here / self.step.median:.0%}", ""])
        return Block(
            f'Profile of "{self.name}"',
            f"{words.counted(self.batch, 'sample')} at once",
            [*lines, Table(headers, rows), *map(Line, self.advice())],
        )

    def _row(self, layer):
        here = self.in_place(layer.name)
        return [
            f"{layer.name} ({layer.kind})",
            "" if layer.multiply_adds is None else number(layer.multiply_adds),
            _ms(layer.forward),
            f"{layer.backward * 1e3:.3f}",
            _ms(layer.update) if layer.update else "",
            "" if layer.flops is None else f"{layer.flops / 1e9:.1f}",
            f"{layer.reached(self.machine):.0%}",
            layer.bound(self.machine),
            f"{here * 1e3:.3f}",
            f"{here / self.step.median:.0%}",
            ", ".join(sorted({UPDATE_SCOPE: UPDATE}.get(name, name) for name in layer.share.fused_with)),
        ]

    def advice(self):
        """Yield what to change first: up to three that take most of the step, those that want the same together."""
        total = self.step.median
        found = [(self.in_place(layer.name) / total, layer) for layer in self.layers]
        found += [(self.in_place(UPDATE) / total, UPDATE), (self.in_place(OTHER) / total, OTHER)]
        found.sort(key=lambda pair: -pair[0])
        alike = {}
        for part, what in [pair for pair in found[:_ADVICE] if pair[0] >= _LEAST] or found[:1]:
            alike.setdefault(self._remedy(what), []).append((what if isinstance(what, str) else what.name, part))
        for remedy, takers in alike.items():
            yield f"{sentences.take(takers)}{remedy}"

    def _remedy(self, what):
        if what in (UPDATE, OTHER):
            return sentences.FEWER_UPDATES if what == UPDATE else sentences.MORE_SAMPLES
        if what.asks_python:
            return sentences.BEFORE_THE_MODEL
        if what.reached(self.machine) < _NEAR:
            return sentences.BELOW_THE_ROOF
        return sentences.LESS_WORK if what.bound(self.machine) == "compute" else sentences.LESS_MEMORY


_ADVICE = 3  # things to change [count]
_LEAST = 0.05  # of the step that one of them takes [fraction 0-1]
_NEAR = 0.6  # of the roof, from where on only less work or less memory helps [fraction 0-1]


class ProfileComparison(Answer):
    """Two profiles side by side: of two models, or of one with two batch sizes.

    Attributes:
        first, second: Profiles.
        labels: what they are called.
    """

    def __init__(self, first, second, labels):
        self.first, self.second, self.labels = first, second, labels

    def per_sample(self):
        """Return the time of a step for one sample, of both [seconds]."""
        return tuple(each.step.median / each.batch for each in (self.first, self.second))

    def to_dict(self):
        """Return both as plain data."""
        return {"labels": list(self.labels), "first": self.first.to_dict(), "second": self.second.to_dict()}

    def document(self):
        """Return the verdict and a table of both, layers of the same name in one row."""
        names = list(dict.fromkeys(layer.name for each in (self.first, self.second) for layer in each.layers))
        headers = ["layer", *(f"{label} {what}" for what in ("forward ms", "in place ms") for label in self.labels)]
        rows = [[name, *self._cells(name)] for name in [*names, UPDATE, OTHER]]
        verdict = sentences.faster(*self.labels, self.per_sample())
        return Block("Two profiles", " and ".join(self.labels), [Line(verdict), Table(headers, rows)])

    def _cells(self, name):
        both = (self.first, self.second)
        alone = [next((_ms(layer.forward) for layer in each.layers if layer.name == name), "") for each in both]
        known = [name in (UPDATE, OTHER) or any(layer.name == name for layer in each.layers) for each in both]
        here = [f"{each.in_place(name) * 1e3:.3f}" if k else "" for each, k in zip(both, known, strict=True)]
        return [*alone, *here]


def _ms(measured):
    return f"{measured.median * 1e3:.3f}"
