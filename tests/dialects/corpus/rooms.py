"""Rooms that Keras has left behind."""

from tests.dialects.corpus.registry import program

program(
    "2016: ImageDataGenerator and fit_generator",
    """
import numpy as np
from keras.preprocessing.image import ImageDataGenerator
from keras.models import Sequential
from keras.layers import Flatten, Dense
x, y = np.random.rand(6, 5, 5, 3) * 255, np.arange(6) % 2
datagen = ImageDataGenerator(rescale=1. / 255, rotation_range=20, width_shift_range=0.1, horizontal_flip=True)
datagen.fit(x)
model = Sequential([Flatten(input_shape=(5, 5, 3)), Dense(1, activation='sigmoid')])
model.compile('sgd', 'binary_crossentropy')
h = model.fit_generator(datagen.flow(x, y, batch_size=3), steps_per_epoch=2, epochs=2, verbose=0)
assert len(h.history['loss']) == 2
h = model.fit(datagen.flow(x, y, batch_size=4), epochs=1, verbose=0)
assert len(datagen.flow(x, y, batch_size=4)) == 2
batch, labels = next(datagen.flow(x, y, batch_size=3, shuffle=False))
assert batch.shape == (3, 5, 5, 3) and batch.max() <= 1 and labels.tolist() == [0, 1, 0]
assert model.predict_generator(ImageDataGenerator().flow(x, batch_size=3, shuffle=False), steps=2).shape == (6, 1)
""",
    "model.fit(",
)
program(
    "2017: pictures in folders",
    """
import os, tempfile
import numpy as np
from PIL import Image
from keras.preprocessing import image
root = tempfile.mkdtemp()
for name, value in (('cats', 10), ('dogs', 200)):
    os.makedirs(os.path.join(root, name))
    for i in range(2):
        Image.fromarray(np.full((6, 6, 3), value + i, 'uint8')).save(os.path.join(root, name, '%d.png' % i))
batches = image.ImageDataGenerator(rescale=1. / 255).flow_from_directory(root, target_size=(4, 4), batch_size=2, class_mode='binary', shuffle=False)
assert batches.class_indices == {'cats': 0, 'dogs': 1} and batches.samples == 4 and batches.classes.tolist() == [0, 0, 1, 1]
x, y = batches.next()
assert x.shape == (2, 4, 4, 3) and y.tolist() == [0, 0]
np.testing.assert_allclose(x[:, 0, 0, 0] * 255, [10, 11], rtol=1e-5)
""",
)
program(
    "2016: Tokenizer, pad_sequences and friends",
    """
import numpy as np
from keras.preprocessing.text import Tokenizer, one_hot, text_to_word_sequence, hashing_trick
from keras.preprocessing.sequence import pad_sequences, skipgrams, make_sampling_table, TimeseriesGenerator
tokenizer = Tokenizer(nb_words=10)
tokenizer.fit_on_texts(['the cat sat', 'the dog'])
sequences = tokenizer.texts_to_sequences(['the dog sat', 'a cat'])
assert sequences == [[1, 4, 3], [2]] and tokenizer.texts_to_matrix(['the the'], mode='count')[0, 1] == 2
assert pad_sequences(sequences, maxlen=3).tolist() == [[1, 4, 3], [0, 0, 2]]
assert pad_sequences(sequences, maxlen=2, padding='post', truncating='post').tolist() == [[1, 4], [2, 0]]
assert text_to_word_sequence('A b, c!') == ['a', 'b', 'c'] and len(one_hot('a b', 50)) == 2
assert hashing_trick('a b a', 9, hash_function='md5')[0] == hashing_trick('a b a', 9, hash_function='md5')[2]
couples, labels = skipgrams([1, 2, 3], 4, window_size=1, negative_samples=0)
assert sorted(couples) == [[1, 2], [2, 1], [2, 3], [3, 2]] and labels == [1] * 4
table = make_sampling_table(3)
assert (table > 0).all() and table[2] > table[1]
x, y = TimeseriesGenerator(np.arange(5), np.arange(5), length=2, batch_size=9)[0]
assert x.tolist() == [[0, 1], [1, 2], [2, 3]] and y.tolist() == [2, 3, 4]
from keras.utils.np_utils import to_categorical
from keras.utils import np_utils
assert np_utils.to_categorical([1], 3).tolist() == to_categorical([1], 3).tolist() == [[0, 1, 0]]
""",
)
program(
    "2017: a grid search over KerasClassifier",
    """
import numpy as np
from sklearn.model_selection import GridSearchCV, cross_val_score
from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor
from keras.models import Sequential
from keras.layers import Dense
x = np.random.default_rng(0).normal(size=(24, 3)).astype('float32')
y = (x[:, 0] > 0).astype(int)
def build(units=2):
    model = Sequential([Dense(units, input_dim=3, activation='relu'), Dense(1, activation='sigmoid')])
    model.compile('adam', 'binary_crossentropy', metrics=['accuracy'])
    return model
model = KerasClassifier(build_fn=build, epochs=1, batch_size=8, verbose=0)
search = GridSearchCV(model, {'units': [2, 3]}, cv=2).fit(x, y)
assert search.best_params_['units'] in (2, 3) and 0 <= search.best_score_ <= 1
model.fit(x, y)
assert model.predict(x).shape[0] == 24 and set(np.unique(model.predict(x))) <= {0, 1}
np.testing.assert_allclose(model.predict_proba(x).sum(1), 1, rtol=1e-5)
assert model.get_params()['epochs'] == 1 and 0 <= model.score(x, y) <= 1
def regress():
    model = Sequential([Dense(1, input_dim=3)])
    model.compile('adam', 'mse')
    return model
scores = cross_val_score(KerasRegressor(build_fn=regress, nb_epoch=1, verbose=0), x, x[:, 0], cv=2)
assert scores.shape == (2,) and (scores < 0).all()
try:
    KerasClassifier(build_fn=build, colour=3).fit(x, y)
except ValueError as error:
    assert 'colour' in str(error)
else:
    raise AssertionError
""",
    "SKLearn",
    "epochs=",
)
program(
    "2016: functions of K that were never renamed",
    """
import numpy as np
from keras import backend as K
x = K.constant([[1.0, 4.0], [9.0, 16.0]])
same = lambda a, b: np.testing.assert_allclose(K.eval(a), b, rtol=1e-5)
same(K.sqrt(x), [[1, 2], [3, 4]]); same(K.mean(x, axis=1, keepdims=True), [[2.5], [12.5]]); same(K.clip(x, 2, 10), [[2, 4], [9, 10]])
same(K.batch_flatten(K.reshape(x, (1, 2, 2))), [[1, 4, 9, 16]]); same(K.argmax(x), [1, 1]); same(K.dot(x, x), [[37, 68], [153, 292]])
same(K.permute_dimensions(x, (1, 0)), [[1, 9], [4, 16]]); same(K.concatenate([x, x]), [[1, 4, 1, 4], [9, 16, 9, 16]])
same(K.batch_dot(x, x, axes=1), [[17], [337]]); same(K.gather(x, [1]), [[9, 16]]); same(K.one_hot([1], 2), [[0, 1]])
same(K.relu(x - 5, alpha=0.1, max_value=4), [[-0.4, -0.1], [4, 4]]); same(K.hard_sigmoid(K.zeros((1,))), [0.5])
same(K.switch(K.constant(1.0) > 0, x, -x), [[1, 4], [9, 16]]); same(K.repeat_elements(x, 2, 0)[1], [1, 4])
assert K.ndim(x) == 2 and K.int_shape(x) == (2, 2) and K.dtype(x) == 'float32' and K.count_params(x) == 4 and K.epsilon() == 1e-7
v = K.variable(3.0); K.set_value(v, 4.0); K.update_add(v, 1.0); K.update_sub(v, 2.0); assert K.get_value(v) == 3
assert K.backend() == 'jax' and K.image_data_format() == 'channels_last' and K.floatx() == 'float32'
K.set_image_dim_ordering('tf'); K.clear_session()
p = K.placeholder(shape=(None, 2)); f = K.function([p], [p * 2]); assert f([np.ones((1, 2))])[0].tolist() == [[2, 2]]
g = K.function([p], K.gradients(K.sum(K.square(p)), [p])); assert g([np.ones((1, 2))])[0].tolist() == [[2, 2]]
assert K.learning_phase() in (0, 1)
""",
    "keras.Input",
    "set_image_data_format",
)
program(
    "2020: preprocessing layers when they were experimental, optimizers when they were new",
    """
import numpy as np, tensorflow as tf
from tensorflow.keras.layers.experimental import preprocessing
from tensorflow.keras.optimizers.legacy import Adam
from tensorflow.keras.optimizers.schedules import ExponentialDecay
from tensorflow.keras.mixed_precision import experimental as mixed_precision
assert preprocessing.Rescaling(1. / 255)(np.array([255.0])) == 1
model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,), kernel_initializer='ones')])
model.compile(Adam(learning_rate=ExponentialDecay(0.1, 10, 0.5)), tf.keras.losses.MeanSquaredError(), [tf.keras.metrics.MeanSquaredError()])
h = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0)
assert h.history['loss'][1] < h.history['loss'][0] == h.history['mean_squared_error'][0] == 1
""",
)
program(
    "any year: versions, and what a package asks of Keras's inside",
    """
import keras, tensorflow as tf
from keras.src import backend, tree, ops
from keras.src.backend.common.symbolic_scope import SymbolicScope, in_symbolic_scope
from keras.src.backend.common.global_state import get_global_attribute, set_global_attribute
from keras.src.ops.operation_utils import compute_conv_output_shape, compute_pooling_output_shape, reduce_shape
from keras.src.ops import operation_utils
from keras.src.utils import file_utils, io_utils, naming, python_utils, argument_validation, dtype_utils
from keras.src.legacy.backend import int_shape
from keras.src.saving import saving_lib, serialization_lib
from keras.src.activations import ALL_OBJECTS_DICT
from keras._tf_keras.keras.layers import Dense as D
from keras.src.losses.loss import squeeze_or_expand_to_same_rank
import numpy as np
assert keras.version() == keras.__version__ == tf.keras.version() == tf.keras.__version__ != tf.__version__
assert [int(v) for v in keras.__version__.split('.')[:2]] >= [3, 0] and tf.__version__ >= '2.0' and D is keras.layers.Dense
assert not in_symbolic_scope()
with SymbolicScope():
    assert in_symbolic_scope()
set_global_attribute('a', 3); assert get_global_attribute('a') == 3 and get_global_attribute('b', 4) == 4
assert compute_conv_output_shape((None, 8, 8, 3), 5, (3, 3), 2) == (None, 3, 3, 5)
assert compute_pooling_output_shape((1, 4, 4, 2), (2, 2), (2, 2)) == (1, 2, 2, 2) and reduce_shape((2, 3), 0, True) == (1, 3)
assert operation_utils.compute_reshape_output_shape((2, 6), (3, -1)) == (3, 4)
assert operation_utils.broadcast_shapes((2, 1), (None, 3)) == [2, 3]
assert operation_utils.compute_matmul_output_shape((2, 3), (3, 4)) == (2, 4)
assert operation_utils.compute_expand_dims_output_shape((2, 3), 1) == (2, 1, 3)
assert operation_utils.compute_transpose_output_shape((2, 3), None) == (3, 2)
x = keras.Input((2,)); assert operation_utils.get_source_inputs(D(1)(x)) == [x] and int_shape(x) == (None, 2)
assert file_utils.join('a', 'b') == 'a/b' and not file_utils.exists('/no/such') and file_utils.is_remote_path('gs://b')
assert naming.to_snake_case('BatchNorm2D') == 'batch_norm2d' and naming.get_object_name(D) == 'dense'
assert python_utils.to_list(1) == [1] and python_utils.remove_long_seq(3, [[1], [1, 2, 3]], [0, 1]) == ([[1]], [0])
assert argument_validation.standardize_tuple(2, 2, 'size') == (2, 2) and argument_validation.standardize_padding('SAME') == 'same'
for wrong in (lambda: argument_validation.standardize_tuple((1, 0), 2, 'size'), lambda: argument_validation.standardize_padding('odd'),
              lambda: argument_validation.validate_string_arg('c', {'a', 'b'}, 'Layer', 'mode'), lambda: operation_utils.broadcast_shapes((2,), (3,))):
    try:
        wrong()
    except ValueError:
        continue
    raise AssertionError
assert dtype_utils.dtype_size('bfloat16') == 16 and dtype_utils.dtype_size('float8_e4m3fn') == 8 and dtype_utils.is_float('float16')
assert 'relu' in {getattr(f, '__name__', f) for f in ALL_OBJECTS_DICT}
a, b = squeeze_or_expand_to_same_rank(np.ones((3,)), np.ones((3, 1))); assert a.shape == b.shape == (3, 1)
""",
)
program(
    "any year: a package tests its layer with keras.src.testing",
    """
import unittest
import numpy as np
from keras import layers, ops
from keras.src import testing
class Scale(layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor
    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1],), initializer='ones')
    def call(self, x):
        return x * self.factor * self.w
    def get_config(self):
        return {**super().get_config(), 'factor': self.factor}
class ScaleTest(testing.TestCase):
    def test_basics(self):
        self.run_layer_test(Scale, {'factor': 3.0}, input_shape=(2, 4), expected_output_shape=(2, 4), expected_output_dtype='float32',
                            expected_num_trainable_weights=1, expected_num_non_trainable_weights=0, expected_num_seed_generators=0,
                            expected_num_losses=0, supports_masking=False)
        self.run_layer_test(Scale, {}, input_data=np.ones((1, 2), 'float32'), expected_output=np.full((1, 2), 2.0, 'float32'))
    def test_arrays(self):
        self.assertAllClose(ops.ones(2), [1, 1]); self.assertNotAllClose([1], [2]); self.assertAllEqual([1], [1])
        self.assertDType(ops.ones(2, 'int8'), 'int8'); self.assertLen([1], 1); self.assertAlmostEqual(1.0, 1.0001)
        self.assertFileExists(__import__('sys').executable); self.assertTrue(self.get_temp_dir())
    def test_a_wrong_count_fails(self):
        with self.assertRaises(AssertionError):
            self.run_layer_test(Scale, {}, input_shape=(2, 4), expected_num_trainable_weights=2)
    def test_a_wrong_shape_fails(self):
        with self.assertRaises(AssertionError):
            self.run_layer_test(Scale, {}, input_shape=(2, 4), expected_output_shape=(2, 5))
found = unittest.TestResult()
unittest.defaultTestLoader.loadTestsFromTestCase(ScaleTest).run(found)
assert found.testsRun == 4 and found.wasSuccessful(), found.failures + found.errors
from keras.src.testing import test_utils
(x, y), (xt, yt) = test_utils.get_test_data(8, 4, (3,), 2, random_seed=1)
assert x.shape == (8, 3) and set(yt.tolist()) == {0, 1}
""",
)
