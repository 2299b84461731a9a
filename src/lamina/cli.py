"""The `lamina` command. Nothing heavy is imported before the arguments are known to be right."""

import argparse
import os
import sys
from pathlib import Path

import lamina

USAGE_ERROR = 2
INTERRUPTED = 130


class _Parser(argparse.ArgumentParser):
    """A parser whose complaint is one line; the help is one command away."""

    def error(self, message):
        self.exit(USAGE_ERROR, f"{self.prog}: {message} (try '{self.prog} --help')\n")


def _positive_count(text):
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"wants a whole number from 1 up, it got {text!r}")
    return int(text)


def _output_folder(text):
    folder = Path(text)
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    if not existing.is_dir():
        raise argparse.ArgumentTypeError(f"wants a folder, and {existing} is a file")
    if not os.access(existing, os.W_OK):
        raise argparse.ArgumentTypeError(f"wants a folder to write to, and {existing} is read-only")
    return folder


def _existing_file(text):
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is a folder; name a saved model, such as digits.keras")
    if not path.exists():
        raise argparse.ArgumentTypeError(f"there is no file {text}")
    return path


def demo(arguments):
    """Train the digits network and write its report."""
    from lamina.demo import digits

    digits.run(epochs=arguments.epochs, out=arguments.out)


def summary(arguments):
    """Print the layers of a saved model."""
    from lamina.saving import load_model

    try:
        model = load_model(arguments.file, compile=False)
    except (OSError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        print(f"lamina summary: cannot read {arguments.file}: {reason}", file=sys.stderr)
        return USAGE_ERROR
    model.summary()
    return 0


def view(arguments):
    """Show a saved model at work in a page."""
    import numpy as np

    from lamina import view as room
    from lamina.saving import load_model

    try:
        model = load_model(arguments.file, compile=False)
        x = None if arguments.data is None else np.load(arguments.data, allow_pickle=False)
        classes = arguments.classes.split(",") if arguments.classes else None
        files = {"save": arguments.save, "png": arguments.png, "svg": arguments.svg}
        room.view(model, x, classes=classes, epochs=arguments.epochs, browser=arguments.browser, block=True, **files)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"lamina view: {str(error).strip()}", file=sys.stderr)
        return USAGE_ERROR
    for path in filter(None, files.values()):
        print(path)
    return 0


def run(arguments):
    """Run a program written for Keras, of any age, with Lamina in Keras's place."""
    from lamina.dialects.run import run as start
    from lamina.dialects.run import upgrade

    module, code, script = arguments.module or [], arguments.code or [], arguments.script
    words = module or code or script
    if not words:
        print("lamina run: name a script, -m a module or -c code (try 'lamina run --help')", file=sys.stderr)
        return USAGE_ERROR
    if arguments.upgrade or arguments.check:
        if module or code:
            print("lamina run: --upgrade and --check read a file; name a script", file=sys.stderr)
            return USAGE_ERROR
        return upgrade(words[0], arguments.python2, arguments.out, arguments.check)
    return start(
        module=words[0] if module else None,
        code=words[0] if code else None,
        script=words[0] if not (module or code) else None,
        arguments=words[1:],
        quiet=arguments.quiet,
        strict=arguments.strict,
        as_keras=arguments.as_keras,
        python2=arguments.python2,
    )


def _parser():
    parser = _Parser(prog="lamina", description=lamina.__doc__)
    parser.add_argument("--version", action="version", version=f"lamina {lamina.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    command = commands.add_parser(
        "demo",
        help="train a network on handwritten digits and write a report",
        description="Train a convolutional network on 10,000 handwritten digits that come with Lamina, test it on "
        "2,000 others, save it as digits.keras and write what was learned to digits.html.",
    )
    command.add_argument(
        "--epochs", type=_positive_count, default=5, metavar="N", help="passes over the images (default: %(default)s)"
    )
    command.add_argument(
        "--out",
        type=_output_folder,
        default=".",
        metavar="DIR",
        help="where to write (default: the current folder)",
    )
    command.set_defaults(run=demo)

    command = commands.add_parser(
        "summary",
        help="print the layers of a saved model, their shapes and parameters",
        description="Print the layers of a saved model, their output shapes and their parameters.",
    )
    command.add_argument("file", type=_existing_file, metavar="FILE", help="a model saved by Lamina or Keras (.keras)")
    command.set_defaults(run=summary)

    command = commands.add_parser(
        "view",
        help="see a saved model at work, in 3-D, on your own data",
        description="Show a model in a page: each layer's values, coloured, on samples, drawings, pictures or typed "
        "numbers. The server runs on this machine only; Ctrl-C ends it.",
    )
    command.add_argument("file", type=_existing_file, metavar="FILE", help="a model saved by Lamina or Keras (.keras)")
    command.add_argument("--data", type=_existing_file, metavar="X.npy", help="samples to show, with batch axis")
    command.add_argument("--classes", metavar="A,B,C", help="names of the outputs")
    command.add_argument("--epochs", metavar="DIR", help="weights saved while training: a slider goes through them")
    command.add_argument("--save", metavar="PAGE.html", help="write one self-contained file, and start nothing")
    command.add_argument("--png", metavar="FILE", help="write a still picture (needs the extra 'view')")
    command.add_argument("--svg", metavar="FILE", help="write a still picture")
    command.add_argument("--no-browser", dest="browser", action="store_false", help="only print the address")
    command.set_defaults(run=view)

    command = commands.add_parser(
        "run",
        help="run a program written for Keras 1, 2, 3 or tf.keras, unchanged",
        description="Run a Python program in which keras, tf_keras and tensorflow mean Lamina. Options for Lamina come "
        "before the program, the program's own after it.",
    )
    command.add_argument("--quiet", action="store_true", help="do not tell about old spellings")
    command.add_argument("--strict", action="store_true", help="refuse old spellings")
    command.add_argument(
        "--as-keras", default="3.15.1", metavar="VERSION", help="what keras.__version__ says (default: %(default)s)"
    )
    command.add_argument("--python2", action="store_true", help="the program is written in Python 2")
    command.add_argument(
        "--upgrade", action="store_true", help="do not run: write the program as it would be written today"
    )
    command.add_argument("-o", dest="out", metavar="FILE", help="where --upgrade writes (default: SCRIPT_modern.py)")
    command.add_argument("--check", action="store_true", help="do not run: only say what --upgrade would change")
    command.add_argument("-m", dest="module", nargs=argparse.REMAINDER, metavar="MODULE", help="run a module")
    command.add_argument("-c", dest="code", nargs=argparse.REMAINDER, metavar="CODE", help="run a line of code")
    command.add_argument(
        "script", nargs=argparse.REMAINDER, metavar="SCRIPT", help="a Python file or a notebook, and its arguments"
    )
    command.set_defaults(run=run)
    return parser


def main(arguments=None):
    """Run the `lamina` command.

    Args:
        arguments: list of words; those of the command line by default.
    Returns:  the exit status: 0, 2 for an input that cannot be used, 130 when interrupted.
    """
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if not hasattr(parsed, "run"):
        parser.print_help()
        return 0
    try:
        return parsed.run(parsed) or 0
    except KeyboardInterrupt:
        print(f"{parser.prog}: stopped", file=sys.stderr)
        return INTERRUPTED
