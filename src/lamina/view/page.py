"""The page: its files as they are served, and all of it as one file that can be sent to somebody."""

import functools
import json
import re
from graphlib import TopologicalSorter
from pathlib import Path

from lamina.view import palette

WEB = Path(__file__).with_name("web")
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
SCRIPT = "page.js"  # all modules in one, so that the page is there after few requests


def file(name):
    """Return the content and the kind of one of the page's files, None if it is none of them."""
    if name == SCRIPT:
        return script().encode(), KINDS[".js"]
    known = {path.relative_to(WEB).as_posix(): path for path in WEB.rglob("*") if path.suffix in KINDS}
    if name not in known:
        return None
    return known[name].read_bytes(), KINDS[known[name].suffix]


def served():
    """Return the page as the server gives it, with its files beside it."""
    head = '<link rel="stylesheet" href="./style.css" />'
    return _filled(head, f'<script type="module" src="./{SCRIPT}"></script>')


def single(data, title):
    """Return the page as one file with everything in it, and nothing that needs more than inline scripts.

    Args:
        data: what it shows, ready for JSON.
        title: of the page.
    """
    head = f"<style>\n{(WEB / 'style.css').read_text(encoding='utf-8')}</style>"
    dagre = (WEB / "vendor/dagre.min.js").read_text(encoding="utf-8")
    layout = (WEB / "layout.worker.js").read_text(encoding="utf-8")
    written = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    tail = f'<script type="text/plain" id="layout-worker">{_inline(dagre)}\n{_inline(layout)}</script>\n'
    tail += f'<script type="application/json" id="lamina-data">{written}</script>\n'
    tail += f'<script type="module">{script()}</script>'
    return _filled(head, tail, title)


IMPORT = re.compile(r'^import (\{[^}]*\}|\* as \w+) from "(?:lamina/)?(\w+)(?:\.js)?";$', re.MULTILINE)
EXPORT = re.compile(r"^export ((?:async )?(?:function|class|const) (\w+))", re.MULTILINE)
EXPORT_LIST = re.compile(r"export\s*\{([^}]*)\};?\s*$")


@functools.cache
def script():
    """Return all modules as one script: each is a function that returns what it exports, called in order."""
    sources = {path.stem: path.read_text(encoding="utf-8") for path in sorted((WEB / "js").glob("*.js"))}
    sources["palette"] = palette.module()
    sources["three"] = (WEB / "vendor/three.min.js").read_text(encoding="utf-8")
    needs = {name: [found[2] for found in IMPORT.finditer(source)] for name, source in sources.items()}
    parts = [_as_function(name, sources[name]) for name in TopologicalSorter(needs).static_order()]
    return _inline("\n".join(parts))


def _as_function(name, source):
    exports = {found[2]: found[2] for found in EXPORT.finditer(source)}
    listed = EXPORT_LIST.search(source)
    if listed:
        pairs = [entry.split(" as ") for entry in listed[1].split(",")]
        exports = {pair[-1].strip(): pair[0].strip() for pair in pairs}
        source = source[: listed.start()]
    body = IMPORT.sub(lambda found: f"const {_names(found[1])} = module_{found[2]};", EXPORT.sub(r"\1", source))
    returned = ", ".join(f"{outer}: {inner}" for outer, inner in exports.items())
    return f"const module_{name} = (() => {{\n{body}\nreturn {{ {returned} }};\n}})();"


def _names(clause):
    return clause.removeprefix("* as ") if clause.startswith("*") else clause.replace(" as ", ": ")


def _inline(script):
    """Return a script as it may stand inside a page."""
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _filled(head, tail, title="Lamina"):
    text = (WEB / "index.html").read_text(encoding="utf-8")
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    for mark, piece in (("<!--title-->", safe), ("<!--head-->", head), ("<!--tail-->", tail)):
        text = text.replace(mark, piece)
    return text
