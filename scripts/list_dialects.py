"""Write docs/dialects.md: what is understood, read from the tables themselves."""

import pkgutil
import re
from importlib import import_module
from pathlib import Path

from lamina.dialects import modules, old_arguments, old_attributes, old_names, paths, tensorflow

HEAD = """# What `lamina run` understands

`lamina run script.py` (or a notebook, `-m module`, `-c code`), or `lamina.dialects.install()` before the first import:
from then on `keras`, `tf_keras`, `tensorflow.keras`, `keras.src.…` and `tensorflow` mean Lamina. Each old spelling is
told once; `--quiet` keeps it quiet, `--strict` makes it an error, `--as-keras 2.15` is what `keras.__version__` says,
`--python2` takes print statements. `--upgrade` runs nothing and writes `script_modern.py`, the program in today's words
with its comments and layout (extra `upgrade`); `--check` only says what that would change. What depends on values, such
as `predict_classes`, is told and left to the reader.

- A `train_step(self, data)` of tf.keras is compiled like any step; one that looks at values (`float(loss)`) runs as
  plain Python. `tf.GradientTape` works in it, and in another tape.
- `tf.function` compiles: a function is traced once for each kind of arguments, with the variables, tapes, metrics and
  optimizers that it uses. One that asks for values (`if loss > 1`, `.numpy()`, a loop over a dataset, a check of
  `tf.debugging`) or assigns in a branch runs as plain Python, and has changed no variable before that is known.
- `discriminator.trainable = False` before `combined.compile(…)` is for `combined`: the discriminator, compiled before,
  trains on as it did. A change that no `compile` followed counts from the next training on, as in Keras 3. One
  optimizer given to several models becomes one for each.
- `model.add_loss(tensor)` and `add_metric` take tensors of the graph; `get_updates(loss, params)` of an own optimizer
  runs in each step; callbacks find their `validation_data`, and "acc" where the logs say "accuracy".
- Weights and models go into files of any name: `.h5` and `.hdf5` as Keras 2 wrote them, a checkpoint without an ending
  into `NAME.weights.h5`, a model without one into a folder. `tf.train.Checkpoint` writes files of NumPy.
- Texts in tensors are bytes when they leave by `.numpy()`, as in TensorFlow.
- `tf.distribute` strategies open a scope on one device; `keras.distribution` spreads a model over several.
- A random function of TensorFlow with a seed goes on from call to call, until `tf.random.set_seed`; only the
  compiled steps of `fit` give the same numbers each time.
- A random function without a seed draws from a generator of the running layer or `tf.function`, so that compiled
  steps differ.
- Everything else of TensorFlow raises an error that names what is missing and what is near.
- Packages that import Keras run too: [which were tried](packages.md).

This page is written by `python scripts/list_dialects.py`.
"""


def arguments():
    yield "## Arguments of other times\n\n| where | then | now | last version |\n|---|---|---|---|"
    for path, rows in old_arguments.table().items():
        for row in rows:
            if row.old != "*":
                yield f"| `{path.partition(':')[2]}` | `{row.old}=` | {row.advice()} | {row.version} |"


def names():
    yield "\n## Names of other times\n\n| where | names |\n|---|---|"
    for module in pkgutil.iter_modules(old_names.__path__):
        found = import_module(f"lamina.dialects.old_names.{module.name}").__all__
        yield f"| `keras.{module.name}` | {', '.join(f'`{name}`' for name in found)} |"
    for owner, name, _ in old_attributes.table():
        if not name.startswith("_") and not hasattr(owner, name):
            yield f"| `{re.sub('Impl$', '', owner.__name__)}` | `{name}` |"


def facade():
    yield "\n## The part of TensorFlow that is covered\n\n| where | names |\n|---|---|"
    yield f"| `tf` | {', '.join(f'`{name}`' for name in tensorflow.__all__)} |"
    for word in sorted(modules.children("tensorflow")):
        if paths.canonical(f"tensorflow.{word}") != f"tensorflow.{word}" or word in ("compat", "python"):
            continue
        found = import_module(f"lamina.dialects.tensorflow.{word}").__all__
        yield f"| `tf.{word}` | {', '.join(f'`{name}`' for name in found)} |"
    methods = [name for name in vars(import_module("lamina.dialects.tensorflow.data").Dataset) if name[0] != "_"]
    yield f"| `tf.data.Dataset` | {', '.join(f'`{name}`' for name in methods)} |"


def page():
    return "\n".join([HEAD, *arguments(), *names(), *facade()]) + "\n"


if __name__ == "__main__":
    Path(__file__).parents[1].joinpath("docs", "dialects.md").write_text(page(), encoding="utf-8")
