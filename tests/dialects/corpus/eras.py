"""Programs of every year."""

from tests.dialects.corpus.registry import program

program(
    "2015: an XOR in Keras 0.3",
    """
import numpy as np
from keras.models import Sequential
from keras.layers.core import Dense, Activation
from keras.optimizers import SGD
np.random.seed(1)
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], 'float32')
y = np.array([[0], [1], [1], [0]], 'float32')
model = Sequential()
model.add(Dense(output_dim=8, input_dim=2, init='uniform'))
model.add(Activation('tanh'))
model.add(Dense(1))
model.add(Activation('sigmoid'))
model.compile(loss='binary_crossentropy', optimizer=SGD(lr=0.5), class_mode='binary')
before = model.evaluate(X, y, verbose=0)
hist = model.fit(X, y, nb_epoch=30, batch_size=4, verbose=0, show_accuracy=True)
assert len(hist.history['loss']) == 30 and hist.history['loss'][-1] < before
assert model.predict_classes(X).shape == (4, 1) and model.predict_proba(X).shape == (4, 1)
""",
    "units=",
    "kernel_initializer=",
    "learning_rate=",
    "epochs=",
    "np.argmax",
)
program(
    "2016: a convolutional network in Keras 1",
    """
import numpy as np
from keras.models import Sequential
from keras.layers import Convolution2D, MaxPooling2D, Flatten, Dense, Dropout, ZeroPadding2D
model = Sequential()
model.add(ZeroPadding2D((1, 1), input_shape=(8, 8, 1), dim_ordering='tf'))
model.add(Convolution2D(4, 3, 3, border_mode='valid', activation='relu', subsample=(1, 1), dim_ordering='tf'))
model.add(Convolution2D(nb_filter=2, nb_row=3, nb_col=3, border_mode='same', W_regularizer='l2', bias=False))
model.add(MaxPooling2D(pool_size=(2, 2), border_mode='valid'))
model.add(Dropout(p=0.25))
model.add(Flatten())
model.add(Dense(3, activation='softmax', W_constraint='max_norm'))
assert [layer.output_shape for layer in model.layers][1] == (None, 8, 8, 4)
assert model.count_params() == 4 * 9 + 4 + 2 * 9 * 4 + (4 * 4 * 2) * 3 + 3
model.compile('adadelta', 'categorical_crossentropy', metrics=['accuracy'])
h = model.fit(np.ones((6, 8, 8, 1)), np.eye(3)[[0, 1, 2] * 2], nb_epoch=1, verbose=0)
assert 'accuracy' in h.history and h.history['acc'] == h.history['accuracy']
""",
    "padding=",
    "strides=",
    "kernel_size=",
    "rate=",
    "history['accuracy']",
)
program(
    "2016: recurrent sentiment with a matrix of word vectors",
    """
import numpy as np
from keras.models import Sequential
from keras.layers.embeddings import Embedding
from keras.layers.recurrent import LSTM
from keras.layers.core import Dense
matrix = np.arange(20, dtype='float32').reshape(5, 4) / 20
model = Sequential()
model.add(Embedding(5, 4, weights=[matrix], input_length=3, dropout=0.2))
model.add(LSTM(output_dim=6, inner_activation='hard_sigmoid', inner_init='orthogonal', forget_bias_init='one',
               dropout_W=0.0, dropout_U=0.0, consume_less='gpu'))
model.add(Dense(1, activation='sigmoid'))
model.compile('rmsprop', 'binary_crossentropy', metrics=['acc'])
h = model.fit(np.array([[1, 2, 3], [0, 1, 4]]), np.array([0, 1]), nb_epoch=1, verbose=0, validation_split=0.5)
assert 'val_acc' in h.history
model = Sequential([Embedding(5, 4, weights=[matrix])])
np.testing.assert_allclose(model.predict(np.array([[3]]), verbose=0)[0, 0], matrix[3])
""",
    "recurrent_activation=",
    "Constant(matrix)",
)
program(
    "2016: two branches joined by merge()",
    """
import numpy as np
from keras.layers import Input, Dense, merge
from keras.models import Model
a, b = Input(shape=(4,)), Input(shape=(4,))
shared = Dense(3, bias=False, init='one')
joined = merge([shared(a), shared(b)], mode='concat', concat_axis=-1)
total = merge([shared(a), shared(b)], mode='sum')
product = merge([shared(a), shared(b)], mode='mul')
model = Model(input=[a, b], output=[joined, total, product])
j, t, p = model.predict([np.ones((2, 4)), 2 * np.ones((2, 4))], verbose=0)
assert j.shape == (2, 6) and (t == 12).all() and (p == 32).all()
assert shared.get_output_at(0).shape == (None, 3)
""",
    "Concatenate()",
    "inputs=",
    "outputs=",
    "use_bias=",
)
program(
    "2015: Merge at the head of a Sequential",
    """
import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Merge
left = Sequential([Dense(2, input_dim=3)])
right = Sequential([Dense(2, input_dim=5)])
model = Sequential()
model.add(Merge([left, right], mode='ave'))
model.add(Dense(1))
out = model.predict([np.ones((2, 3)), np.ones((2, 5))], verbose=0)
assert out.shape == (2, 1)
""",
    "Average()",
)
program(
    "2016: Highway, MaxoutDense, TimeDistributedDense",
    """
import numpy as np
from keras.models import Sequential
from keras.layers import Highway, MaxoutDense, TimeDistributedDense
model = Sequential([Highway(input_shape=(4,)), MaxoutDense(3, nb_feature=2)])
assert model.predict(np.ones((2, 4)), verbose=0).shape == (2, 3)
x = np.full((1, 4), 0.5, 'float32')
highway = Highway(transform_bias=-60)
np.testing.assert_allclose(highway(x), x, atol=1e-5)
maxout = MaxoutDense(3, nb_feature=2)
maxout.build((None, 4))
kernel, bias = maxout.get_weights()
np.testing.assert_allclose(maxout(x), np.max(np.einsum('bi,kio->bko', x, kernel) + bias, 1), rtol=1e-5)
assert TimeDistributedDense(2)(np.ones((1, 3, 4))).shape == (1, 3, 2)
""",
    "TimeDistributed(Dense(n))",
)
program(
    "2017: a generator, fit_generator and friends",
    """
import numpy as np
from keras.models import Sequential
from keras.layers import Dense
from keras.optimizers import Adam
def batches():
    while True:
        yield np.ones((4, 3)), np.zeros((4, 1))
model = Sequential([Dense(1, input_shape=(3,), kernel_initializer='ones')])
model.compile(Adam(lr=0.1, decay=1e-3), 'mse')
h = model.fit_generator(batches(), steps_per_epoch=2, epochs=2, workers=1, use_multiprocessing=False, verbose=0)
assert len(h.history['loss']) == 2
h = model.fit_generator(batches(), samples_per_epoch=8, nb_epoch=1, verbose=0)
assert model.optimizer.iterations == 6
assert model.predict_generator(batches(), steps=2).shape == (8, 1)
assert np.isscalar(model.evaluate_generator(batches(), steps=2))
""",
    "model.fit(",
    "InverseTimeDecay",
    "model.predict(",
)
program(
    "2017: K, a loss of one's own and a Lambda",
    """
import numpy as np
from keras import backend as K
from keras.layers import Input, Dense, Lambda
from keras.models import Model
def euclid(y_true, y_pred):
    return K.sqrt(K.sum(K.square(y_true - y_pred), axis=-1))
x = Input((3,))
y = Lambda(lambda t: K.l2_normalize(t, axis=-1))(Dense(2)(x))
model = Model(x, y)
model.compile('sgd', euclid)
assert K.int_shape(y) == (None, 2)
norms = K.get_value(K.sum(K.square(model(np.ones((4, 3), 'float32'))), axis=-1))
np.testing.assert_allclose(norms, 1, rtol=1e-5)
f = K.function([x, K.learning_phase()], [y])
assert f([np.ones((4, 3)), 0])[0].shape == (4, 2)
assert float(model.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))) >= 0
assert K.image_dim_ordering() == 'tf'
v = K.variable(1.0)
K.update_add(v, 2.0)
assert K.get_value(v) == 3
""",
    "keras.Model(inputs, outputs)",
)
program(
    "2017: a layer of one's own with K.dot",
    """
import numpy as np
from keras import backend as K
from keras.engine.topology import Layer
class MyLayer(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        super(MyLayer, self).__init__(**kwargs)
    def build(self, input_shape):
        self.kernel = self.add_weight(name='kernel', shape=(input_shape[1], self.output_dim),
                                      initializer='uniform', trainable=True)
        super(MyLayer, self).build(input_shape)
    def call(self, x):
        return K.dot(x, self.kernel)
    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)
layer = MyLayer(2)
out = layer(np.ones((3, 4), 'float32'))
np.testing.assert_allclose(out, np.ones((3, 4)) @ layer.get_weights()[0], rtol=1e-5)
""",
)
program(
    "2018: a stateful LSTM and time-distributed output",
    """
import numpy as np
from keras.models import Sequential
from keras.layers import LSTM, Dense, TimeDistributed, RepeatVector, Bidirectional, LeakyReLU
model = Sequential()
model.add(LSTM(4, input_shape=(5, 2)))
model.add(RepeatVector(3))
model.add(Bidirectional(LSTM(4, return_sequences=True)))
model.add(TimeDistributed(Dense(1)))
model.add(LeakyReLU(alpha=0.5))
assert model.output_shape == (None, 3, 1)
model.compile('adam', 'mae')
assert model.predict(np.ones((2, 5, 2)), verbose=0).shape == (2, 3, 1)
assert LeakyReLU(alpha=0.5)(np.array([-2.0])) == -1
""",
    "negative_slope=",
)
program(
    "2019: tf.keras in TensorFlow 1.14 style",
    """
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.python.keras.layers import Dense as D
tf.random.set_seed(1)
flat = keras.layers.Flatten(input_shape=(2, 2))
model = keras.models.Sequential([flat, D(4, activation=tf.nn.relu), D(3, tf.nn.softmax)])
model.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
h = model.fit(np.random.rand(8, 2, 2), np.arange(8) % 3, epochs=1, verbose=0)
np.testing.assert_allclose(model.predict(np.ones((2, 2, 2)), verbose=0).sum(-1), 1, rtol=1e-5)
assert issubclass(D, keras.layers.Layer)
""",
)
program(
    "2020: a custom training loop with GradientTape",
    """
import numpy as np
import tensorflow as tf
inputs = tf.keras.Input((3,))
model = tf.keras.Model(inputs, tf.keras.layers.Dense(1, kernel_initializer='ones')(inputs))
optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
loss_fn = tf.keras.losses.MeanSquaredError()
dataset = tf.data.Dataset.from_tensor_slices((np.ones((8, 3), 'float32'), np.zeros((8, 1), 'float32'))).batch(4)
losses = []
@tf.function
def step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    gradients = tape.gradient(loss, model.trainable_weights)
    optimizer.apply_gradients(zip(gradients, model.trainable_weights))
    return loss
for x, y in dataset:
    losses.append(float(step(x, y)))
# By hand: outputs 3; d(loss)/d(w) = 6, d(loss)/d(b) = 6; then 3 * 0.4 - 0.6 = 0.6.
np.testing.assert_allclose(losses, [9.0, 0.36], rtol=1e-4)
""",
)
program(
    "2020: train_step overridden with a tape",
    """
import numpy as np
import tensorflow as tf
x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
w = tf.Variable([[2.0], [1.0]])
with tf.GradientTape(persistent=True) as tape:
    y = tf.matmul(x, w)
    total = tf.reduce_sum(tf.square(y))
assert total.numpy() == 116.0
np.testing.assert_allclose(tape.gradient(total, w), 2 * x.numpy().T @ (x.numpy() @ [[2.0], [1.0]]))
np.testing.assert_allclose(tape.gradient(total, x), 2 * (x.numpy() @ [[2.0], [1.0]]) @ [[2.0, 1.0]])
with tf.GradientTape() as tape:
    z = tf.nn.relu(w) + tf.math.log(w)
assert tape.gradient(z, tf.Variable(1.0)) is None
w.assign_add([[1.0], [1.0]])
np.testing.assert_allclose(w.numpy(), [[3.0], [2.0]])
""",
)
program(
    "2021: a tf.data pipeline",
    """
import numpy as np
import tensorflow as tf
AUTOTUNE = tf.data.AUTOTUNE
ds = tf.data.Dataset.from_tensor_slices({'a': [0, 1, 2, 3, 4, 5], 'b': np.arange(6) * 2})
ds = ds.map(lambda d: (tf.cast(d['a'], tf.float32), d['b']), num_parallel_calls=AUTOTUNE)
assert [(float(a), int(b)) for a, b in ds.take(2)] == [(0, 0), (1, 2)]
assert [a.shape[0] for a, b in ds.batch(4)] == [4, 2] and len(ds.batch(4)) == 2
assert [a.shape[0] for a, b in ds.batch(4, drop_remainder=True)] == [4]
assert sorted(int(b) for a, b in ds.shuffle(3, seed=1)) == [0, 2, 4, 6, 8, 10]
assert len(list(ds.repeat(2).cache().prefetch(AUTOTUNE))) == 12
assert [int(b) for a, b in ds.filter(lambda a, b: b > 6)] == [8, 10]
assert [int(x) for x in tf.data.Dataset.range(5).skip(3)] == [3, 4]
pairs = tf.data.Dataset.zip((tf.data.Dataset.range(3), tf.data.Dataset.range(3, 6)))
assert [(int(a), int(b)) for a, b in pairs] == [(0, 3), (1, 4), (2, 5)]
windows = tf.data.Dataset.range(4).window(2, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(2))
assert [list(map(int, w)) for w in windows] == [[0, 1], [1, 2], [2, 3]]
assert int(ds.cardinality()) == 6 and len(list(ds.batch(2).unbatch())) == 6
assert int(tf.data.Dataset.range(4).reduce(0, lambda s, x: s + x)) == 6
def gen():
    yield 1
    yield 2
assert [int(x) for x in tf.data.Dataset.from_generator(gen, output_types=tf.int32)] == [1, 2]
""",
)
program(
    "2019: arrays of tf against NumPy",
    """
import numpy as np
import tensorflow as tf
x = np.arange(12, dtype='float32').reshape(3, 4)
same = np.testing.assert_allclose
same(tf.reduce_mean(x, axis=1, keepdims=True), x.mean(1, keepdims=True))
same(tf.transpose(x, perm=[1, 0]), x.T)
same(tf.concat([x, x], axis=0), np.concatenate([x, x]))
same(tf.gather(x, [2, 0]), x[[2, 0]])
same(tf.gather_nd(x, [[0, 1], [2, 3]]), [1, 11])
same(tf.argmax(x), [2] * 4)
same(tf.where(x > 5, x, 0.0), np.where(x > 5, x, 0))
same(tf.where([True, False, True]), [[0], [2]])
same(tf.one_hot([0, 2], 3), np.eye(3)[[0, 2]])
same(tf.pad(x, [[1, 0], [0, 2]]), np.pad(x, [[1, 0], [0, 2]]))
same(tf.split(x, [1, 3], axis=1)[1], x[:, 1:])
same(tf.clip_by_value(x, 2, 5), x.clip(2, 5))
same(tf.boolean_mask(x, [True, False, True]), x[[0, 2]])
same(tf.matmul(x, x, transpose_b=True), x @ x.T)
same(tf.linalg.matvec(x, np.ones(4, 'float32')), x.sum(1))
same(tf.sort([3, 1, 2], direction='DESCENDING'), [3, 2, 1])
same(tf.reverse(x, axis=[1]), x[:, ::-1])
same(tf.math.squared_difference(x, 1.0), (x - 1) ** 2)
same(tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]), [[1, 0], [1, 1]])
same(tf.nn.l2_normalize(x, axis=1), x / np.sqrt((x**2).sum(1, keepdims=True)), rtol=1e-5)
same(tf.clip_by_global_norm([x], 1.0)[0][0], x / np.sqrt((x**2).sum()), rtol=1e-5)
same(tf.image.flip_left_right(x.reshape(1, 3, 4, 1))[0, :, :, 0], x[:, ::-1])
same(tf.range(3), [0, 1, 2]); same(tf.fill([2, 2], 7), np.full((2, 2), 7)); same(tf.zeros([2]), [0, 0])
assert tf.shape(x).numpy().tolist() == [3, 4] and tf.constant(1.5).dtype == tf.float32
assert tf.TensorShape([None, 3]).as_list() == [None, 3] and tf.is_tensor(tf.constant(1))
tf.debugging.assert_near(x, x); tf.debugging.assert_shapes([(x, ('N', 4))])
with tf.device('/cpu:0'), tf.name_scope('scope'):
    tf.Variable(1.0, name='v')
assert tf.config.list_physical_devices('CPU') and tf.executing_eagerly()
""",
)
program(
    "2018: losses and convolutions of tf.nn",
    """
import functools, jax, numpy as np
import tensorflow as tf
logits, labels = np.array([[2.0, 1.0, 0.0]], 'float32'), np.array([0])
p = np.exp(logits) / np.exp(logits).sum()
close = functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6)
close(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits), -np.log(p[:, 0]))
close(tf.nn.softmax_cross_entropy_with_logits(np.eye(3)[labels], logits), -np.log(p[:, 0]))
close(tf.nn.sigmoid_cross_entropy_with_logits(labels=np.array([1.0]), logits=np.array([0.0])), [np.log(2)])
rng = np.random.default_rng(0)
kernel = rng.normal(size=(3, 3, 2, 5)).astype('float32')  # (height, width, channels of large, channels of small)
for size, padding in ((8, 'SAME'), (7, 'SAME'), (9, 'VALID'), (10, 'VALID')):
    def down(image):
        return tf.nn.conv2d(image, kernel, [1, 2, 2, 1], padding)
    large = np.zeros((1, size, size, 2), 'float32')
    small = rng.normal(size=down(large).shape).astype('float32')
    up = tf.nn.conv2d_transpose(small, kernel, [1, size, size, 2], [1, 2, 2, 1], padding)
    np.testing.assert_allclose(up, jax.vjp(down, large)[1](small)[0], rtol=1e-3, atol=1e-4)
image = rng.normal(size=(1, 4, 4, 2)).astype('float32')
close(tf.nn.max_pool2d(image, 2, 2, 'VALID'), image.reshape(1, 2, 2, 2, 2, 2).max((2, 4)))
close(tf.nn.avg_pool2d(image, 2, 2, 'VALID'), image.reshape(1, 2, 2, 2, 2, 2).mean((2, 4)))
""",
)
program(
    "2023: Keras 3, and paths inside it",
    """
import keras
from keras import ops
from keras.src.layers.core.dense import Dense
from keras.src.models.functional import Functional
from keras.src.backend.common.keras_tensor import KerasTensor
from keras.src.saving import serialization_lib
from keras.src import backend
import tf_keras
assert Dense is keras.layers.Dense is tf_keras.layers.Dense and keras.__version__.startswith('3.')
x = keras.Input((2,))
assert isinstance(x, KerasTensor) and isinstance(keras.Model(x, Dense(1)(x)), Functional)
assert backend.backend() == 'jax' and backend.convert_to_numpy(ops.ones(2)).sum() == 2
layer = serialization_lib.deserialize_keras_object(serialization_lib.serialize_keras_object(Dense(3)))
assert layer.units == 3 and layer.get_config()['units'] == 3
""",
)
program(
    "any year: optimizer.lr and a callback that changes it",
    """
import numpy as np
from keras import backend as K
from keras.callbacks import Callback
from keras.layers import Dense
from keras.models import Sequential
class Halve(Callback):
    def on_epoch_end(self, epoch, logs=None):
        K.set_value(self.model.optimizer.lr, K.get_value(self.model.optimizer.lr) / 2)
model = Sequential([Dense(1, input_dim=2)])
model.compile('sgd', 'mse')
model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0, callbacks=[Halve()])
np.testing.assert_allclose(float(model.optimizer.learning_rate), 0.0025)
""",
    "optimizer.learning_rate",
)
program(
    "2019: names that nobody has are refused with their path",
    """
import keras, tensorflow as tf
for ask, words in ((lambda: keras.layers.Dnese, 'keras.layers.Dnese'), (lambda: tf.nn.conv4d, 'conv2d')):
    try:
        ask()
    except AttributeError as error:
        assert words in str(error), error
    else:
        raise AssertionError('it was found')
try:
    from keras.layers import Nothing
except ImportError as error:
    assert 'keras.layers.Nothing' in str(error) and 'line' in str(error)
try:
    import keras.layers.nothing
except ModuleNotFoundError as error:
    assert error.name == 'keras.layers.nothing'
assert not hasattr(tf, 'placeholder_with_default')
""",
)
program(
    "2017: GaussianNoise, SpatialDropout and pooling as once written",
    """
import numpy as np
from keras.layers.noise import GaussianNoise
from keras.layers.convolutional import Convolution1D, MaxPooling1D, UpSampling1D
from keras.layers.normalization import BatchNormalization
assert GaussianNoise(sigma=0.1).stddev == 0.1
assert BatchNormalization(mode=0, gamma_init='one').axis == -1
conv = Convolution1D(nb_filter=2, filter_length=3, border_mode='same', subsample_length=2)
assert conv(np.ones((1, 8, 1))).shape == (1, 4, 2)
assert MaxPooling1D(pool_length=2, stride=2)(np.ones((1, 8, 1))).shape == (1, 4, 1)
assert UpSampling1D(length=3)(np.ones((1, 2, 1))).shape == (1, 6, 1)
""",
    "stddev=",
    "filters=",
    "pool_size=",
    "size=",
)
