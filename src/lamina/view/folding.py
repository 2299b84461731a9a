"""Blocks of a large model: runs of calls between places where all data pass through a single tensor."""

from itertools import takewhile
from math import ceil


def fold(nodes, most):
    """Put nodes into blocks where there are more of them than can be seen at once.

    Args:
        nodes: list of Nodes, each after those that feed it; their `group` is set.
        most: number of nodes that can be seen at once [count].
    Returns: dict from ids of blocks to their names; {} where nothing is folded.
    """
    if len(nodes) <= most:
        return {}
    runs = _between_bottlenecks(nodes)
    wanted = ceil(len(nodes) / (most // 2))  # nodes of a block
    blocks = [[]]
    for run in runs:
        if blocks[-1] and len(blocks[-1]) + len(run) > wanted:
            blocks.append([])
        blocks[-1] += run
    names = {}
    for number, block in enumerate(blocks):
        if len(block) > 1:
            id = f"block {number + 1}"
            names[id] = _name(id, block)
            for node in block:
                node.group = id
    return names


def _between_bottlenecks(nodes):
    """Cut the list behind each node whose output is all that later nodes read; inputs stand by themselves."""
    last_reader = {}
    for place, node in enumerate(nodes):
        for source in node.fed_by:
            last_reader[source] = place
    runs, run, reach = [], [], 0
    for place, node in enumerate(nodes):
        run.append(node)
        if reach <= place:
            runs.append(run)
            run = []
        reach = max(reach, last_reader.get(node.id, place))
    return [*runs, run] if run else runs


def _name(id, block):
    first, last = min(node.id for node in block), max(node.id for node in block)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    shared = "".join(letter for letter, _ in same).rstrip("0123456789").rstrip("_-/")
    title = shared if len(shared) > 2 else id
    return f"{title} ({len(block)})"
