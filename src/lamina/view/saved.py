"""The page as one file: the model with its weights where the page can compute it, else pictures of some samples."""

import base64

import numpy as np

from lamina.view import page
from lamina.view.portable import portable

MOST_BYTES = 5_000_000  # of the file
MOST_LIVE = 8_000_000  # multiply-adds that a page does between two pictures [count]
MOST_SAMPLES = 24


def html(session):
    """Return a Session as a page in one file of at most 5 MB that asks nobody for anything.

    Raises: ValueError if not even one sample's values have room.
    """
    scene = session.describe()
    steps = portable(session.scene.nodes) if not session.scene.groups and _multiply_adds(session) <= MOST_LIVE else None
    explanations = {node.id: session.explain(node.id) for node in session.scene.nodes[:100]}
    while True:
        samples = min(session.count, MOST_SAMPLES if steps else 4)
        while samples:
            data = _data(session, scene, steps, explanations, samples)
            written = page.single(data, session.model.name)
            if len(written.encode()) <= MOST_BYTES:
                return written
            samples //= 2
        if steps is None:
            raise ValueError(f"The values of {session.model.name} for one sample do not fit into a file of 5 MB.")
        steps = None


def _data(session, scene, steps, explanations, samples):
    data = {
        "scene": {**scene, "samples": samples, "epochs": []},  # which the file has not
        "samples": [_packed(session.flat_sample(i)) for i in range(samples)],
        "explanations": explanations,
    }
    if steps is not None:
        return {**data, "steps": steps}
    frames = []
    for i in range(samples):
        session.run(session.flat_sample(i))
        frames.append(base64.b64encode(session.frame()).decode())
    return {**data, "frames": frames}


def _packed(values):
    """Return numbers as bytes where that loses nothing, as with the pixels of a picture; else as float32."""
    divisor = np.float32(1 if values.max(initial=0) > 1 else 255)
    steps = np.round(values * divisor)
    if steps.min(initial=0) >= 0 and steps.max(initial=0) <= 255 and np.array_equal(steps / divisor, values):
        return {"type": "bytes", "divisor": int(divisor), "data": _text(steps.astype("uint8"))}
    return {"type": "numbers", "data": _text(values.astype("<f4"))}


def _text(array):
    return base64.b64encode(array.tobytes()).decode()


def _multiply_adds(session):
    """Count those of products with kernels: each output value takes as many as a kernel has entries for it."""
    total = 0
    for node in session.scene.nodes:
        kernel = getattr(node.layer, "kernel", None)
        if kernel is not None and len(kernel.shape) > 1:
            total += int(np.prod(node.shape)) * int(np.prod(kernel.shape[:-1]))
    return total
