"""The `lamina` command. Nothing heavy is imported before the arguments are known to be right."""

import argparse
import os
import sys
import warnings
from pathlib import Path

import lamina

FOUND = 1
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


def _index(text):
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts):
        raise argparse.ArgumentTypeError(f"wants whole numbers such as 17 or 3,4,0, it got {text!r}")
    return tuple(int(part) for part in parts)


def _flame_file(text):
    if not text.endswith((".html", ".json")):
        raise argparse.ArgumentTypeError(f"wants a name that ends with .html or .json, it got {text!r}")
    return Path(text)


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
        options = {"classes": classes, "vocabulary": arguments.vocabulary, "epochs": arguments.epochs}
        room.view(model, x, browser=arguments.browser, block=True, **options, **files)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"lamina view: {str(error).strip()}", file=sys.stderr)
        return USAGE_ERROR
    for path in filter(None, files.values()):
        print(path)
    return 0


def explain(arguments):
    """Say what each layer of a model does, or how two models differ."""

    def ask(model, _):
        import lamina

        if arguments.other is not None:
            return lamina.explain(model, _model_in(arguments.other)[0])
        told = model.explain()
        return told[arguments.layer] if arguments.layer else told

    return _answer(arguments, ask)


def trace(arguments):
    """Say where an element comes from or goes to."""

    def ask(model, _):
        import numpy as np

        x = None if arguments.data is None else np.load(arguments.data, allow_pickle=False)
        return model.trace(arguments.layer, arguments.index, x, forward=arguments.forward)

    return _answer(arguments, ask)


def check(arguments):
    """Look for silent mistakes; with a script, also in the data it trains on."""
    about = ("x", "y", "validation_data", "validation_split", "batch_size")

    def ask(model, training):
        return model.check(**{name: value for name, value in training.items() if name in about and value is not None})

    status, found = _asked(arguments, ask)
    return status or (FOUND if found else 0)


def profile(arguments):
    """Measure where the time of a model goes, or compare two."""

    def ask(model, _):
        if arguments.other is not None and arguments.flame:
            raise ValueError("a flame chart is of one model")
        if arguments.other is not None:
            return model.profile(_model_in(arguments.other)[0], batch_size=arguments.batch)
        told = model.profile(batch_size=arguments.batch)
        if arguments.flame:
            told.save(arguments.flame)
        return told

    return _answer(arguments, ask)


def _answer(arguments, ask):
    return _asked(arguments, ask)[0]


def _asked(arguments, ask):
    """Put a question to the model in a file or a script; print the answer. Return the exit status and the answer."""
    try:
        answer = ask(*_model_in(arguments.file))
    except (LookupError, OSError, TypeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        print(f"lamina {arguments.command}: {arguments.file}: {reason}", file=sys.stderr)
        return USAGE_ERROR, None
    if arguments.json:
        print(answer.to_json(indent=2))
    else:
        print(answer)
    return 0, answer


def _model_in(path):
    """Return the model in a file, or that a script is about to train, and the arguments that it trains it with."""
    if path.suffix == ".py":
        from lamina.dialects.until_fit import until_fit

        return until_fit(path)
    from lamina.saving import load_model

    with warnings.catch_warnings():  # nothing is trained on, so what the optimizer had kept makes no difference
        warnings.filterwarnings("ignore", "Skipping variable loading for optimizer")
        return load_model(path), {}


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

    _add_questions(commands)

    command = commands.add_parser(
        "view",
        help="see a saved model at work, in 3-D, on your own data",
        description="Show a model in a page: each layer's values, coloured, on samples, drawings, pictures or typed "
        "numbers. The server runs on this machine only; Ctrl-C ends it.",
    )
    command.add_argument("file", type=_existing_file, metavar="FILE", help="a model saved by Lamina or Keras (.keras)")
    command.add_argument("--data", type=_existing_file, metavar="X.npy", help="samples to show, with batch axis")
    command.add_argument("--classes", metavar="A,B,C", help="names of the outputs")
    command.add_argument("--vocabulary", metavar="WORDS.json", help="words of token ids, so that text can be typed")
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


def _add_questions(commands):
    """The commands that ask a model: in a saved file, or in a script, which then runs up to its first `fit`."""
    command = _question(commands, explain, "say what each layer of a model does to the data")
    command.add_argument(
        "other", nargs="?", type=_existing_file, metavar="OTHER", help="a second model to compare with"
    )
    command.add_argument("--layer", metavar="NAME", help="one layer only")

    command = _question(commands, trace, "say where an element of a layer's output comes from")
    command.add_argument("--layer", metavar="NAME", help="the layer (default: the last)")
    command.add_argument(
        "--index", type=_index, required=True, metavar="I,J,…", help="the element's place in a sample, such as 3,4,0"
    )
    command.add_argument("--forward", action="store_true", help="say instead what an element of the input reaches")
    command.add_argument(
        "--data", type=_existing_file, metavar="X.NPY", help="samples, of which the first says what each element adds"
    )

    description = f"look for silent mistakes; the exit status is {FOUND} if there are any"
    _question(commands, check, description)

    command = _question(commands, profile, "measure where the time of a model goes, layer by layer")
    command.add_argument(
        "other", nargs="?", type=_existing_file, metavar="OTHER", help="a second model to compare with"
    )
    command.add_argument(
        "--batch", type=_positive_count, default=32, metavar="N", help="samples at once (default: %(default)s)"
    )
    command.add_argument(
        "--flame",
        type=_flame_file,
        metavar="FILE",
        help="write a flame chart: a page (.html) or Chrome's trace (.json)",
    )


def _question(commands, answer, description):
    name = answer.__name__
    command = commands.add_parser(name, help=description, description=f"{description[0].upper()}{description[1:]}.")
    command.add_argument("file", type=_existing_file, metavar="FILE", help="a saved model, or a script that trains one")
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(run=answer, command=name)
    return command


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
