"""What `tf.function` compiles, and what it leaves as it is."""

from tests.dialects.corpus.registry import program

HEAD = """
import numpy as np, tensorflow as tf
from tensorflow import keras
same = lambda a, b, tol=1e-5: np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tol, atol=tol)
"""

program(
    "tf.function: a training loop is compiled once and computes what plain Python computes",
    HEAD
    + """
x = np.random.RandomState(0).randn(16, 4).astype('float32'); y = np.random.RandomState(1).randint(0, 3, 16)

def losses(compiled):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Dense(8, kernel_regularizer='l2', activity_regularizer='l1'),
                              keras.layers.BatchNormalization(), keras.layers.Dropout(0.5), keras.layers.Dense(3)])
    optimizer, traced = keras.optimizers.Adam(0.01), []
    loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracy, mean = keras.metrics.SparseCategoricalAccuracy(), keras.metrics.Mean()
    def step(x, y):
        traced.append(1)
        with tf.GradientTape() as tape:
            model(x, training=True)
            logits = model(x, training=True)
            loss = loss_fn(y, logits) + sum(model.losses)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        accuracy.update_state(y, logits)
        mean(loss)
        return {'loss': loss, 'name': 'step', 'none': None}
    run = tf.function(step, reduce_retracing=True) if compiled else step
    for _ in range(4):
        result = run(x, y)
    assert result['name'] == 'step' and result['none'] is None
    assert len(traced) == (2 if compiled else 4) and int(optimizer.iterations) == 4
    return [float(result['loss']), float(mean.result()), float(accuracy.result()), *model.get_weights()]

for compiled, plain in zip(losses(True), losses(False)):
    same(compiled, plain, 1e-4)
""",
)
program(
    "tf.function: what cannot be traced runs as plain Python and changes nothing twice",
    HEAD
    + """
v, calls = tf.Variable(1.0), []

@tf.function
def branch(x):
    v.assign_add(1.0)
    if tf.reduce_sum(x) > 0:
        return x * 2
    return x

@tf.function
def values(x):
    v.assign_add(1.0)
    return float(x.numpy().sum())

@tf.function
def over_a_dataset(data):
    total = 0.0
    for x in data:
        total += tf.reduce_sum(x)
    return total

@tf.function
def long_loop(n):
    total = 0
    for i in tf.range(n):
        total += i
    return total

@tf.function
def of_python(x):
    return tf.numpy_function(lambda x: calls.append(x) or x + 1, [x], tf.float32)

same(branch(tf.ones(2)), [2, 2]); same(branch(-tf.ones(2)), [-1, -1]); same(v, 3.0)
assert values(tf.ones(2)).numpy() == 2.0; same(v, 4.0)
same(over_a_dataset(tf.data.Dataset.from_tensor_slices(np.arange(4.0)).batch(2)), 6.0)
same(long_loop(200), 19900); same(of_python(tf.ones(2)), [2, 2]); assert len(calls) == 1

last, one, two = tf.Variable(0.0), tf.constant(1.0), tf.constant(2.0)
@tf.function
def either(x):
    tf.cond(x > 0, lambda: last.assign(one), lambda: last.assign(two))
    return x
@tf.function
def one_of(n):
    return tf.switch_case(n, [lambda: last.assign(one), lambda: last.assign(two)])
@tf.function
def while_below(n):
    return tf.while_loop(lambda i: i < n, lambda i: (last.assign(two), i + 1)[1], [tf.constant(0)])
for call, given, expected in ((either, 1.0, 1), (either, -1.0, 2), (either, 1.0, 1), (one_of, 1, 2), (one_of, 0, 1),
                              (while_below, 0, 1), (while_below, 3, 2)):
    call(tf.constant(given)); same(last, expected)

elements = iter(tf.data.Dataset.range(9)); plain = tf.data.Dataset.range(9).as_numpy_iterator()
@tf.function
def following():
    return tf.cast(next(elements), tf.float32) * 2 + float(next(plain))
assert [float(following()) for _ in range(3)] == [0, 3, 6]

@tf.function
def checked(x):
    tf.debugging.assert_greater(x, 0.0)
    return tf.debugging.check_numerics(x, 'bad')
same(checked(tf.constant(1.0)), 1.0)
for bad in (-1.0, np.inf):
    try:
        checked(tf.constant(bad))
    except ValueError:
        continue
    raise AssertionError(bad)

@tf.function
def broken(x):
    v.assign(7.0)
    raise KeyError('of the program')
try:
    broken(tf.ones(1))
except KeyError as error:
    assert 'of the program' in str(error)
""",
)
program(
    "tf.function: random numbers differ from call to call, also of seeds; set_seed begins anew",
    HEAD
    + """
@tf.function
def draw():
    return tf.random.normal([3]), tf.random.uniform([3], seed=5)
def numbers():
    tf.random.set_seed(1)
    return np.array([np.concatenate(draw()) for _ in range(3)])
first = numbers()
assert len(np.unique(first)) == 18
second = tf.random.uniform([3], seed=5)
assert not np.allclose(second, first[:, 3:])
same(numbers(), first)
""",
)
program(
    "tf.function: methods, signatures, variables made on the first call, other arguments",
    HEAD
    + """
class Counter(tf.Module):
    def __init__(self):
        super().__init__()
        self.total = None
        self.traced = 0
    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def add(self, x):
        self.traced += 1
        if self.total is None:
            self.total = tf.Variable(tf.zeros([2]), name='total')
        self.total.assign_add(x)
        return self.total
one, other = Counter(), Counter()
for _ in range(4):
    one.add([1.0, 2.0]); other.add([3.0, 3.0])
class Average:
    mean = None
    @tf.function
    def add(self, x):
        if self.mean is None:
            self.mean = tf.Variable(0.0); self.mean.assign(x)
        else:
            self.mean.assign(0.5 * self.mean + 0.5 * x)
        return self.mean.read_value()
average = Average(); plain = [float(average.add(tf.constant(x))) for x in (2.0, 8.0, 8.0)]; assert plain == [1.0, 4.5, 6.25], plain

@tf.function
def named(parts, **more):
    return {'z': tf.concat([*parts.values(), *more.values()], 0), 'a': [{2: 1.0, 'b': 'text'}]}
for _ in range(2):
    found = named({'b': tf.ones(1), 'a': tf.zeros(1)}, d=tf.ones(1), c=tf.zeros(1))
    assert list(found) == ['z', 'a'] and list(found['a'][0]) == [2, 'b']; same(found['z'], [1, 0, 1, 0])

import contextlib, gc, io, weakref
total = tf.Variable(tf.zeros(1000)); before = weakref.ref(total.value)
@tf.function
def counted(n):
    tf.print('round', n)
    for i in range(9):
        tf.print(i, total[0] * i, end=' ')
    tf.print()
    total.assign_add(tf.ones(1000) * 2)
with contextlib.redirect_stdout(io.StringIO()) as told:
    counted(0); counted(0)
rounds = [f'round 0\\n{" ".join(f"{i} {start * i}" for i in range(9))} \\n' for start in (0.0, 2.0)]
assert told.getvalue() == ''.join(rounds), told.getvalue()
gc.collect(); assert before() is None
same(one.total, [4, 8]); same(other.total, [12, 12]); assert one.traced <= 3

@tf.function(jit_compile=True)
def power(x, n, training=False):
    return x ** n if training else x
same(power(2.0, 3, training=True), 8.0); same(power(2.0, 2, training=True), 4.0); same(power(2.0, 2), 2.0)
same(power(np.array([1.0, 2.0], 'float32'), 2, training=True), [1, 4])
concrete = power.get_concrete_function(tf.TensorSpec([], tf.float32), 2)
same(concrete(tf.constant(5.0), 2), 5.0); assert power.python_function(3, 2, True) == 9

made = []
@tf.function
def layered(x):
    if not made:
        made.append(keras.layers.Dense(2, kernel_initializer='ones'))
    return made[0](x)
same(layered(tf.ones((1, 3))), [[3, 3]]); same(layered(tf.ones((1, 3))), [[3, 3]])
made[0].kernel.assign_add(tf.ones((3, 2))); same(layered(tf.ones((1, 3))), [[6, 6]])
tf.config.run_functions_eagerly(True); same(layered(tf.ones((1, 3))), [[6, 6]]); tf.config.run_functions_eagerly(False)
""",
)
program(
    "tf.function: tapes inside and around it, of every order",
    HEAD
    + """
v = tf.Variable([1.0, 2.0]); dense = keras.layers.Dense(1); dense.build((None, 2))
x = tf.constant([[1.0, -2.0], [0.5, 3.0]])

@tf.function
def derivatives():
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        z = tf.reduce_sum(y * v)
    return tape.jacobian(y, v), tape.gradient(z, v), tape.gradient(y, v)
jacobian, cube, square = derivatives()
same(jacobian, [[2, 0], [0, 4]]); same(cube, [3, 12]); same(square, [2, 4])

def penalty(x):
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = tf.tanh(dense(x))
        slope = inner.gradient(y, x)
        loss = tf.reduce_mean((tf.norm(slope, axis=1) - 1) ** 2)
    return loss, outer.gradient(loss, dense.kernel)
for compiled, plain in zip(tf.function(penalty)(x), penalty(x)):
    same(compiled, plain)

product = tf.function(lambda x: x * v)
with tf.GradientTape() as tape:
    y = tf.reduce_sum(product(tf.constant([3.0, 4.0])) ** 2)
same(tape.gradient(y, v), [18, 64])

cell = keras.layers.LSTM(3, return_sequences=True); cell.build((None, 4, 2)); series = tf.reshape(tf.range(16.0), (2, 4, 2))
def through_time(series):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(cell(series) ** 2)
    return tape.gradient(loss, cell.trainable_variables)
for compiled, plain in zip(tf.function(through_time)(series), through_time(series)):
    same(compiled, plain, 1e-4)
""",
)
program(
    "tf.function: summaries are written each time it runs",
    HEAD
    + """
import glob, tempfile
folder = tempfile.mkdtemp(); writer = tf.summary.create_file_writer(folder)
@tf.function
def step(x, number):
    with writer.as_default():
        tf.summary.scalar('loss', tf.reduce_sum(x), step=number // 2)
        tf.summary.image('picture', tf.reshape(x, (1, 1, 3, 1)), step=number)
    return x
size = 0
for number in tf.data.Dataset.range(3):
    step(tf.ones(3), number); writer.flush()
    assert sum(map(len, (open(f, 'rb').read() for f in glob.glob(folder + '/*')))) > size
    size = sum(map(len, (open(f, 'rb').read() for f in glob.glob(folder + '/*'))))
""",
)
