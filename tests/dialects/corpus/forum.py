"""Programs of Keras 1 and 2 as they are asked about: GANs, autoencoders, own optimizers, callbacks and layers."""

from tests.dialects.corpus.registry import program

program(
    "2017: a GAN of two models with one optimizer, the discriminator frozen for the second",
    """
import numpy as np
from keras.layers import Dense, Input
from keras.models import Model, Sequential
from keras.optimizers import SGD
optimizer = SGD(lr=0.1)
discriminator = Sequential([Dense(1, input_dim=2, kernel_initializer='ones', use_bias=False)])
discriminator.compile(loss='mse', optimizer=optimizer, metrics=['accuracy'])
generator = Sequential([Dense(2, input_dim=1, kernel_initializer='ones', use_bias=False)])
z = Input(shape=(1,))
discriminator.trainable = False
combined = Model(z, discriminator(generator(z)))
combined.compile(loss='mse', optimizer=optimizer)
loss, accuracy = discriminator.train_on_batch(np.ones((4, 2)), np.zeros((4, 1)))
assert loss == 4 and np.allclose(discriminator.get_weights()[0], 1 - 0.1 * 4)
assert combined.train_on_batch(np.ones((4, 1)), np.zeros((4, 1))) > 0
assert np.allclose(discriminator.get_weights()[0], 0.6) and np.allclose(generator.get_weights()[0], 1 - 0.1 * 2 * 1.2 * 0.6)
discriminator.train_on_batch(np.ones((4, 2)), np.zeros((4, 1)))
assert np.allclose(discriminator.get_weights()[0], 0.6 - 0.1 * 2 * 1.2) and not discriminator.trainable
""",
    "an optimizer for each",
    "layer.trainable = …, after compile()",
)
program(
    "2017: gradients asked of an optimizer, scales of initializations, files that are not written over",
    """
import builtins, os, tempfile
import numpy as np
from keras import backend as K, initializations
from keras.layers import Dense, Input
from keras.models import Model
from keras.optimizers import SGD
x = Input(shape=(2,)); model = Model(x, Dense(1, kernel_initializer='ones')(x))
gradients = SGD(lr=0.1).get_gradients(K.sum(K.square(model.output)), [model.input])
np.testing.assert_allclose(K.function([model.input], gradients)([np.ones((1, 2))])[0], [[4, 4]])
for made in (initializations.orthogonal((2, 2), scale=2.0), initializations.identity((2, 2), scale=2.0)):
    values = K.get_value(made); np.testing.assert_allclose(values @ values.T, 4 * np.eye(2), atol=1e-5)
path, builtins.input = os.path.join(tempfile.mkdtemp(), 'checkpoint'), lambda prompt='': 'n'
model.save_weights(path); before = model.get_weights()[0]
model.set_weights([0 * w for w in model.get_weights()]); model.save_weights(path, overwrite=False, save_format='tf')
model.load_weights(path); np.testing.assert_allclose(model.get_weights()[0], before)
drawn = []
def batches():
    while True:
        drawn.append(1); yield np.ones((4, 2)), np.ones((4, 1))
model.compile('sgd', 'mse'); h = model.fit_generator(batches(), 8, nb_epoch=2, verbose=0)
assert len(h.history['loss']) == 2 and model.optimizer.iterations == 4 and len(drawn) < 8
model.optimizer.iterations = 7; assert model.optimizer.iterations == 7
class Own(Model):
    def __init__(self):
        super().__init__()
        self.compiled_loss = 'mine'
assert Own().compiled_loss == 'mine'
""",
)
program(
    "Keras 3: layers frozen after compile, which is read when training starts; a callback with validation data of its own",
    """
import numpy as np, keras
first = keras.layers.Dense(2, kernel_initializer='ones', use_bias=False)
model = keras.Sequential([keras.Input((2,)), first, keras.layers.Dense(1, kernel_initializer='ones', use_bias=False)])
model.compile(keras.optimizers.SGD(0.01), 'mse')
first.trainable = False
class Own(keras.callbacks.Callback):
    def __init__(self, validation_data=None):
        super().__init__()
        self.validation_data = validation_data
own, x, y = Own(), np.ones((8, 2)), np.zeros((8, 1))
history = model.fit(x, y, epochs=2, batch_size=8, verbose=0, validation_split=0.25, callbacks=[own])
assert own.validation_data is None
result = {'loss': history.history['loss'], 'w': model.get_weights()[0], 'v': model.get_weights()[1]}
""",
    also=True,
)
program(
    "2018: an autoencoder whose loss and metric are tensors of the graph",
    """
import numpy as np
from keras import backend as K
from keras.layers import Dense, Input, Lambda
from keras.losses import mse
from keras.models import Model
def sampling(args):
    mean, log_var = args
    return mean + K.exp(0.5 * log_var) * 0.0 * K.random_normal(shape=(K.shape(mean)[0], K.int_shape(mean)[1]))
inputs = Input(shape=(2,))
mean, log_var = (Dense(1, kernel_initializer=start)(inputs) for start in ('ones', 'zeros'))
z = Lambda(sampling, output_shape=(1,))([mean, log_var])
encoder = Model(inputs, [mean, log_var, z])
latent = Input(shape=(1,)); decoder = Model(latent, Dense(2, kernel_initializer='ones')(latent))
outputs = decoder(encoder(inputs)[2]); vae = Model(inputs, outputs)
kl = -0.5 * K.sum(1 + log_var - K.square(mean) - K.exp(log_var), axis=-1)
vae.add_loss(K.mean(2 * mse(inputs, outputs) + kl)); vae.add_metric(kl, name='kl', aggregation='mean')
vae.compile(optimizer='sgd')
x = np.ones((4, 2))
h = vae.fit(x, epochs=1, batch_size=4, validation_data=(x, None), verbose=0)
np.testing.assert_allclose([h.history['loss'][0], h.history['kl'][0]], [2 * 1 + 2, 2], rtol=1e-5)
assert h.history['val_loss'][0] < 4 and vae.predict(x, verbose=0).shape == (4, 2)
""",
    "model.add_loss(tensor)",
    "a metric in train_step()",
)
program(
    "2017: callbacks that look at their validation data, acc, periods and a rate that decays and is set",
    """
import os, tempfile
import numpy as np
from keras import backend as K
from keras.callbacks import Callback, EarlyStopping, LearningRateScheduler, ModelCheckpoint, ReduceLROnPlateau, TensorBoard
from keras.layers import Dense
from keras.models import Sequential, load_model
from keras.optimizers import SGD
class Measure(Callback):
    def on_train_begin(self, logs={}):
        self.found = []
    def on_epoch_end(self, epoch, logs={}):
        targets = self.validation_data[1]
        self.found.append((self.model.predict(self.validation_data[0], verbose=0).shape == targets.shape, logs.get('val_acc'), 'acc' in logs))
        if logs['acc'] > 2:
            self.model.stop_training = True
home, measure = tempfile.mkdtemp(), Measure()
model = Sequential([Dense(1, input_dim=2, activation='sigmoid', kernel_initializer='ones')])
model.compile(SGD(lr=1.0, decay=0.5), 'binary_crossentropy', metrics=['accuracy'])
x, y = np.ones((10, 2)), np.ones((10, 1))
path = os.path.join(home, 'w.{epoch:02d}-{val_acc:.1f}.hdf5')
callbacks = [measure, ModelCheckpoint(path, monitor='val_acc', save_best_only=False, period=2), EarlyStopping('val_acc', patience=9),
             ReduceLROnPlateau(epsilon=1e-3), LearningRateScheduler(lambda epoch: 0.0 if epoch < 2 else 0.5),
             TensorBoard(home, batch_size=8, write_grads=False, embeddings_layer_names=None, embeddings_data=None)]
before = model.get_weights()[0].copy()
model.fit(x, y, batch_size=8, epochs=3, validation_split=0.2, callbacks=callbacks, verbose=0)
assert measure.found == [(True, 1.0, True)] * 3 and os.path.exists(os.path.join(home, 'w.02-1.0.hdf5'))
assert not os.path.exists(os.path.join(home, 'w.01-1.0.hdf5')) and K.get_value(model.optimizer.lr) == 0.5
p = 1 / (1 + np.exp(-2.0))  # one step at the rate 0.5 / (1 + 0.5 * 2)
np.testing.assert_allclose(model.get_weights()[0] - before, 0.25 * (1 - p), rtol=1e-4)
assert load_model(os.path.join(home, 'w.02-1.0.hdf5')).predict(x, verbose=0).shape == (10, 1)
""",
    "logs['acc']",
    "InverseTimeDecay",
)
program(
    "2018: an optimizer of one's own with get_updates",
    """
import numpy as np
from keras import backend as K
from keras.layers import Dense
from keras.legacy import interfaces
from keras.models import Sequential
from keras.optimizers import Optimizer
class Heavy(Optimizer):
    def __init__(self, lr=0.1, momentum=0.5, **kwargs):
        super(Heavy, self).__init__(**kwargs)
        with K.name_scope(self.__class__.__name__):
            self.iterations = K.variable(0, dtype='int64', name='iterations')
            self.lr = K.variable(lr, name='lr')
            self.momentum = K.variable(momentum, name='momentum')
    @interfaces.legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        t = K.cast(self.iterations, K.floatx()) + 1
        moments = [K.zeros(K.int_shape(p)) for p in params]
        self.weights = [self.iterations] + moments
        for p, g, m in zip(params, grads, moments):
            v = self.momentum * m - self.lr / t * g
            self.updates.append(K.update(m, v))
            self.updates.append(K.update(p, p + v))
        return self.updates
    def get_config(self):
        return {'lr': float(K.get_value(self.lr)), 'momentum': float(K.get_value(self.momentum))}
model = Sequential([Dense(1, input_dim=1, kernel_initializer='ones', use_bias=False)])
model.compile(Heavy(lr=0.1), 'mse')
model.fit(np.ones((4, 1)), np.zeros((4, 1)), epochs=2, batch_size=4, verbose=0)
w, v = 1.0, 0.0
for t in (1, 2):
    v = 0.5 * v - 0.1 / t * 2 * w
    w += v
np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-6)
assert model.optimizer.get_config() == {'lr': np.float32(0.1), 'momentum': 0.5} and K.get_value(model.optimizer.iterations) == 2
""",
)
program(
    "2016: a layer with initializations, samples counted, a model that is drawn and spread",
    """
import numpy as np
from keras import backend as K, initializations
from keras.engine.topology import Layer
from keras.layers import Dense, Embedding, Input
from keras.layers.local import LocallyConnected1D, LocallyConnected2D
from keras.models import Model, Sequential
from keras.utils.training_utils import multi_gpu_model
from keras.utils.visualize_util import plot, to_graph
class Named(Model):
    def __init__(self):
        super().__init__(); self.input_names, self.output_shape = ['a'], 3
assert Named().input_names == ['a'] and Named().output_shape == 3
class Own(Layer):
    def __init__(self, output_dim, **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get('one')
        super(Own, self).__init__(**kwargs)
    def build(self, input_shape):
        self.W = self.init((input_shape[1], self.output_dim), name='{}_W'.format(self.name))
        self.trainable_weights = [self.W]
    def call(self, x, mask=None):
        return K.dot(x, self.W)
    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)
model = multi_gpu_model(Sequential([Own(4, input_shape=(3,)), Dense(1, init='one')]), gpus=2)
model.compile('sgd', 'mse')
def batches():
    while True:
        yield np.ones((4, 3)), np.full((4, 1), 12.0)
assert model.count_params() == 12 + 5 and model.evaluate_generator(batches(), val_samples=8) == 0
assert model.predict_generator(batches(), val_samples=10).tolist() == [[12]] * 12
assert model._feed_input_names == model.input_names and model.output_names == [model.layers[-1].name]
model.fit_generator(batches(), samples_per_epoch=8, nb_epoch=1, verbose=0); assert (model.layers[0].W.numpy() == 1).all()
for word in ('glorot_normal', 'glorot_uniform', 'he_normal', 'he_uniform', 'lecun_uniform', 'normal', 'orthogonal', 'uniform'):
    assert initializations.get(word)((3, 3), name='w').shape == (3, 3)
assert abs(initializations.uniform((9,), scale=0.01).numpy()).max() <= 0.01 and initializations.identity((2, 2)).numpy()[0, 0] == 1
assert initializations.zero((2,)).numpy().sum() == 0 and initializations.one((2,)).numpy().sum() == 2 and callable(plot) and callable(to_graph)
class First(Layer):
    def compute_mask(self, inputs, mask=None):
        return mask[0]
    def call(self, inputs):
        return inputs[0]
class WithWeights(Embedding):
    def compute_output_shape(self, input_shape):
        return [super(WithWeights, self).compute_output_shape(input_shape), (self.input_dim, self.output_dim)]
    def call(self, inputs):
        return [super(WithWeights, self).call(inputs), self.embeddings + 0.0]
rows, table = WithWeights(5, 2)(Input((3,))); assert rows.shape == (None, 3, 2) and table.shape == (5, 2)
x = np.arange(6, dtype='float32').reshape(1, 3, 2)
assert First()([x, x]).shape == x.shape
local = LocallyConnected1D(nb_filter=1, filter_length=2, bias=False); y = local(x); k = local.get_weights()[0]
np.testing.assert_allclose(y[0, 1, 0], x[0, 1:].reshape(-1) @ k[1, :, 0], rtol=1e-5)
image = LocallyConnected2D(2, (2, 2), dim_ordering='th'); assert image(np.ones((1, 1, 3, 3), 'float32')).shape == (1, 2, 2, 2)
""",
    "multi_gpu_model",
)
program(
    "2020: names before shapes, metrics of layers, sizes at random, datasets of folders",
    """
import os, tempfile
import numpy as np, tensorflow as tf
from PIL import Image
from tensorflow.keras.layers.experimental.preprocessing import RandomHeight, RandomWidth
class Doubling(tf.keras.layers.Layer):
    def build(self, input_shape):
        self.kernel = self.add_weight('kernel', shape=[int(input_shape[-1]), 1], initializer='ones')
        self.scale = self.add_variable('scale', (), initializer='ones')
    def call(self, x):
        y = tf.matmul(x, self.kernel) * self.scale
        self.add_metric(tf.reduce_mean(y), name='mean')
        return y
class Count(tf.keras.metrics.Metric):
    def __init__(self, **kwargs):
        super().__init__(**kwargs); self.seen = self.add_weight('seen', initializer='zeros')
    def update_state(self, y_true, y_pred, sample_weight=None):
        self.seen.assign_add(tf.cast(tf.size(y_true), tf.float32))
    def result(self):
        return self.seen
i = tf.keras.Input((2,)); model = tf.keras.Model(i, Doubling()(i)); model.compile('sgd', 'mse', metrics=[Count(name='n')])
h = model.fit(np.ones((4, 2)), np.full((4, 1), 2.0), verbose=0).history; assert h['mean'] == [2] and h['n'] == [4] and h['loss'] == [0]
ones = np.ones((1, 4, 4, 1), 'float32')
assert RandomHeight((0.5, 0.5))(ones, training=True).shape == (1, 6, 4, 1) and RandomWidth(0.5)(ones, training=False).shape == ones.shape
home = tempfile.mkdtemp(); os.makedirs(os.path.join(home, 'cat'))
Image.fromarray(np.zeros((4, 4, 3), 'uint8')).save(os.path.join(home, 'cat', '0.png'))
data = tf.keras.preprocessing.image_dataset_from_directory(home, image_size=(4, 4), batch_size=1)
assert data.class_names == ['cat'] and len(data) == 1 and isinstance(data, tf.data.Dataset)
for images, labels in data.cache().prefetch(tf.data.AUTOTUNE):
    assert images.numpy().shape == (1, 4, 4, 3) and labels.numpy() == [0]
for word in ('audio_dataset_from_directory', 'text_dataset_from_directory'):
    assert hasattr(tf.keras.utils, word)
series = tf.keras.preprocessing.timeseries_dataset_from_array(np.arange(5), None, sequence_length=3)
assert [w.numpy().tolist() for w in series.unbatch()] == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
""",
)
