"""Profile: what was counted and measured, to be read."""

from dataclasses import dataclass

from lamina.explain import words
from lamina.explain.answer import Answer
from lamina.explain.document import Block, Line, Table
from lamina.explain.formulas import number
from lamina.profile.in_place import OTHER, Share
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
    """

    name: str
    kind: str
    multiply_adds: int | None
    bytes: int
    forward: Time
    both: Time
    share: Share

    @property
    def flops(self):
        """Achieved speed alone, forward [FLOP/s]; None where nothing is counted."""
        return 2 * self.multiply_adds / self.forward.median if self.multiply_adds else None

    def bound(self, machine):
        """Say what limits the layer on this machine: "compute" or "memory"."""
        if not self.multiply_adds:
            return "memory"
        needed = 2 * self.multiply_adds / machine.flops
        return "compute" if needed > self.bytes / machine.bandwidth else "memory"

    def to_dict(self):
        """Return plain data."""
        told = {key: value for key, value in vars(self).items() if key not in ("forward", "both", "share")}
        told |= {"alone_forward": self.forward.median, "alone_both": self.both.median}
        fused = sorted(self.share.fused_with)
        return {
            **told,
            "in_place_forward": self.share.forward,
            "in_place_backward": self.share.backward,
            "fused": fused,
        }


class Profile(Answer):
    """Where the time of a model goes.

    Attributes:
        name, batch: of the model; samples in the batch [count].
        layers: list of LayerProfiles in the order they run.
        predict, step: Time of the whole compiled forward pass; of forward and backward pass (without the optimizer).
        compile_seconds: how long the step took to compile [seconds].
        temporary_bytes: memory the step needs beside weights and data [bytes], None if the compiler does not say.
        machine: Machine.
    """

    def __init__(self, name, batch, layers, other, predict, step, compile_seconds, temporary_bytes, machine):
        self.name, self.batch, self.layers, self.other = name, batch, layers, other
        self.predict, self.step, self.compile_seconds = predict, step, compile_seconds
        self.temporary_bytes, self.machine = temporary_bytes, machine

    def in_place(self, layer):
        """Return a layer's share of the step [seconds]; all of them and `OTHER` add up to the measured step."""
        share = self.other if layer == OTHER else next(x.share for x in self.layers if x.name == layer)
        recorded = sum(x.share.total for x in self.layers) + self.other.total
        return self.step.median * share.total / recorded if recorded else 0.0

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
            "temporary_bytes": self.temporary_bytes,
            "machine": vars(self.machine),
            "layers": [{**layer.to_dict(), "in_place": self.in_place(layer.name)} for layer in self.layers],
            "other": self.in_place(OTHER),
        }

    def document(self):
        """Return totals, a table of the layers, and the three that are worth a look."""
        peak, copy = self.machine.flops / 1e9, self.machine.bandwidth / 1e9
        memory = (
            "" if self.temporary_bytes is None else f", {self.temporary_bytes / 2**20:.1f} MB beside weights and data"
        )
        step = f"{_ms(self.step)} ms (± {self.step.spread:.0%})"
        lines = [
            Line(f"forward pass {_ms(self.predict)} ms; forward and backward {step}"),
            Line(f"compiled in {self.compile_seconds:.1f} s{memory}"),
            Line(f"this machine reaches {peak:.0f} GFLOP/s in a matrix product and {copy:.0f} GB/s in a copy"),
        ]
        headers = [
            "layer",
            "multiply-adds",
            "forward ms",
            "with backward ms",
            "GFLOP/s",
            "in place ms",
            "of the step",
            "fused with",
        ]
        rows = [self._row(layer) for layer in self.layers]
        other = self.in_place(OTHER)
        rows.append([OTHER, "", "", "", "", f"{other * 1e3:.3f}", f"{other / self.step.median:.0%}", ""])
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
            _ms(layer.both),
            "" if layer.flops is None else f"{layer.flops / 1e9:.1f}",
            f"{here * 1e3:.3f}",
            f"{here / self.step.median:.0%}",
            ", ".join(sorted(layer.share.fused_with)),
        ]

    def advice(self):
        """Yield a sentence for each of the three layers that take most of the step."""
        ranked = sorted(self.layers, key=lambda layer: -self.in_place(layer.name))[:3]
        for layer in ranked:
            part = self.in_place(layer.name) / self.step.median
            speed = ""
            if layer.flops:
                speed = f", at {layer.flops / self.machine.flops:.0%} of what this machine reaches in a matrix product"
            yield f"{layer.name} takes {part:.0%} of the step{speed}; what limits it is {layer.bound(self.machine)}."


def _ms(measured):
    return f"{measured.median * 1e3:.3f}"
