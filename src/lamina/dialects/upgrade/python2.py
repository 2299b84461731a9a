"""Python 2 as Python 3: print statements and the other habits of old snippets."""

import io
import re
import tokenize

_RENAMED = {
    "xrange": "range",
    "raw_input": "input",
    "unicode": "str",
    "basestring": "str",
    "long": "int",
    "iteritems": "items",
    "itervalues": "values",
    "iterkeys": "keys",
    "has_key": "__contains__",
}
_MODULES = {
    "cPickle": "pickle",
    "Queue": "queue",
    "ConfigParser": "configparser",
    "StringIO": "io",
    "urllib2": "urllib.request",
}
_SKIPPED = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


def to_python3(source):
    """Return the source in Python 3, and what was changed as (line, old, new).

    Example:
        >>> to_python3("print y.shape")[0]
        'print(y.shape)'
    """
    changes = []
    lines = source.split("\n")
    for first, last, text in _statements(source):
        modern = _modern(text)
        if modern != text:
            changes.append((first, text.strip(), modern.strip()))
            lines[first - 1 : last] = [modern, *[None] * (last - first)]
    return "\n".join(line for line in lines if line is not None), changes


def _statements(source):
    """Yield (first line, last line, text) of every logical line."""
    lines = source.split("\n")
    start = None
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type in _SKIPPED or token.type == tokenize.ENDMARKER:
                continue
            start = start or token.start[0]
            if token.type == tokenize.NEWLINE:
                yield start, token.end[0], "\n".join(lines[start - 1 : token.end[0]])
                start = None
    except (tokenize.TokenError, IndentationError):
        return


def _modern(text):
    code, comment = _without_comment(text)
    indent, head, body = re.match(
        r"(?s)(\s*(?:(?:if|else|elif|for|while|try|except|finally|with)\b[^\"'#\[{]*?:[ \t]+)?)(print\b)?(.*)", code
    ).groups()
    if head:
        body = _printed(body) if _is_statement(body) else "print" + body
    body = re.sub(r"^(\s*except\s+[\w.()]+(?:, ?[\w.]+\))?)\s*,\s*(\w+)\s*:", r"\1 as \2:", body)
    indent, body = _renamed(indent), _renamed(body)
    for old, new in _MODULES.items():
        body = re.sub(rf"^(\s*)import {old}$", rf"\1import {new} as {old}", body)
        body = re.sub(rf"^(\s*)from {old} import", rf"\1from {new} import", body)
    return indent + body + comment


def _renamed(code):
    """Replace names and numbers, except inside texts."""
    parts = re.split(r"(\"[^\"]*\"|'[^']*')", code)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"\b(\d+)L\b", r"\1", parts[i])
        for old, new in _RENAMED.items():
            parts[i] = re.sub(rf"\b{old}(?=\()", new, parts[i])
    return "".join(parts)


def _is_statement(body):
    """Tell a print statement from a call: `print (a), b` and `print a` are statements, `print(a)` is not."""
    stripped = body.strip()
    if stripped.startswith("="):
        return False
    return not stripped.startswith("(") or _closing(stripped) != len(stripped) - 1


def _closing(text):
    """Return where the bracket at the start is closed, -1 if it is not."""
    depth = 0
    for position, character in enumerate(text):
        depth += character in "([{"
        depth -= character in ")]}"
        if depth == 0:
            return position
    return -1


def _printed(body):
    body = body.strip()
    target = re.match(r">>\s*([\w.]+)\s*,?\s*(.*)", body, re.DOTALL)
    options = f", file={target[1]}" if target else ""
    values = target[2] if target else body
    if values.endswith(","):
        values, options = values[:-1], ', end=" "' + options
    return f"print({values}{options})" if values else f"print({options[2:]})"


def _without_comment(text):
    """Split a logical line of one line before its comment."""
    if "\n" in text or "#" not in text:
        return text, ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text.strip()).readline):
            if token.type == tokenize.COMMENT:
                at = len(text) - len(text.lstrip()) + token.start[1]
                before = text[:at].rstrip()
                return before, text[len(before) :]
    except (tokenize.TokenError, IndentationError):
        pass
    return text, ""
