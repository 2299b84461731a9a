"""The page: its files as they are served, and all of it as one file that can be sent to somebody."""

import base64
import json
from pathlib import Path

WEB = Path(__file__).with_name("web")
KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}


def file(name):
    """Return the content and the kind of one of the page's files, None if it is none of them."""
    known = {path.relative_to(WEB).as_posix(): path for path in WEB.rglob("*") if path.suffix in KINDS}
    if name not in known:
        return None
    return known[name].read_bytes(), KINDS[known[name].suffix]


def served(nonce):
    """Return the page as the server gives it: it loads its modules from beside it.

    Args:
        nonce: what the page's own inline scripts are known by.
    """
    modules = {f"lamina/{path.name}": f"./js/{path.name}" for path in _modules()}
    imports = {"imports": {"three": "./vendor/three.min.js", **modules}}
    head = f'<link rel="stylesheet" href="./style.css" />\n<script type="importmap" nonce="{nonce}">'
    head += json.dumps(imports) + "</script>"
    return _filled(head, f'<script type="module" nonce="{nonce}">import "lamina/app.js";</script>')


def single(data, title):
    """Return the page as one file with everything in it.

    Args:
        data: what it shows, ready for JSON.
        title: of the page.
    """
    modules = {f"lamina/{path.name}": _address(path) for path in _modules()}
    imports = {"imports": {"three": _address(WEB / "vendor/three.min.js"), **modules}}
    head = f"<style>\n{(WEB / 'style.css').read_text(encoding='utf-8')}</style>\n"
    head += f'<script type="importmap">{json.dumps(imports)}</script>'
    dagre = (WEB / "vendor/dagre.min.js").read_text(encoding="utf-8").replace("</script", "<\\/script")
    layout = (WEB / "layout.worker.js").read_text(encoding="utf-8")
    tail = f'<script type="text/plain" id="layout-worker">{dagre}\n{layout}</script>\n'
    written = json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
    tail += f'<script type="application/json" id="lamina-data">{written}</script>\n'
    tail += '<script type="module">import "lamina/app.js";</script>'
    return _filled(head, tail, title)


def _modules():
    return sorted((WEB / "js").glob("*.js"))


def _address(path):
    return "data:text/javascript;base64," + base64.b64encode(path.read_bytes()).decode()


def _filled(head, tail, title="Lamina"):
    text = (WEB / "index.html").read_text(encoding="utf-8")
    safe = title.replace("&", "&amp;").replace("<", "&lt;")
    for mark, piece in (("<!--title-->", safe), ("<!--head-->", head), ("<!--tail-->", tail)):
        text = text.replace(mark, piece)
    return text
