"""A profile as a flame chart: as a page that stands by itself, or as events for Chrome's trace viewer."""

import html
import json

_PAGE = """<!doctype html><meta charset="utf-8"><title>{title}</title>
<style>body{{font:14px system-ui,sans-serif;margin:2em}}.row{{display:flex;margin-top:2px}}
.bar{{overflow:hidden;white-space:nowrap;font-size:12px;padding:3px 0;box-shadow:inset -1px 0 #fff}}</style>
<h1>{title}</h1><p>{remark}</p>{rows}
"""
_COLOURS = {"forward": "#8ecae6", "backward": "#ffb703", "update": "#a7c957", "(other)": "#ddd"}


def bars(profile):
    """Return the bars as (name, what it belongs to, depth, start, length), times in seconds.

    The step is at the top; below it the passes, one behind the other; below each the layers.
    """
    found, now = [(profile.name, "step", 0, 0.0, profile.step.median)], 0.0
    for group, parts in _groups(profile):
        total = sum(seconds for _, seconds in parts)
        found.append((group, group, 1, now, total))
        for name, seconds in parts:
            found.append((name, group, 2, now, seconds))
            now += seconds
    return found


def _groups(profile):
    scale = profile.scale
    yield "forward", [(layer.name, layer.share.forward * scale) for layer in profile.layers]
    yield "backward", [(layer.name, layer.share.backward * scale) for layer in reversed(profile.layers)]
    yield "update", [("optimizer", profile.update.total * scale)]
    yield "(other)", [("(other)", profile.other.total * scale)]


def chrome_trace(profile):
    """Return the chart as the events that chrome://tracing and Perfetto read, times in microseconds."""
    events = [
        {"name": name, "cat": group, "ph": "X", "pid": 0, "tid": 0, "ts": start * 1e6, "dur": length * 1e6}
        for name, group, _, start, length in bars(profile)
    ]
    return {"traceEvents": events, "displayTimeUnit": "ms"}


def page(profile):
    """Return the chart as a page."""
    total = profile.step.median or 1.0
    rows = ""
    for depth in range(3):
        row = "".join(
            _bar(name, group, length / total) for name, group, level, _, length in bars(profile) if level == depth
        )
        rows += f'<div class="row">{row}</div>'
    remark = f"one step of {profile.batch} samples: {profile.step.median * 1e3:.3f} ms"
    return _PAGE.format(title=html.escape(f"Profile of {profile.name}"), remark=remark, rows=rows)


def _bar(name, group, share):
    told = html.escape(f"{name}: {share:.1%}")
    colour = _COLOURS.get(group, "#e9ecef")
    return f'<div class="bar" style="width:{share:.3%};background:{colour}" title="{told}">{html.escape(name)}</div>'


def save(profile, path):
    """Write the chart: a page for a name that ends with ".html", events for ".json"."""
    text = page(profile) if str(path).endswith(".html") else json.dumps(chrome_trace(profile))
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
