"""Programs of other times, rewritten: comments and layout stay, and what depends on values is left to the reader."""

import json

import pytest

from lamina.dialects import old_arguments
from lamina.dialects.upgrade import to_python3, upgrade_file, upgrade_source

HEAD = """import keras
from keras.layers import *
from keras.models import *
from keras.optimizers import *
from keras.callbacks import *
from keras import backend as K
"""


def test_a_call_with_more_arguments_than_are_known_is_left_to_the_reader():
    source = "model.predict_generator(g, 5, 10)\n"
    assert upgrade_source(source)[0] == (
        "# by hand: `model.predict_generator(…)` is now model.predict(…), the arguments by name\n" + source
    )


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("from keras.layers.core import Dense  # why", "from keras.layers import Dense  # why"),
        ("from keras.utils import np_utils", "from keras import utils as np_utils"),
        ("from keras.utils.np_utils import to_categorical as c", "from keras.utils import to_categorical as c"),
        ("from keras.engine.topology import Layer", "from keras.layers import Layer"),
        ("from tensorflow.python.keras.layers import Dense", "from keras.layers import Dense"),
        ("from keras.applications.vgg16 import VGG16", "from keras.applications.vgg16 import VGG16"),
        ("from keras.src.layers.core.dense import Dense", "from keras.layers import Dense"),
        ("import numpy as np", "import numpy as np"),
        ("from tensorflow import keras", "import keras"),
        ("from tensorflow.keras.layers import Dense", "from keras.layers import Dense"),
        ("from tensorflow.keras import layers, Model", "from keras import layers, Model"),
        ("from tensorflow.keras.preprocessing.image import load_img", "from keras.utils import load_img"),
        ("import tensorflow.keras as keras", "import keras"),
        ("import tensorflow.keras.backend as K", "import keras.backend as K"),
        ("from tensorflow import data", "from tensorflow import data"),
    ],
)
def test_imports_from_modules_that_are_no_more(old, modern):
    assert upgrade_source(old + "\n")[0] == modern + "\n"


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("Dense(output_dim=2, init='one')", "Dense(units=2, kernel_initializer='one')"),
        ("Dense(2, bias = False)", "Dense(2, use_bias = False)"),
        ("Convolution2D(8, 3, 3, border_mode='same')", "Convolution2D(8, (3, 3), padding='same')"),
        ("Convolution2D(8, 3, 5)", "Convolution2D(8, (3, 5))"),
        ("Conv2D(8, 3, 3)", "Conv2D(8, 3, 3)"),
        ("Conv2D(nb_filter=8, nb_row=3, nb_col=5)", "Conv2D(filters=8, kernel_size=(3, 5))"),
        ("Conv2D(8, 3, dim_ordering='th')", "Conv2D(8, 3, data_format='channels_first')"),
        ("Dense(3, batch_input_shape=(None, n))", "Dense(3, input_shape=(n,))"),
        ("LSTM(4, input_length=5, input_dim=2)", "LSTM(4, input_shape=(5, 2))"),
        ("LSTM(4, consume_less='gpu')", "LSTM(4)"),
        ("LSTM(consume_less='gpu', units=4)", "LSTM(units=4)"),
        ("SGD(lr=rate)", "SGD(learning_rate=rate)"),
        (
            "SGD(lr=0.1, decay=1e-3)",
            "SGD(learning_rate=keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.001))",
        ),
        ("Embedding(5, 4, weights=[m])", "Embedding(5, 4, embeddings_initializer=keras.initializers.Constant(m))"),
        ("Model(input=a, output=b)", "Model(inputs=a, outputs=b)"),
        ("merge([a, b], mode='concat', concat_axis=1)", "keras.layers.Concatenate(axis=1)([a, b])"),
        ("merge([a, b], mode='sum')", "keras.layers.Add()([a, b])"),
        ("TimeDistributedDense(3)", "keras.layers.TimeDistributed(keras.layers.Dense(3))"),
        ("K.expand_dims(x)", "keras.ops.expand_dims(x, axis=-1)"),
        ("K.cumsum(x)", "keras.ops.cumsum(x, axis=0)"),
        ("K.expand_dims(x, 1)", "keras.ops.expand_dims(x, 1)"),
        ("K.sum(K.permute_dimensions(x, (1, 0)))", "keras.ops.sum(keras.ops.transpose(x, (1, 0)))"),
        (
            "model.fit(x, y, nb_epoch=3,  # long\n          verbose=0)",
            "model.fit(x, y, epochs=3,  # long\n          verbose=0)",
        ),
        ("model.fit_generator(g, 5, workers=2)", "model.fit(g, steps_per_epoch=5)"),
        ("model.fit_generator(g, 5, 3, verbose=0)", "model.fit(g, steps_per_epoch=5, epochs=3, verbose=0)"),
        ("model.predict_generator(g, 5)", "model.predict(g, steps=5)"),
        ("model.predict_generator(g, 5, **more)", "model.predict(g, steps=5, **more)"),
        ("model.evaluate_generator(generator=g)", "model.evaluate(generator=g)"),
        ("model.predict_proba(x)", "model.predict(x)"),
        ("model.compile('sgd', 'mse', ['mae'])", "model.compile('sgd', 'mse', metrics=['mae'])"),
        ("model.compile('sgd', 'mse', [0.3, 1])", "model.compile('sgd', 'mse', [0.3, 1])"),
        ("model.optimizer.lr", "model.optimizer.learning_rate"),
        ("h.history['val_acc']", "h.history['val_accuracy']"),
        ("layer.get_output_at(0)", "layer._inbound_nodes[0].output_tensors[0]"),
    ],
)
def test_calls_and_names_are_rewritten_where_they_stand(old, modern):
    assert upgrade_source(f"{HEAD}y = {old}\n")[0] == f"{HEAD}y = {modern}\n"


def test_what_depends_on_values_is_left_and_said_in_the_program():
    source = (
        "from keras.layers import Dense, Highway\n"
        "Dense(2, weights=w)\n"
        "for i in m.predict_classes(x):\n"
        "    m.fit_generator(g, samples_per_epoch=9)  # long\n"
        "    m.add(Highway())\n"
    )
    modern, changes = upgrade_source(source)
    assert [(change.line, change.done) for change in changes] == [(line, False) for line in (2, 3, 4, 5)]
    assert "argmax" in str(changes[1])
    lines = modern.splitlines()
    assert [line for line in lines if "# by hand" not in line] == source.splitlines()
    assert [number for number, line in enumerate(lines, 1) if "# by hand: `" in line] == [2, 4, 6, 8]
    assert lines[7].startswith("    # by hand: `Highway(…)` is now g * keras.layers.Dense(")
    assert upgrade_source(modern)[0] == modern


def test_keras_is_taken_out_of_tensorflow():
    source = "import tensorflow as tf\nm = tf.keras.Sequential([tf.keras.layers.Dense(2)])\nx = tf.constant(1)\n"
    modern = upgrade_source(source)[0]
    assert modern.startswith("import keras\nimport tensorflow as tf\nm = keras.Sequential([keras.layers.Dense(2)])\n")


def test_an_import_is_added_where_the_new_spelling_needs_one():
    source = '"""Doc."""\nfrom __future__ import division\n# first\nfrom keras import backend as K\nprint(K.exp(1.0))\n'
    modern = upgrade_source(source)[0]
    assert modern.splitlines()[2:4] == ["# first", "import keras"]
    assert "keras.ops.exp(1.0)" in modern


def test_code_that_is_not_of_keras_is_left_alone():
    source = "from other import Dense, merge\nDense(output_dim=3, p=0.5)\nmerge([a], mode='sum')\n"
    assert upgrade_source(source) == (source, [])


def test_every_row_of_the_table_is_rewritten_or_told():
    for path, rows in old_arguments.table().items():
        name = path.partition(":")[2]
        owner = {"Functional": "Model"}.get(name, name).replace("Model.", "model.").replace("Layer.", "layer.")
        for row in rows:
            if row.old == "*":
                continue
            other = ", nb_col=3" if row.old == "nb_row" else ""
            call = f"{owner}({row.old}=(4, 2){other})"
            modern, changes = upgrade_source(f"{HEAD}{call}\n")
            assert changes, call
            assert (f"({row.old}=" not in modern) == changes[0].done, call


@pytest.mark.parametrize(
    ("old", "modern"),
    [
        ("print y.shape", "print(y.shape)"),
        ("print", "print()"),
        ("print 'a # b', x  # why", "print('a # b', x)  # why"),
        ("print x,", 'print(x, end=" ")'),
        ("print >>f, x", "print(x, file=f)"),
        ("print(x)", "print(x)"),
        ("print (a), b", "print((a), b)"),
        ("if x: print x", "if x: print(x)"),
        ("try:\n    pass\nexcept ValueError, e:\n    raise", "try:\n    pass\nexcept ValueError as e:\n    raise"),
        ("for i in xrange(10L): pass", "for i in range(10): pass"),
        ("x = 'xrange(3)'", "x = 'xrange(3)'"),
        ("for k, v in d.iteritems():\n    print k", "for k, v in d.items():\n    print(k)"),
        ("import cPickle", "import pickle as cPickle"),
    ],
)
def test_python_2_becomes_python_3(old, modern):
    assert to_python3(old)[0] == modern
    compile(modern, "modern", "exec")


def test_a_notebook_keeps_its_commands_and_its_other_cells(tmp_path):
    path = tmp_path / "old.ipynb"
    cells = [
        {"cell_type": "markdown", "source": ["# nb_epoch"]},
        {"cell_type": "code", "source": ["!pip install keras\n", "model.fit(x, nb_epoch=2)"], "outputs": []},
    ]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    modern, changes = upgrade_file(path)
    modern = json.loads(modern)
    assert modern["cells"][0] == cells[0]
    assert modern["cells"][1]["source"] == ["!pip install keras\n", "model.fit(x, epochs=2)"]
    assert len(changes) == 1
