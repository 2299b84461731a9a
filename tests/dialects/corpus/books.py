"""Programs of books and guides that today's Keras still runs: both must leave the same numbers."""

from tests.dialects.corpus.registry import program

FIXED = """
import numpy as np
import keras
from keras import layers, models
rng = np.random.default_rng(0)
def fix(model, seed=1):
    draw = np.random.default_rng(seed)
    model.set_weights([draw.normal(0, 0.2, w.shape).astype('float32') for w in model.get_weights()])
    return model
"""

program(
    "book: classes of articles, one-hot labels, validation data",
    FIXED
    + """
x, y = rng.normal(size=(24, 10)).astype('float32'), keras.utils.to_categorical(np.arange(24) % 3)
model = models.Sequential()
model.add(layers.Input((10,)))
model.add(layers.Dense(8, activation='relu'))
model.add(layers.Dense(3, activation='softmax'))
fix(model).compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
history = model.fit(x[:16], y[:16], epochs=3, batch_size=8, validation_data=(x[16:], y[16:]), verbose=0, shuffle=False)
result = {**history.history, 'out': model.predict(x[:2], verbose=0)}
""",
    also=True,
)
program(
    "book: k-fold regression with mean absolute error",
    FIXED
    + """
x, y = rng.normal(size=(20, 4)).astype('float32'), rng.normal(size=(20,)).astype('float32')
x = (x - x.mean(0)) / x.std(0)
def build_model():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(6, activation='relu'), layers.Dense(1)])
    fix(model).compile(optimizer='adam', loss='mse', metrics=['mae'])
    return model
scores = []
for i in range(2):
    model = build_model()
    rest = np.concatenate([x[: i * 10], x[(i + 1) * 10 :]]), np.concatenate([y[: i * 10], y[(i + 1) * 10 :]])
    model.fit(*rest, epochs=2, batch_size=5, verbose=0, shuffle=False)
    scores.append(model.evaluate(x[i * 10 : (i + 1) * 10], y[i * 10 : (i + 1) * 10], verbose=0))
result = {'scores': scores}
""",
    also=True,
)
program(
    "book: a small convolutional network on pictures of digits",
    FIXED
    + """
x = rng.uniform(size=(12, 12, 12, 1)).astype('float32')
model = models.Sequential([layers.Input((12, 12, 1))])
model.add(layers.Conv2D(4, (3, 3), activation='relu'))
model.add(layers.MaxPooling2D((2, 2)))
model.add(layers.Conv2D(8, (3, 3), activation='relu'))
model.add(layers.Flatten())
model.add(layers.Dense(3, activation='softmax'))
fix(model).compile(optimizer='rmsprop', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
history = model.fit(x, np.arange(12) % 3, epochs=2, batch_size=6, verbose=0, shuffle=False)
result = {'loss': history.history['loss'], 'out': model.predict(x[:3], verbose=0), 'parameters': model.count_params()}
""",
    also=True,
)
program(
    "book: word vectors and a recurrent layer, with masking",
    FIXED
    + """
x = keras.utils.pad_sequences([[1, 2, 3], [4, 5], [6], [1, 4]], maxlen=4)
model = models.Sequential([layers.Input((4,)), layers.Embedding(7, 5, mask_zero=True), layers.LSTM(6), layers.Dense(1, 'sigmoid')])
fix(model).compile(optimizer='rmsprop', loss='binary_crossentropy', metrics=['acc'])
history = model.fit(x, np.array([0, 1, 1, 0]), epochs=2, batch_size=2, verbose=0, shuffle=False)
result = {'x': x, 'loss': history.history['loss'], 'acc': history.history['acc'], 'out': model.predict(x, verbose=0)}
""",
    also=True,
)
program(
    "book: stacked and two-way recurrent layers on a series",
    FIXED
    + """
x = rng.normal(size=(6, 5, 3)).astype('float32')
inputs = keras.Input(shape=(None, 3))
h = layers.GRU(4, return_sequences=True)(inputs)
h = layers.Bidirectional(layers.SimpleRNN(3))(h)
model = keras.Model(inputs, layers.Dense(1)(h))
fix(model).compile('rmsprop', 'mae')
history = model.fit(x, x[:, -1, :1], epochs=2, batch_size=3, verbose=0, shuffle=False)
result = {'loss': history.history['loss'], 'out': model.predict(x, verbose=0)}
""",
    also=True,
)
program(
    "book: questions and pictures, three outputs with weights",
    FIXED
    + """
text, picture = keras.Input((4,), name='text'), keras.Input((6,), name='picture')
joined = layers.concatenate([layers.Dense(3, activation='relu')(text), layers.Dense(3, activation='relu')(picture)], axis=-1)
age = layers.Dense(1, name='age')(joined)
income = layers.Dense(3, activation='softmax', name='income')(joined)
model = keras.Model([text, picture], [age, income])
fix(model).compile(optimizer='rmsprop', loss={'age': 'mse', 'income': 'categorical_crossentropy'}, loss_weights={'age': 0.25, 'income': 1.0})
data = {'text': rng.normal(size=(8, 4)).astype('float32'), 'picture': rng.normal(size=(8, 6)).astype('float32')}
labels = {'age': rng.normal(size=(8, 1)).astype('float32'), 'income': np.eye(3)[np.arange(8) % 3]}
history = model.fit(data, labels, epochs=2, batch_size=4, verbose=0, shuffle=False)
a, b = model.predict(data, verbose=0)
result = {'loss': history.history['loss'], 'age': a, 'income': b}
""",
    also=True,
)
program(
    "book: residual and separable convolutions, batch statistics",
    FIXED
    + """
inputs = keras.Input((8, 8, 3))
h = layers.SeparableConv2D(4, 3, padding='same', use_bias=False)(inputs)
h = layers.BatchNormalization()(h)
h = layers.Activation('relu')(h)
h = layers.MaxPooling2D(3, strides=2, padding='same')(h)
h = layers.add([h, layers.Conv2D(4, 1, strides=2)(inputs)])
model = keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling2D()(h)))
x = rng.normal(size=(6, 8, 8, 3)).astype('float32')
for layer in model.layers:
    if layer.get_weights():
        draw = np.random.default_rng(2)
        layer.set_weights([np.abs(draw.normal(0, 0.3, w.shape)).astype('float32') + 0.1 for w in layer.get_weights()])
model.compile('sgd', 'mse')
history = model.fit(x, x[:, 0, 0, :2], epochs=2, batch_size=3, verbose=0, shuffle=False)
result = {'loss': history.history['loss'], 'out': model.predict(x, verbose=0)}
""",
    also=True,
)
program(
    "guide: a layer, a model and a loss of one's own",
    FIXED
    + """
from keras import ops
class Linear(layers.Layer):
    def __init__(self, units=3):
        super().__init__()
        self.units = units
    def build(self, input_shape):
        self.w = self.add_weight(shape=(input_shape[-1], self.units), initializer='ones', trainable=True)
        self.b = self.add_weight(shape=(self.units,), initializer='zeros', trainable=True)
    def call(self, inputs):
        return ops.matmul(inputs, self.w) + self.b
class MLP(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.second = Linear(4), Linear(1)
    def call(self, inputs, training=False):
        h = ops.relu(self.first(inputs))
        self.add_loss(0.01 * ops.sum(ops.square(h)))
        return self.second(h)
class Huber(keras.losses.Loss):
    def call(self, y_true, y_pred):
        error = y_true - y_pred
        return ops.where(ops.abs(error) < 1, 0.5 * error**2, ops.abs(error) - 0.5)
model = MLP()
model.compile(keras.optimizers.SGD(0.01), Huber())
x = rng.normal(size=(8, 3)).astype('float32')
history = model.fit(x, x.sum(1, keepdims=True), epochs=3, batch_size=4, verbose=0, shuffle=False)
result = {'loss': history.history['loss'], 'out': model.predict(x, verbose=0), 'weights': len(model.trainable_weights)}
""",
    also=True,
)
program(
    "guide: training stopped early, rates scheduled, weights saved and loaded",
    FIXED
    + """
import os, tempfile
x = rng.normal(size=(16, 3)).astype('float32')
y = x @ np.array([[1.0], [2.0], [3.0]], 'float32')
def make():
    model = keras.Sequential([layers.Input((3,)), layers.Dense(4, activation='tanh'), layers.Dense(1)])
    fix(model).compile(keras.optimizers.Adam(0.01), 'mse')
    return model
path = os.path.join(tempfile.mkdtemp(), 'best.weights.h5')
rates = []
callbacks = [
    keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.5),
    keras.callbacks.ModelCheckpoint(path, save_best_only=True, save_weights_only=True, monitor='loss'),
    keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: rates.append(logs['loss'])),
    keras.callbacks.EarlyStopping(monitor='loss', min_delta=10.0, patience=2),
]
model = make()
history = model.fit(x, y, epochs=20, batch_size=8, verbose=0, shuffle=False, callbacks=callbacks)
again = make()
again.load_weights(path)
result = {'epochs': len(history.history['loss']), 'loss': rates, 'rate': float(model.optimizer.learning_rate)}
result['same'] = again.predict(x, verbose=0)
""",
    also=True,
)
program(
    "guide: transfer from a frozen part, then fine tuning",
    FIXED
    + """
base = fix(keras.Sequential([layers.Input((5,)), layers.Dense(4, activation='relu')]))
base.trainable = False
inputs = keras.Input((5,))
model = keras.Model(inputs, layers.Dense(1)(base(inputs, training=False)))
fix(model, 3)
x = rng.normal(size=(8, 5)).astype('float32')
before = base.get_weights()[0]
model.compile('sgd', 'mse')
first = model.fit(x, x[:, :1], epochs=1, batch_size=4, verbose=0, shuffle=False).history['loss']
frozen = np.abs(base.get_weights()[0] - before).max()
base.trainable = True
model.compile('sgd', 'mse')
second = model.fit(x, x[:, :1], epochs=1, batch_size=4, verbose=0, shuffle=False).history['loss']
result = {'first': first, 'frozen': frozen, 'second': second, 'count': len(model.trainable_weights)}
""",
    also=True,
)
program(
    "guide: what layers compute in between, a model cloned, a model in a model",
    FIXED
    + """
inner = fix(keras.Sequential([layers.Input((3,)), layers.Dense(4, activation='relu', name='seen')], name='inner'))
inputs = keras.Input((3,))
model = fix(keras.Model(inputs, layers.Dense(2, name='last')(inner(inputs))), 4)
x = rng.normal(size=(2, 3)).astype('float32')
seen = keras.Model(inner.inputs, inner.get_layer('seen').output)
clone = keras.models.clone_model(model)
clone.set_weights(model.get_weights())
rebuilt = keras.models.model_from_json(model.to_json())
rebuilt.set_weights(model.get_weights())
result = {'seen': seen.predict(x, verbose=0), 'clone': clone.predict(x, verbose=0), 'json': rebuilt.predict(x, verbose=0)}
result['names'] = [len(layer.name) for layer in model.layers[1:]]
""",
    also=True,
)
program(
    "guide: attention over a sequence",
    FIXED
    + """
class Block(layers.Layer):
    def __init__(self, dim, heads):
        super().__init__()
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=dim)
        self.norm, self.dense = layers.LayerNormalization(), layers.Dense(dim, activation='gelu')
    def call(self, x):
        x = self.norm(x + self.attention(x, x, use_causal_mask=True))
        return x + self.dense(x)
inputs = keras.Input((5, 4))
model = keras.Model(inputs, layers.GlobalAveragePooling1D()(Block(4, 2)(inputs)))
fix(model)
x = rng.normal(size=(3, 5, 4)).astype('float32')
model.compile('adam', 'mse')
result = {'before': model.predict(x, verbose=0), 'loss': model.fit(x, x[:, 0], epochs=2, verbose=0, shuffle=False).history['loss']}
""",
    also=True,
)
program(
    "forum: train_on_batch, class weights, sample weights, a generator",
    FIXED
    + """
x, y = rng.normal(size=(8, 3)).astype('float32'), (np.arange(8) % 2).astype('float32')
def make():
    model = keras.Sequential([layers.Input((3,)), layers.Dense(1, activation='sigmoid')])
    fix(model).compile('sgd', 'binary_crossentropy', metrics=['accuracy'])
    return model
model = make()
result = {'batch': [float(v) for v in model.train_on_batch(x, y)], 'test': [float(v) for v in model.test_on_batch(x, y)]}
result['class'] = make().fit(x, y, class_weight={0: 1.0, 1: 3.0}, epochs=2, verbose=0, shuffle=False).history['loss']
result['sample'] = make().fit(x, y, sample_weight=np.linspace(0, 1, 8), epochs=2, verbose=0, shuffle=False).history['loss']
def batches():
    while True:
        for i in (0, 4):
            yield x[i : i + 4], y[i : i + 4]
result['generator'] = make().fit(batches(), steps_per_epoch=2, epochs=2, verbose=0).history['loss']
""",
    also=True,
)
program(
    "forum: shapes and configs that people print",
    FIXED
    + """
import io, contextlib
model = keras.Sequential([layers.Input((6, 2)), layers.Conv1D(3, 2), layers.Flatten(), layers.Dense(1)])
with contextlib.redirect_stdout(io.StringIO()) as out:
    model.summary()
result = {'shape': [s or 0 for s in model.output_shape], 'parameters': model.count_params()}
result['layers'] = [len(model.layers), len(model.get_config()['layers'])]
result['in'] = [s or 0 for s in model.layers[0].output.shape]
assert 'Total params' in out.getvalue() and 'conv1d' in out.getvalue()
""",
    also=True,
)
program(
    "guide: a mask repeated for every sample, its sizes computed with TensorFlow",
    """
import numpy as np, tensorflow as tf
from tensorflow.keras import layers
def causal_mask(batch, targets, sources, dtype):
    later = tf.range(targets)[:, None] >= tf.range(sources) - sources + targets
    mask = tf.reshape(tf.cast(later, dtype), [1, targets, sources])
    return tf.tile(mask, tf.concat([tf.expand_dims(batch, -1), tf.constant([1, 1], dtype=tf.int32)], 0))
class Block(layers.Layer):
    def __init__(self):
        super().__init__()
        self.attention = layers.MultiHeadAttention(1, 4, kernel_initializer='ones')
    def call(self, x):
        size = tf.shape(x)
        return self.attention(x, x, attention_mask=causal_mask(size[0], size[1], size[1], tf.bool))
ids = layers.Input((None,), dtype=tf.int32)
model = tf.keras.Model(ids, Block()(layers.Embedding(5, 4)(ids)))
model.compile('sgd', 'mse')
x = np.arange(12).reshape(2, 6) % 5
before = model.predict(x, verbose=0)
model.fit(x, before, verbose=0)
other = x.copy(); other[:, 3:] = 0
after = model.predict(other, verbose=0)
np.testing.assert_allclose(after[:, :3], before[:, :3], rtol=1e-3, atol=1e-5)
assert abs(after[:, 3:] - before[:, 3:]).max() > 1e-3
""",
)
program(
    "guide: reviews as texts, cleaned by a function of TensorFlow, read inside the model in the end",
    """
import numpy as np, re, string, tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers
texts = np.array(['I loved this <br /> film!', 'an awful, AWFUL film', 'loved every minute', 'awful acting'] * 4)
raw = tf.data.Dataset.from_tensor_slices((texts, np.array([1, 0, 1, 0] * 4))).batch(4)
def cleaned(x):
    x = tf.strings.regex_replace(tf.strings.lower(x), '<br />', ' ')
    return tf.strings.regex_replace(x, f'[{re.escape(string.punctuation)}]', '')
vectorize = layers.TextVectorization(standardize=cleaned, max_tokens=50, output_mode='int', output_sequence_length=6)
vectorize.adapt(raw.map(lambda x, y: x))
data = raw.map(lambda x, y: (vectorize(tf.expand_dims(x, -1)), y)).cache().prefetch(10)
inputs = keras.Input(shape=(None,), dtype='int64')
x = layers.GlobalMaxPooling1D()(layers.Embedding(50, 4)(inputs))
model = keras.Model(inputs, layers.Dense(1, activation='sigmoid')(x))
model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
model.fit(data, epochs=2, verbose=0)
text = keras.Input(shape=(1,), dtype='string')
whole = keras.Model(text, model(vectorize(text)))
whole.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
np.testing.assert_allclose(whole.evaluate(raw, verbose=0), model.evaluate(data, verbose=0), rtol=1e-5)
other = keras.Sequential([vectorize, model, layers.Activation('linear')])
new = tf.constant([['loved it'], ['awful <br />']])
np.testing.assert_allclose(other.predict(new, verbose=0), whole.predict(new, verbose=0), rtol=1e-5)
assert vectorize(new).numpy()[1, 1] == 0 and vectorize(new).shape == (2, 6)
""",
)
