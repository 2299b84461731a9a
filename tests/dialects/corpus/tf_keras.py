"""Programs of tf.keras, 2018 to 2023: own training steps, tapes, datasets."""

from tests.dialects.corpus.registry import program

program(
    "2020: train_step(self, data) with a tape and compiled metrics",
    """
import numpy as np, tensorflow as tf
from tensorflow import keras
class CustomModel(keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}
    def test_step(self, data):
        x, y = data
        y_pred = self(x, training=False)
        self.compiled_loss(y, y_pred, regularization_losses=self.losses)
        self.compiled_metrics.update_state(y, y_pred)
        return {m.name: m.result() for m in self.metrics}
inputs = keras.Input(shape=(3,))
model = CustomModel(inputs, keras.layers.Dense(1, kernel_initializer='ones', use_bias=False)(inputs))
model.compile(optimizer=keras.optimizers.SGD(0.1), loss='mse', metrics=['mae'])
x, y = np.ones((4, 3), 'float32'), np.zeros((4, 1), 'float32')
h = model.fit(x, y, epochs=2, verbose=0)
# By hand: output 3, gradient 6 for each weight, so 1 - 0.6; then output 1.2.
np.testing.assert_allclose(h.history['loss'], [9.0, 1.44], rtol=1e-5)
np.testing.assert_allclose(h.history['mae'], [3.0, 1.2], rtol=1e-5)
np.testing.assert_allclose(model.evaluate(x, y, verbose=0), [0.2304, 0.48], rtol=1e-4)
""",
)
program(
    "2020: a GAN with two optimizers of its own",
    """
import numpy as np, tensorflow as tf
from tensorflow import keras
class GAN(keras.Model):
    def __init__(self, discriminator, generator):
        super().__init__()
        self.discriminator, self.generator = discriminator, generator
        self.d_loss = keras.metrics.Mean(name='d_loss')
    def compile(self, d_optimizer, g_optimizer, loss_fn):
        super().compile()
        self.d_optimizer, self.g_optimizer, self.loss_fn = d_optimizer, g_optimizer, loss_fn
    @property
    def metrics(self):
        return [self.d_loss]
    def train_step(self, real_images):
        batch_size = tf.shape(real_images)[0]
        noise = tf.random.normal(shape=(batch_size, 4))
        combined = tf.concat([self.generator(noise), real_images], axis=0)
        labels = tf.concat([tf.ones((batch_size, 1)), tf.zeros((batch_size, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(combined))
        grads = tape.gradient(d_loss, self.discriminator.trainable_weights)
        self.d_optimizer.apply_gradients(zip(grads, self.discriminator.trainable_weights))
        with tf.GradientTape() as tape:
            g_loss = self.loss_fn(tf.zeros((batch_size, 1)), self.discriminator(self.generator(noise)))
        grads = tape.gradient(g_loss, self.generator.trainable_weights)
        self.g_optimizer.apply_gradients(zip(grads, self.generator.trainable_weights))
        self.d_loss.update_state(d_loss)
        return {'d_loss': self.d_loss.result(), 'g_loss': g_loss}
generator = keras.Sequential([keras.layers.Dense(3, input_shape=(4,))])
discriminator = keras.Sequential([keras.layers.Dense(1, input_shape=(3,))])
gan = GAN(discriminator, generator)
loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)
gan.compile(keras.optimizers.Adam(learning_rate=0.1), keras.optimizers.Adam(0.01), loss_fn)
before = [w.numpy() for w in gan.trainable_weights]
dataset = tf.data.Dataset.from_tensor_slices(np.ones((8, 3), 'float32')).batch(4)
h = gan.fit(dataset, epochs=3, verbose=0)
assert set(h.history) == {'d_loss', 'g_loss'} and np.isfinite(h.history['d_loss']).all()
assert int(gan.d_optimizer.iterations) == int(gan.g_optimizer.iterations) == 6
assert all((a != b.numpy()).any() for a, b in zip(before, gan.trainable_weights))
""",
)
program(
    "2020: a step that looks at its loss runs as plain Python",
    """
import numpy as np, tensorflow as tf
seen = []
class Noisy(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(y - self(x, training=True)))
        if loss > 1.0:
            seen.append(loss.numpy())
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.trainable_weights), self.trainable_weights))
        return {'loss': loss}
i = tf.keras.Input((2,))
model = Noisy(i, tf.keras.layers.Dense(1, kernel_initializer='ones', use_bias=False)(i))
model.compile('sgd')
model.fit(np.ones((2, 2), 'float32'), np.zeros((2, 1), 'float32'), epochs=2, verbose=0)
np.testing.assert_allclose(seen, [4.0, 4 * 0.96**2], rtol=1e-5)
""",
)
program(
    "2021: the sampling layer of a variational autoencoder",
    """
import numpy as np, tensorflow as tf
from tensorflow import keras
class Sampling(keras.layers.Layer):
    def call(self, inputs):
        mean, log_var = inputs
        batch, dim = tf.shape(mean)[0], tf.shape(mean)[1]
        epsilon = tf.keras.backend.random_normal(shape=(batch, dim))
        return mean + tf.exp(0.5 * log_var) * epsilon
inputs = keras.Input((3,))
zeros = dict(kernel_initializer='zeros')
z = Sampling()([keras.layers.Dense(2, **zeros)(inputs), keras.layers.Dense(2, **zeros)(inputs)])
model = keras.Model(inputs, z)
a, b = (model.predict(np.ones((512, 3)), verbose=0) for _ in range(2))
assert a.shape == (512, 2) and abs(a.mean()) < 0.15 and abs(a.std() - 1) < 0.1 and (a != b).mean() > 0.99
model.compile('adam', 'mse')
model.fit(np.ones((4, 3)), np.ones((4, 2)), verbose=0)
""",
)
program(
    "2021: derivatives of derivatives, and derivatives of one's own",
    """
import numpy as np, tensorflow as tf
x = tf.Variable(3.0)
with tf.GradientTape() as outer:
    with tf.GradientTape() as inner:
        y = x * x * x
    first = inner.gradient(y, x)
assert float(first) == 27 and float(outer.gradient(first, x)) == 18
@tf.custom_gradient
def clipped(x):
    def grad(dy):
        return tf.clip_by_value(dy, -1.0, 1.0)
    return x, grad
with tf.GradientTape() as tape:
    loss = 5 * clipped(x)
assert float(loss) == 15 and float(tape.gradient(loss, x)) == 1
optimizer = tf.optimizers.SGD(learning_rate=0.5)
optimizer.minimize(lambda: (x - 1.0) ** 2, var_list=[x])
assert float(x) == 1
with tf.GradientTape(persistent=True) as tape:
    a = x * 2
    with tape.stop_recording():
        b = x * 3
assert float(tape.gradient(a, x)) == 2 and tape.gradient(b, x) is None
assert isinstance(x, tf.Variable) and not isinstance(a, tf.Variable) and isinstance(a, tf.Tensor)
""",
    "optimizer.apply_gradients",
)
program(
    "2019: shapes asked in TensorFlow's way",
    """
import numpy as np, tensorflow as tf
x = tf.zeros([2, 3, 4])
assert x.shape.as_list() == [2, 3, 4] and x.get_shape().as_list()[-1] == 4 and x.shape[1:].as_list() == [3, 4]
assert x.shape.ndims == x.shape.rank == 3 and x.shape.num_elements() == 24 and x.shape.is_fully_defined()
assert tf.shape(x).numpy().tolist() == [2, 3, 4] and tf.size(x) == 24 and tf.rank(x) == 3
y = tf.reshape(x, [tf.shape(x)[0], -1])
assert y.shape == (2, 12) and y.shape.dims[0] == 2
inputs = tf.keras.Input((5,))
assert inputs.shape.as_list() == [None, 5] and inputs.get_shape()[1] == 5
assert tf.TensorShape((None, 2)).num_elements() is None and tf.TensorSpec((2,), tf.float32).shape == (2,)
layer = tf.keras.layers.Dense(2)
layer.build(tf.TensorShape([None, 5]))
assert layer.kernel.shape.as_list() == [5, 2] and isinstance(layer.kernel, tf.Variable)
class Flat(tf.keras.layers.Layer):
    def call(self, x):
        batch, height, width = x.get_shape().as_list()
        return tf.reshape(x, [-1, height * width])
assert Flat()(x).shape == (2, 12) and Flat()(tf.keras.Input((3, 4))).shape == (None, 12)
""",
)
program(
    "2019: everything from keras.layers import *",
    """
from keras.layers import *
from keras.models import *
from keras.optimizers import *
import numpy as np
model = Sequential([Dense(2, input_dim=3), Activation('relu')])
model.compile(Adam(), 'mse')
assert model.predict(np.ones((1, 3)), verbose=0).shape == (1, 2)
""",
)

program(
    "2020: predict_step of one's own, test_on_batch and the nodes of a shared layer",
    """
import numpy as np, tensorflow as tf
class Doubled(tf.keras.Model):
    def predict_step(self, data):
        return 2 * super().predict_step(data)
    def test_step(self, data):
        logs = super().test_step(data)
        return {**logs, 'twice': 2 * logs['loss']}
    def train_step(self, data):
        return super().train_step(data)
i = tf.keras.Input((2,))
dense = tf.keras.layers.Dense(1, kernel_initializer='ones', use_bias=False)
model = Doubled(i, dense(i))
model.compile('sgd', 'mse')
x, y = np.ones((2, 2), 'float32'), np.zeros((2, 1), 'float32')
np.testing.assert_allclose(model.predict(x, verbose=0), [[4], [4]])
assert model.evaluate(x, y, verbose=0, return_dict=True) == {'loss': 4.0, 'twice': 8.0}
np.testing.assert_allclose(model.fit(x, y, epochs=2, verbose=0).history['loss'], [4.0, 4 * 0.96**2], rtol=1e-5)
other = tf.keras.Input((2,)); out = dense(other)
assert dense.get_input_at(0) is i and dense.get_input_at(1) is other and dense.get_output_at(1) is out
assert dense.input_shape == (None, 2) and dense.output_shape == (None, 1)
metric = tf.keras.metrics.Mean(); metric.update_state(3.0); metric.reset_states(); metric.update_state(1.0)
assert float(metric.result()) == 1
""",
)
program(
    "2019: names with slashes, reductions by name, a model out of its config",
    """
import numpy as np, tensorflow as tf
from tensorflow.keras.models import model_from_config
class Counting(tf.keras.layers.Layer):
    def build(self, shape):
        self.count = self.add_variable((), initializer='zeros', trainable=False, name='count')
    def call(self, x):
        self.count.assign_add(1.0)
        return x
counting = Counting()
assert counting(counting(np.ones((1, 2)))).shape == (1, 2) and float(counting.count) == 2
inputs = tf.keras.Input((3,), name='in')
model = tf.keras.Model(inputs, tf.keras.layers.Dense(2, name='head/dense')(inputs), name='net/a')
assert model.name == 'net_a' and model.get_layer('head/dense').units == 2
old = tf.keras.utils.legacy.deserialize_keras_object
from keras.legacy.saving import deserialize_keras_object, serialize_keras_object
assert old({'class_name': 'Thing', 'config': {}}, {'Thing': Counting}) and old is deserialize_keras_object
copy = model_from_config({'class_name': 'Functional', 'config': model.get_config()})
assert copy.get_layer('head_dense').count_params() == 8
each = tf.keras.losses.MeanSquaredError(reduction=tf.keras.losses.Reduction.NONE)
assert each(np.ones((2, 3)), np.zeros((2, 3))).shape == (2,)
ones, halves = np.ones((2, 3), 'float32'), np.full((2, 3), 0.5, 'float32')
for name, value in dict(mse=0.25, mae=0.5, mape=50.0, msle=np.log(1.5 / 2) ** 2, kld=3 * np.log(2.0)).items():
    for home in (tf.keras.losses, tf.keras.metrics):
        np.testing.assert_allclose(getattr(home, name)(ones, halves), [value] * 2, rtol=1e-4)
        assert getattr(home, name.upper()) is getattr(home, name)
np.testing.assert_allclose(tf.keras.losses.logcosh(ones, halves), [np.log(np.cosh(0.5))] * 2, rtol=1e-4)
""",
    "name='head_dense'",
    "deserialize_keras_object",
)
program(
    "2021: Grad-CAM, a derivative by a layer's output",
    """
import numpy as np, tensorflow as tf
from tensorflow.keras import layers
tf.random.set_seed(None)
model = tf.keras.Sequential([
    tf.keras.Input((6, 6, 1)), layers.Conv2D(2, 3, activation='relu', name='conv', kernel_initializer='ones'),
    layers.Flatten(), layers.Dense(2, name='head')])
both = tf.keras.models.Model([model.inputs], [model.get_layer('conv').output, model.output])
x = np.linspace(0, 1, 36, dtype='float32').reshape(1, 6, 6, 1)
with tf.GradientTape() as tape:
    maps, predictions = both(x)
    score = predictions[:, 1]
grads = tape.gradient(score, maps)
np.testing.assert_allclose(grads, model.get_layer('head').kernel.numpy()[:, 1].reshape(1, 4, 4, 2), rtol=1e-5)
heat = tf.squeeze(tf.maximum(maps[0] @ tf.reduce_mean(grads, axis=(0, 1, 2))[..., tf.newaxis], 0))
assert heat.shape == (4, 4) and model._is_compiled is False
""",
)
program(
    "2018: noise in training alone, each time another",
    """
import numpy as np, tensorflow as tf
from tensorflow.keras import Model, Sequential, layers, backend as K
class Phase(layers.Layer):
    def call(self, x, training=None):
        def noised():
            return x + K.random_normal(shape=K.shape(x), mean=0., stddev=1.)
        return K.in_train_phase(noised, x, training=training)
class Branch(layers.Layer):
    def call(self, x, training=None):
        return self.noised(x) if training else x
    def noised(self, x):
        return x + tf.random.normal(tf.shape(x))
class Own(Model):
    def __init__(self):
        super().__init__()
        self.inner = Sequential([layers.Dense(1, kernel_initializer='ones'), Branch()])
    def train_step(self, data):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(self.inner(data[0], training=True) ** 2)
        return {'loss': loss}
    def call(self, x):
        return self.inner(x)
x, y = np.ones((8, 4), 'float32'), np.ones((8, 4), 'float32')
for model in (Sequential([layers.Input((4,)), Phase()]), Sequential([layers.Input((4,)), Branch()]), Own()):
    model.compile('sgd', 'mse')
    losses = model.fit(x, y, epochs=3, verbose=0).history['loss']
    assert len(set(losses)) == 3, losses
    assert len({model.train_on_batch(x, y) for _ in range(3)}) == 3
    np.testing.assert_array_equal(model.predict(x, verbose=0), model.predict(x, verbose=0))
""",
)
