"""A model at work on one input after the other: what the page asks, answered from the model itself."""

import json
import re
import struct
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from lamina import layers
from lamina.core import tree
from lamina.explain import words
from lamina.explain.explanation import LayerExplanation
from lamina.profile import profile
from lamina.training import checks
from lamina.view import levels, saliency
from lamina.view.contributions import Contributing
from lamina.view.formulas_in_words import formula
from lamina.view.inputs import describe, read_vocabulary
from lamina.view.scene import Scene, SceneWalk

MOST_DRAWN = 200_000  # attention weights [count]
MOST_PARTS = 400  # contributions told to the page [count]
MAPS = {"grad_cam": saliency.grad_cam, "gradient": saliency.gradient, "occlusion": saliency.occlusion}


class Session:
    """A model, samples to show, and the values of all layers for the input at hand.

    Args:
        model: any model that is built or can be called on `x`.
        x: samples, as the model takes them, with batch axis.
        classes: names of the outputs.
        epochs: folder of weights or models saved while training.
        vocabulary: the words of token ids; see `read_vocabulary`.

    Attributes:
        scene: `Scene`.
        values: dict from ids of nodes to arrays with a batch axis of 1; {} before the first run.
    """

    def __init__(self, model, x, classes=None, epochs=None, vocabulary=None):
        self.model, self.classes = model, classes
        self.epochs = _epoch_files(epochs) if epochs else []
        self.samples = tree.map_structure(np.asarray, x)
        self.scene = Scene(model, self.sample(0))
        checks.require_rows(model, checks.tables_of(model), self.samples)
        self.sizes = [node.shape for node in self.scene.inputs]
        words = None if vocabulary is None else read_vocabulary(vocabulary)
        self.input = describe(model, self.scene.inputs, tree.flatten(self.samples), words)
        self.values, self.flat = {}, None
        self._lock = threading.RLock()
        self._walking, self._walk = threading.Lock(), None
        self._contributing, self._packs, self._times = {}, {}, None

    @property
    def count(self):
        """Number of samples."""
        return len(tree.flatten(self.samples)[0])

    def sample(self, number):
        """Return one sample with a batch axis of 1, as the model takes it."""
        return tree.map_structure(lambda array: array[number : number + 1], self.samples)

    def flat_sample(self, number):
        """Return all numbers of a sample in a row, float32."""
        return np.concatenate([np.ravel(array).astype("float32") for array in tree.flatten(self.sample(number))])

    def describe(self):
        """Return the scene with all that the page needs before the first run."""
        told = self.scene.to_dict()
        shown = levels.levels(self.scene.shown())
        for node, entry in zip(self.scene.nodes, told["nodes"], strict=True):
            entry["level"] = shown[node.id].to_dict() if node.id in shown else None
            entry["formula"] = formula(node.layer) if node.call else "what the model is given"
        return {
            **told,
            "classes": self.classes,
            "samples": self.count,
            "epochs": [path.name for path in self.epochs],
            "input": self.input,
        }

    def run(self, flat):
        """Run the model on one input.

        Args:
            flat: all numbers of the input in a row.
        Raises: ValueError for another count of numbers; DataError L340 for token ids without a row.
        """
        wanted = sum(int(np.prod(shape)) for shape in self.sizes)
        if np.size(flat) != wanted:
            raise ValueError(f"{self.model.name} takes {wanted:,} numbers; it got {np.size(flat):,}.")
        arrays, start = [], 0
        for node in self.scene.inputs:
            stop = start + int(np.prod(node.shape))
            arrays.append(np.reshape(flat[start:stop], (1, *node.shape)).astype(node.dtype))
            start = stop
        x = tree.pack_sequence_as(self.samples, arrays)
        checks.require_rows(self.model, checks.tables_of(self.model), x)
        with self._lock:
            self.values = {}  # a large model's values are there once, not twice
            found = self.scene.outputs(x)
            self.values = {node.id: array for node, array in zip(self.scene.inputs, arrays, strict=True)}
            for node in self.scene.nodes:
                if node.call:
                    array = found[node.id]
                    self.values[node.id] = array[0] if isinstance(array, list) else array
            self.flat = np.asarray(flat, "float32")

    def warm_up(self, ended):
        """Run the first sample, and follow an output back, so that programs are compiled before the page asks.

        Args:
            ended: `threading.Event` that says that nobody will ask any more.
        """
        output = self.scene.nodes[-1]
        for step in (
            lambda: self.values or self.run(self.flat_sample(0)),
            self.frame,
            lambda: self.reach(output.id, (0,) * len(output.shape)),
        ):
            if not ended.is_set():
                with suppress(Exception):  # what goes wrong is told when the page asks
                    step()

    def frame(self, opened=(), detail=None):
        """Return the values of the nodes shown as bytes: a length, a JSON header, float32 numbers.

        Args:
            opened: ids of blocks that are unfolded.
            detail: id of a node to be shown as finely as an update can hold.
        """
        with self._lock:
            nodes = [self.scene[detail]] if detail else self.scene.shown(opened)
            shown = levels.levels(nodes)
            values = {node.id: jnp.asarray(self.values[node.id]) for node in nodes}
            cells = np.asarray(self._pack(tuple(shown.items()))(values))
        entries, start = [], 0
        for id, level in shown.items():
            count = len(level.chosen) * level.rows * level.cols
            entries.append({"id": id, "start": start, "count": count, **level.to_dict()})
            start += count
        header = json.dumps({"nodes": entries}).encode()
        header += b" " * (-len(header) % 4)
        return struct.pack("<I", len(header)) + header + cells.tobytes()

    def _pack(self, shown):
        if shown not in self._packs:
            layouts = {id: self.scene[id].layout for id, _ in shown}

            def pack(values):
                return jnp.concatenate(
                    [jnp.ravel(levels.reduce(values[id][0], layouts[id], level)) for id, level in shown]
                )

            self._packs[shown] = jax.jit(pack)
        return self._packs[shown]

    def trace(self, id, index):
        """Tell the value of an element and what contributes to it.

        Args:
            id: of a node.
            index: of the element in the sample.
        Returns: dict: value; before the activation, the rest (bias), and the parts that add up to it.
        Raises: KeyError for an unknown node, ValueError for an index outside of it.
        """
        node = self._node(id, index)
        with self._lock:
            told = {"id": id, "index": list(index), "value": float(np.asarray(self.values[id])[(0, *index)])}
            return told | self._contributions(node, index) if node.call else told

    def _inputs(self, node):
        """Return the arrays that a node's call gets; None if one of them is no node's output."""
        return None if None in node.sources else [self.values[source] for source in node.sources]

    def _node(self, id, index):
        node = self.scene[id]
        if len(index) != len(node.shape) or not all(0 <= i < n for i, n in zip(index, node.shape, strict=True)):
            raise ValueError(f"A sample of {id} has the shape {node.shape}; there is no element {index}.")
        return node

    def _contributions(self, node, index):
        sources, arrays = node.sources, self._inputs(node)
        if arrays is None:
            return {"parts": []}
        if node.id not in self._contributing:
            self._contributing[node.id] = Contributing(node.call)
        found = self._contributing[node.id](arrays, tuple(index))
        parts = [[sources[p.input], list(p.index), p.value, p.weight, p.contribution] for p in found.parts[:MOST_PARTS]]
        others = sum(p.contribution for p in found.parts[MOST_PARTS:])
        return {
            "before": found.before,
            "rest": found.rest,
            "parts": parts,
            "others": others,
            "count": len(found.parts),
        }

    def reach(self, id, index, forward=False, opened=()):
        """Tell where an element comes from, or with `forward` where it goes, through all layers.

        Returns: dict: the steps in words; and for each node reached the numbers of its cells.
        Raises: KeyError for an unknown node, ValueError for an index outside of it.
        """
        node = self._node(id, index)
        with self._walking:
            steps, regions = self._regions(node, index, forward, opened)
        return {"steps": steps, "regions": regions}

    def _regions(self, node, index, forward, opened):
        if self._walk is None:
            self._walk = SceneWalk(self.scene)
        chosen = np.zeros(node.shape, bool)
        chosen[tuple(index)] = True
        steps = (self._walk.forward if forward else self._walk.backward)(node.tensor, chosen)
        shown = {n.id: n for n in self.scene.shown(opened)}
        found = levels.levels(shown.values())
        regions = {}
        for step in steps:
            for region in step.outputs if forward else step.inputs:
                name = region.name if region.name in shown else region.name.rsplit(".", 1)[0]
                if name in shown:
                    regions[name] = levels.reached(region.elements, shown[name].layout, found[name]).tolist()
        return [words.step(step, forward) for step in steps], regions

    def load_epoch(self, number):
        """Give the model the weights of an epoch and run it again on the input at hand.

        Raises: ValueError for an unknown epoch.
        """
        if not 0 <= number < len(self.epochs):
            raise ValueError(f"There is no epoch {number}; there are {len(self.epochs)}.")
        with self._lock:
            self.model.load_weights(self.epochs[number])
            self.run(self.flat)

    def profile(self):
        """Return the time of each layer, compiled alone, on one sample, by name [seconds]; measured once."""
        if self._times is None:
            with self._without_values():
                found = profile(self.model, self.sample(0), seconds=0.1)
            self._times = {layer.name: layer.forward.median for layer in found.layers}
        return self._times

    @contextmanager
    def _without_values(self):
        """Make room for something that computes activations of its own; the values come back after it."""
        with self._lock:
            self.values = {}
            try:
                yield
            finally:
                if self.flat is not None:
                    self.run(self.flat)

    def _at_once(self):
        """Return how many inputs can be run at once within 64 MB, or within the room of all layers' values of one."""
        sizes = [int(np.prod(node.shape)) for node in self.scene.nodes]
        return int(np.clip(max(sum(sizes), 2**24) // (3 * max(sizes)), 1, 64))  # input and output of a layer, and work

    def explain(self, id):
        """Return what `explain` says of a node's layer as HTML, and its pictures: kernels, or who attends to whom."""
        node = self.scene[id]
        if node.call is None:
            return {"html": "", "pictures": None}
        with self._lock:
            html = LayerExplanation(node.call)._repr_html_()
            return {"html": html, "pictures": self._attention(node) or self._kernels(node.layer)}

    def _attention(self, node):
        """Return the weights of an attention layer for the input at hand: (heads, queries, keys)."""
        if not isinstance(node.layer, layers.MultiHeadAttention) or not self.values:
            return None
        arrays = self._inputs(node)
        if arrays is None:
            return None
        args, kwargs = node.call.with_arrays([jnp.asarray(x) for x in arrays])
        weights = np.asarray(node.layer(*args, **{**kwargs, "return_attention_scores": True})[1][0], "float32")
        if weights.ndim != 3 or weights.size > MOST_DRAWN:
            return None
        return {
            "title": "attention: a row for each query",
            "shape": list(weights.shape[1:]),
            "values": weights.round(5).tolist(),
        }

    def _kernels(self, layer):
        """Return up to 64 kernels that can be drawn: (filters, height, width) of their first channels, averaged."""
        kernel = getattr(layer, "kernel", None)
        if kernel is None or len(kernel.shape) not in (2, 4):
            return None
        kernel = np.asarray(getattr(kernel, "value", kernel), "float32")
        if kernel.ndim == 2:
            return None
        channels = kernel.shape[2]
        first = kernel[:, :, 0] if channels == 1 else kernel.mean(2)
        title = "kernels" if channels == 1 else f"kernels, mean of {channels} channels"
        values = first[..., :64].transpose(2, 0, 1).round(6)
        return {"title": title, "shape": list(values.shape[1:]), "values": values.tolist()}

    def saliency(self, kind, index):
        """Return a map over the input for a class.

        Raises: ValueError for an unknown kind, or an input that is no image.
        """
        if kind not in MAPS:
            raise ValueError(f"There is no map {kind!r}. There are {list(MAPS)}.")
        if len(self.sizes) != 1 or len(self.sizes[0]) != 3:
            raise ValueError("Maps over the input are made for models whose one input is an image.")
        options = {"batch_size": self._at_once()} if kind == "occlusion" else {}
        with self._without_values():
            found = MAPS[kind](self.model, np.reshape(self.flat, (1, *self.sizes[0])), index, **options)
        source = next(line.strip() for line in MAPS[kind].__doc__.splitlines() if "Source:" in line)
        return {"rows": found.shape[0], "cols": found.shape[1], "values": found.ravel().tolist(), "source": source}


def _epoch_files(folder):
    """Return the weights files and models in a folder, oldest epoch first: numbers in names count as numbers.

    Raises: ValueError if there are none.
    """
    found = [path for path in Path(folder).iterdir() if path.name.endswith((".weights.h5", ".keras", ".h5"))]
    if not found:
        raise ValueError(f"There are no weights in {folder}: no .weights.h5, .keras or .h5 files.")
    return sorted(
        found, key=lambda path: [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", path.name)]
    )
