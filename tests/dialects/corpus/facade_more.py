"""The façade's further rooms: pipelines, rows of different lengths, tables, checkpoints, sessions, derivatives."""

from tests.dialects.corpus.facade import HEAD
from tests.dialects.corpus.registry import program

program(
    "tf.data: groups, turns, chances",
    HEAD
    + """
import os, tempfile
D = tf.data.Dataset
ints = lambda dataset: [int(e) for e in dataset]
assert ints(D.range(9).window(3, shift=2, stride=2, drop_remainder=True).flat_map(lambda w: w.batch(3)).map(lambda w: w.sum())) == [6, 12, 18]
assert [(ints(a), ints(b)) for a, b in D.from_tensor_slices(([1, 2], [3, 4])).window(2)] == [([1, 2], [3, 4])]
assert next(iter(D.range(5).repeat().window(2, shift=3).skip(2).map(lambda w: w.reduce(0, lambda s, e: s + e)))) == 3
assert ints(D.range(3).interleave(lambda e: D.from_tensors(e).repeat(3), cycle_length=2, block_length=2)) == [0, 0, 1, 1, 0, 1, 2, 2, 2]
assert sorted(ints(D.range(3).interleave(lambda e: D.from_tensors(e).repeat(2), cycle_length=tf.data.AUTOTUNE))) == [0, 0, 1, 1, 2, 2]
assert ints(D.range(4).scan(0, lambda s, e: (s + e, s + e))) == [0, 1, 3, 6] and ints(D.range(9).take_while(lambda e: e < 3)) == [0, 1, 2]
assert ints(D.from_tensor_slices([1, 1, 2]).unique()) == [1, 2] and ints(D.range(4).apply(lambda d: d.skip(2))) == [2, 3]
rows = lambda: (([i] * i, i) for i in range(1, 4))
ragged = D.from_generator(rows, output_signature=(tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.int32)))
a, b = next(iter(ragged.padded_batch(3, padded_shapes=([None], []), padding_values=(-1.0, 0))))
assert a.tolist() == [[1, -1, -1], [2, 2, -1], [3, 3, 3]] and a.dtype == tf.float32 and b.dtype == tf.int32
assert next(iter(ragged.padded_batch(1, ([5], [])))) [0].shape == (1, 5) and next(iter(ragged.padded_batch(2)))[0].shape == (2, 2)
length = lambda row, label: tf.shape(row)[0]
assert [r.shape for r, _ in ragged.bucket_by_sequence_length(length, [2], [1, 2])] == [(1, 1), (2, 3)]
assert next(iter(ragged.bucket_by_sequence_length(length, [4], [3, 1], pad_to_bucket_boundary=True)))[0].shape == (3, 3)
assert [e.tolist() for e in D.range(5).group_by_window(lambda e: e % 2, lambda key, w: w.batch(9), 2)] == [[0, 2], [1, 3], [4]]
tf.random.set_seed(1); first = ints(D.range(9).shuffle(9)); tf.random.set_seed(1); assert first == ints(D.range(9).shuffle(9)) != list(range(9))
kept = D.range(4).shuffle(4, seed=3, reshuffle_each_iteration=False); assert ints(kept) == ints(kept)
ones, twos = D.from_tensors(1).repeat(), D.from_tensors(2).repeat(30)
drawn = ints(D.sample_from_datasets([ones, twos], weights=[0.2, 0.8], seed=1).take(30)); assert 1 in drawn and drawn.count(2) > 15
assert ints(tf.data.experimental.sample_from_datasets([D.range(2)])) == [0, 1]
assert ints(D.choose_from_datasets([D.range(3), D.range(5, 9)], D.from_tensor_slices([1, 0, 1]))) == [5, 0, 6] == ints(
    tf.data.experimental.choose_from_datasets([D.range(3), D.range(5, 9)], D.from_tensor_slices([1, 0, 1])))
even = D.from_tensor_slices([0] * 90 + [1] * 30).shuffle(120, seed=1).rejection_resample(lambda e: e, [0.5, 0.5], [0.75, 0.25], seed=1)
kinds = [int(e) for k, e in even]; assert abs(kinds.count(0) - kinds.count(1)) < 20 and kinds.count(1) == 30
assert D.range(3).cardinality() == 3 == tf.data.experimental.cardinality(D.range(3)) and D.range(1).get_single_element() == 0
assert D.range(3).filter(lambda e: e > 1).cardinality() == tf.data.UNKNOWN_CARDINALITY and tf.data.INFINITE_CARDINALITY == -1
assert tf.data.experimental.get_single_element(D.from_tensors(5)) == 5 and D.range(2).batch(2).element_spec.shape == (2,)
options = tf.data.Options(); options.threading.private_threadpool_size = 2
assert ints(D.range(2).with_options(options).snapshot('/nowhere')) == [0, 1] and D.range(1).options().deterministic
for wrong in (lambda: D.range(2).get_single_element(), lambda: D.list_files('/nowhere/*'), lambda: D.range(2).ignore_errors()):
    try:
        wrong(); raise AssertionError
    except (ValueError, NotImplementedError):
        pass
home = tempfile.mkdtemp()
for name in 'ab':
    with open(os.path.join(home, name + '.txt'), 'w') as file:
        file.write('x,y\\n%s,2\\n' % name)
files = D.list_files(os.path.join(home, '*.txt'), shuffle=False)
lines = files.flat_map(lambda name: tf.data.TextLineDataset(name).skip(1))
assert [line.numpy() for line in lines] == [b'a,2', b'b,2'] and [os.path.basename(f.numpy().decode()) for f in files] == ['a.txt', 'b.txt']
name, number = tf.io.decode_csv(['q,2', 'r,'], record_defaults=['', 7.0]); assert number.tolist() == [2, 7] and name.numpy().tolist() == [b'q', b'r']
""",
)
program(
    "tf.strings, tf.ragged, tf.sparse, tf.lookup",
    HEAD
    + """
s = tf.strings
assert tf.constant('é').numpy() == 'é'.encode() and tf.constant([b'a', b'bc']).numpy().tolist() == [b'a', b'bc']
assert tf.expand_dims(tf.constant(['a', 'b']), -1).shape.as_list() == [2, 1] and tf.equal(tf.constant('a'), 'a').numpy()
assert s.split('/a/b', '/').numpy().tolist() == [b'', b'a', b'b'] and s.split(['a b', 'c']).to_list() == [['a', 'b'], ['c']]
assert s.bytes_split('ab').shape == (2,) and s.unicode_split(['añ']).to_list() == [['a', 'ñ']]
numbers = s.unicode_decode(['añ', ''], 'UTF-8'); assert numbers.to_list() == [[97, 241], []] and s.unicode_encode(numbers).tolist() == ['añ', '']
assert s.ngrams(['a', 'b', 'c'], 2).tolist() == ['a b', 'b c'] and s.reduce_join([['a', 'b'], ['c', 'd']], 0).tolist() == ['ac', 'bd']
assert s.reduce_join(['a', 'b'], separator='-').numpy() == b'a-b' and s.regex_full_match(['ab', 'b'], 'a.').tolist() == [True, False]
same(s.to_number(['1.5', '2']), [1.5, 2]); assert s.to_number('3', tf.int32).dtype == tf.int32 and s.as_string(2) == '2'
assert max(s.to_hash_bucket_fast(['a'], 3)) < 3
assert s.format('x={} {}', (1, 'b')).numpy() == b'x=1 b'
r = tf.ragged.constant([[1, 2], [], [3]]); same(r.to_tensor(), [[1, 2], [0, 0], [3, 0]]); same(r.to_tensor(-1, shape=(None, 1)), [[1], [-1], [3]])
same(r.row_lengths(), [2, 0, 1]); same(r.row_splits, [0, 2, 2, 3]); same(r.flat_values, [1, 2, 3]); assert r.shape.as_list() == [3, None]
R = tf.RaggedTensor
assert R.from_row_splits([1, 2, 3], [0, 1, 3]).to_list() == [[1], [2, 3]] == R.from_row_lengths([1, 2, 3], [1, 2]).to_list()
assert R.from_tensor([[1, 0], [2, 3]], padding=0).to_list() == [[1], [2, 3]] and R.from_tensor([[1, 2]], lengths=[1]).to_list() == [[1]]
assert tf.ragged.stack([np.array([1]), np.array([2, 3])]).to_list() == [[1], [2, 3]] and len(r) == r.nrows() == 3 and r[0].tolist() == [1, 2]
assert tf.concat([r, r], 0).row_lengths().tolist() == [2, 0, 1] * 2 and tf.concat([r, r], axis=1)[0].tolist() == [1, 2, 1, 2]
same(tf.ragged.constant([[[1.0], []], [[2.0, 3.0]]]).to_tensor(), [[[1, 0], [0, 0]], [[2, 3], [0, 0]]]); assert r[1:].to_list() == [[], [3]]
p = tf.SparseTensor(indices=[[1, 0], [0, 1]], values=[3.0, 2.0], dense_shape=[2, 2]); same(tf.sparse.to_dense(p), [[0, 2], [3, 0]])
same(tf.sparse.reorder(p).values, [2, 3]); same(tf.sparse.from_dense(x * (x > 2)).values, x[x > 2]); assert isinstance(p, tf.sparse.SparseTensor)
same(tf.sparse.sparse_dense_matmul(p, np.eye(2, dtype='float32'), adjoint_a=True), [[0, 3], [2, 0]]); same(tf.sparse.to_dense(p, 9.0), [[9, 2], [3, 9]])
start = tf.lookup.KeyValueTensorInitializer(['a', 'b'], tf.range(2, dtype=tf.int64))
table = tf.lookup.StaticHashTable(start, -1)
import os, tempfile
path = os.path.join(tempfile.mkdtemp(), 'v.txt')
with open(path, 'w') as file:
    file.write('a\\nb\\n')
lines = tf.lookup.TextFileInitializer(path, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER)
assert tf.lookup.StaticHashTable(lines, -1).lookup(['b', 'c']).tolist() == [1, -1]
assert table.lookup(tf.constant([['b', 'c']])).tolist() == [[1, -1]] and table.size() == 2
words = tf.lookup.StaticVocabularyTable(start, 3); found = words.lookup(['b', 'zz']); assert found[0] == 1 and 2 <= found[1] < 5 and words.size() == 5
def standard(text):
    return s.regex_replace(s.lower(text), '<br />', ' ')
layer = tf.keras.layers.TextVectorization(standardize=standard, output_sequence_length=3); layer.adapt(['Hi<br />you', 'hi'])
texts = tf.data.Dataset.from_tensor_slices((['hi you', 'you'], [0, 1])).batch(2).map(lambda t, l: (layer(tf.expand_dims(t, -1)), l))
assert next(iter(texts))[0].tolist() == [[2, 3, 0], [3, 0, 0]]
""",
)
program(
    "tf.train, tf.Variable: checkpoints, optimizers of 1.x, parts that are assigned",
    """
import os, tempfile
import numpy as np, tensorflow as tf
v = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
v[0, 1].assign(9.0); v[1].assign_add([1.0, 1.0]); v[:, 0].assign_sub([1.0, 1.0]); v.scatter_nd_add([[0, 0]], [5.0])
v.scatter_nd_update([[1, 1]], [7.0]); assert v.numpy().tolist() == [[5, 9], [3, 7]] and not hasattr(tf.zeros(2), 'assign')
home = tempfile.mkdtemp()
def parts():
    net = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    return net, tf.keras.optimizers.Adam(0.1)
def train(net, optimizer):
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(np.ones((1, 2))) ** 2)
    optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
net, optimizer = parts()
checkpoint = tf.train.Checkpoint(step=tf.Variable(0), net=net, optimizer=optimizer)
manager = tf.train.CheckpointManager(checkpoint, home, max_to_keep=2)
assert manager.latest_checkpoint is None and manager.restore_or_initialize() is None and tf.train.latest_checkpoint(home) is None
for _ in range(3):
    train(net, optimizer); checkpoint.step.assign_add(1); manager.save()
kept = [w.numpy() for w in net.weights]
assert [os.path.basename(p) for p in manager.checkpoints] == ['ckpt-2', 'ckpt-3'] and checkpoint.step.numpy() == 3
other, fresh = parts()
again = tf.train.Checkpoint(step=tf.Variable(0), net=other, optimizer=fresh)
again.restore(tf.train.latest_checkpoint(home)).assert_consumed()
assert again.step.numpy() == 3 and all((a == b.numpy()).all() for a, b in zip(kept, other.weights))
train(net, optimizer); train(other, fresh); np.testing.assert_array_equal(net.get_weights()[0], other.get_weights()[0])
try:
    tf.train.Checkpoint(net=tf.Variable([1.0])).read(manager.latest_checkpoint).expect_partial(); raise AssertionError
except ValueError as error:
    assert 'variables of `net`' in str(error)
assert checkpoint.write(os.path.join(home, 'one')).endswith('one') and again.save(os.path.join(home, 'two')).endswith('two-4')
t = tf.train
for made, name in ((t.AdamOptimizer(0.5), 'Adam'), (t.GradientDescentOptimizer(0.5), 'SGD'), (t.MomentumOptimizer(0.5, 0.9), 'SGD'),
                   (t.RMSPropOptimizer(0.5), 'RMSprop'), (t.AdagradOptimizer(0.5), 'Adagrad'), (t.AdadeltaOptimizer(0.5), 'Adadelta')):
    assert type(made).__name__ == name and float(made.learning_rate) == 0.5
net.save_weights(os.path.join(home, 'w', 'cp.ckpt')); other.load_weights(t.latest_checkpoint(os.path.join(home, 'w'))).expect_partial()
net.save_weights(os.path.join(home, 'w.h5')); net.save(os.path.join(home, 'whole'))
other.load_weights(os.path.join(home, 'w.h5')); whole = tf.keras.models.load_model(os.path.join(home, 'whole'))
np.testing.assert_array_equal(other.predict(np.ones((1, 2)), verbose=0), whole.predict(np.ones((1, 2)), verbose=0))
for call in (lambda: tf.saved_model.save(net, home), lambda: tf.saved_model.load(home)):
    try:
        call(); raise AssertionError
    except NotImplementedError as error:
        assert '.keras' in str(error)
""",
    "keras.optimizers.Adam",
    "cp.ckpt.weights.h5",
)
program(
    "tf: sessions and graphs of 1.x, devices, checks",
    """
import numpy as np, tensorflow as tf
import tensorflow.compat.v1 as tf1
from keras import backend as K
from keras.layers import Dense
from keras.models import Sequential
config = tf.ConfigProto(gpu_options=tf.GPUOptions(per_process_gpu_memory_fraction=0.3)); config.gpu_options.allow_growth = True
with tf.Session(config=config) as session:
    K.set_session(session); session.run([tf.global_variables_initializer(), tf1.local_variables_initializer()])
    with tf.get_default_graph().as_default(), session.as_default():
        model = Sequential([Dense(2, kernel_initializer='ones', input_dim=3)])
        x = np.ones((4, 3), 'float32')
        out, kernel = session.run([model.output, model.weights[0]], feed_dict={model.input: x, K.learning_phase(): 0})
        assert out.tolist() == [[3, 3]] * 4 and kernel.shape == (3, 2)
        doubled = session.run(tf.gradients(model.output, model.input)[0], {model.input: x}); assert doubled.tolist() == [[2] * 3] * 4
session.close(); tf.reset_default_graph(); tf.Graph().finalize(); assert tf.InteractiveSession is tf.Session
assert tf.test.is_gpu_available() == tf.test.is_built_with_cuda() == bool(tf.test.gpu_device_name())
assert len(tf.config.get_visible_devices('CPU')) == 1; tf.config.set_soft_device_placement(True)
tf.config.threading.set_intra_op_parallelism_threads(1); tf.config.optimizer.set_jit(True); tf.autograph.set_verbosity(0)
assert tf.autograph.experimental.do_not_convert(abs)(-1) == 1 == tf.autograph.experimental.do_not_convert()(abs)(-1)
d = tf.debugging; ones = tf.ones((2, 3))
d.assert_rank(ones, 2); tf.assert_rank(ones, 2); d.assert_type(ones, tf.float32); d.assert_non_negative(ones); d.assert_positive(ones)
tf.assert_equal(ones, ones); tf.assert_greater(ones, 0.0); tf.assert_less(ones, 2.0)
for wrong in (lambda: d.assert_rank(ones, 1), lambda: d.assert_type(ones, tf.int32), lambda: d.assert_positive(-ones)):
    try:
        wrong(); raise AssertionError
    except (ValueError, TypeError):
        pass
""",
)
program(
    "tf: loops, branches, derivatives of derivatives",
    HEAD
    + """
v, b = tf.Variable([1.0, 2.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(b); y = v ** 3; z = b ** 2; total = tf.constant(0.0)
    i = tf.constant(0)
    i, total = tf.while_loop(lambda i, t: i < 2, lambda i, t: (i + 1, t + v[0] * y[1]), [i, total])
same(tape.jacobian(y, v), np.diag([3, 12])); same(tape.batch_jacobian(z, b), [np.diag([2, 4]), np.diag([6, 8])])
same(tape.gradient(total, v), [16, 24]); tape.reset(); assert tape.gradient(y, v) is None
with tf.GradientTape() as tape:
    picked = tf.boolean_mask(v * v, v > 1); first = tf.cond(v[0] > 0, lambda: v[0] * 3, lambda: v[0])
    loss = tf.reduce_sum(picked) + first
same(tape.gradient(loss, v), [3, 4])
same(tf.scan(lambda a, e: a + e, tf.constant([1.0, 2.0, 3.0])), [1, 3, 6]); same(tf.scan(lambda a, e: a * e, x[0], 2.0, reverse=True), np.cumprod(x[0, ::-1])[::-1] * 2)
same(tf.foldl(lambda a, e: a - e, tf.constant([1.0, 2.0, 4.0])), -5); same(tf.foldr(lambda a, e: a - e, tf.constant([1.0, 2.0, 4.0]), 0.0), -7)
same(tf.vectorized_map(lambda r: r * r[0], x), x * x[:, :1]); same(tf.case([(tf.constant(False), lambda: x), (True, lambda: y)]), y)
same(tf.case([(False, lambda: x)], default=lambda: x + 1), x + 1)
array = tf.TensorArray(tf.float32, size=0, dynamic_size=True)
for i in tf.range(3):
    array = array.write(i, x[i])
same(array.stack(), x); same(array.gather([2, 0]), x[[2, 0]]); same(array.concat(), x.reshape(-1)); assert array.size() == 3 and array.read(1)[0] == x[1, 0]
same(tf.TensorArray(tf.float32, 2).unstack(x).read(2), x[2]); same(tf.TensorArray(tf.float32, 2).split(x, [1, 2]).read(1), x[1:])
assert tf.recompute_grad(abs) is abs and tf.function(lambda a: a).python_function(2) == 2
class Counting(tf.keras.layers.Layer):
    def call(self, inputs):
        states = tf.TensorArray(tf.float32, size=inputs.shape[1]); h = tf.zeros_like(inputs[:, 0])
        for i in tf.range(tf.shape(inputs)[1]):
            h = h + inputs[:, i]; states = states.write(i, h)
        tf.debugging.assert_non_negative(h)
        return tf.transpose(states.stack(), [1, 0, 2])
i = tf.keras.Input((3, 2)); model = tf.keras.Model(i, Counting()(i)); data = np.arange(12, dtype='float32').reshape(2, 3, 2)
same(model.predict(data, verbose=0), data.cumsum(1))
""",
)
program(
    "tf: places, signs of other orders, dtypes",
    HEAD
    + """
same(tf.cumsum(x), x.cumsum(0)); same(tf.cumsum([1, 2, 3], exclusive=True), [0, 1, 3]); same(tf.cumsum([1, 2, 3], reverse=True), [6, 5, 3])
same(tf.math.cumprod([2, 3, 4], exclusive=True, reverse=True), [12, 4, 1]); assert tf.unique([3, 1, 3])[0].tolist() == [3, 1]
values, places, counts = tf.unique_with_counts([5, 2, 5]); same(values, [5, 2]); same(places, [0, 1, 0]); same(counts, [2, 1])
same(tf.gather(x, [[0], [1], [2]], batch_dims=1), np.diag(x)[:, None]); same(tf.gather_nd(x, [[0], [1], [2]], batch_dims=1), np.diag(x))
same(tf.boolean_mask(x, x > 2), x[x > 2]); same(tf.boolean_mask(x, [True, False, True, False], axis=1), x[:, [0, 2]])
same(tf.split(x, [1, -1], axis=1)[1], x[:, 1:]); same(tf.split(x, np.int64(2), 1)[0], x[:, :2]); same(tf.tile(x, multiples=[1, 2]), np.tile(x, 2))
same(tf.tensor_scatter_nd_sub([1.0, 2.0], [[0]], [9.0]), [-8, 2]); same(tf.tensor_scatter_nd_max([1.0, 2.0], [[0]], [9.0]), [9, 2])
same(tf.tensor_scatter_nd_min([1.0, 2.0], [[0]], [-9.0]), [-9, 2]); same(tf.reverse_sequence(x, [2, 4, 1])[0], x[0, [1, 0, 2, 3]])
assert tf.broadcast_static_shape((3, 1), (4,)).as_list() == [3, 4] and tf.broadcast_dynamic_shape((3, 1), (4,)).tolist() == [3, 4]
assert tf.get_static_value(tf.constant(3)) == 3 and tf.get_static_value(tf.keras.Input((1,))) is None; same(tf.saturate_cast([300.0], tf.uint8), [255])
same(tf.where(x > 1).shape, [(x > 1).sum(), 2]); assert isinstance(next(iter(tf.data.Dataset.range(1))), tf.Tensor)
assert tf.float32.max > 1e38 and tf.int32.min == -2**31 and tf.int8.size == 1 and tf.int8.is_integer and tf.half.base_dtype == tf.float16
m = tf.math
same(m.segment_min(x[:, 0], [0, 0, 1]), x[[0, 2], 0]); same(m.segment_prod(x[:, 0], [0, 0, 1]), [x[0, 0] * x[1, 0], x[2, 0]])
same(m.cumulative_logsumexp(x[0]), np.log(np.exp(x[0]).cumsum())); same(m.erfc(0.5), 1 - m.erf(0.5)); same(m.lgamma([5.0]), [np.log(24)])
same(m.digamma([1.0]), [-0.5772157]); same(m.multiply_no_nan([np.inf], [0.0]), [0]); same(m.xdivy([0.0, 4.0], [0.0, 2.0]), [0, 2])
same(m.xlogy([0.0, 2.0], [0.0, np.e]), [0, 2]); same(m.reduce_euclidean_norm(x), np.linalg.norm(x)); same(m.zero_fraction([0.0, 1.0]), 0.5)
same(m.invert_permutation([2, 0, 1]), [1, 2, 0]); assert m.is_non_decreasing([1, 1]) and not m.is_strictly_increasing([1, 1])
same(m.floormod(7, 3), 1); same(m.rint([1.4]), [1]); same(m.count_nonzero(x, axis=1, keepdims=True), [[4]] * 3); same(tf.nn.top_k(x)[1], [[3]] * 3)
l = tf.linalg; q = np.array([[4.0, 1.0], [1.0, 3.0]], 'float32')
same(l.cross([1.0, 0, 0], [0, 1.0, 0]), [0, 0, 1]); same(l.eigh(q)[0], l.eigvalsh(q)); same(l.pinv(q), l.inv(q)); same(l.slogdet(q)[1], np.log(11))
s, u, w = l.svd(q); same(u @ l.diag(s) @ tf.transpose(w), q); assert l.matrix_rank(q) == 2; same(l.adjoint(x), x.T)
same(l.lstsq(q, q), np.eye(2)); assert l.lstsq(q, q, l2_regularizer=1.0)[0, 0] < 1; same(l.expm(np.zeros((2, 2))), np.eye(2))
same(l.triangular_solve(np.tril(q), q[:, :1]), np.linalg.solve(np.tril(q), q[:, :1])); same(l.cholesky_solve(l.cholesky(q), q), np.eye(2))
same(l.normalize(x)[1], [[np.linalg.norm(x)]]); same(l.global_norm([x, y]), np.sqrt((x**2).sum() + (y**2).sum()))
""",
)
program(
    "tf.nn, tf.image, tf.random: the rest",
    HEAD
    + """
n = tf.nn; z = x - 1.5
same(n.leaky_relu(z, alpha=0.1), np.where(z > 0, z, 0.1 * z)); same(n.crelu(z), np.concatenate([z.clip(0), (-z).clip(0)], -1))
same(n.gelu([1.0]), [0.8413447]); same(n.in_top_k([3, 0, 3], x, 1), [1, 0, 1]); same(n.zero_fraction([0.0, 1.0]), 0.5)
v = x.reshape(1, 3, 2, 2, 1); same(n.conv3d(v, np.ones((1, 1, 1, 1, 2), 'float32'), [1, 1, 1, 1, 1], 'SAME')[..., 0], v[..., 0])
p = x.reshape(1, 3, 2, 2); one = np.ones((1, 1, 2, 1), 'float32')
same(n.separable_conv2d(p, one, one, [1, 1, 1, 1], 'SAME')[..., 0], p.sum(-1)); same(n.atrous_conv2d(p, one, 2, 'SAME')[..., 0], p.sum(-1))
s = x.reshape(1, 6, 2); same(n.max_pool1d(s, 2, 2, 'VALID'), s.reshape(1, 3, 2, 2).max(2)); same(n.avg_pool1d(s, 2, 2, 'VALID'), s.reshape(1, 3, 2, 2).mean(2))
same(n.max_pool3d(v, [1, 3, 2, 2, 1], 1, 'VALID').reshape(-1), [x.max()]); same(n.avg_pool3d(v, (3, 2, 2), 1, 'VALID').reshape(-1), [x.mean()])
same(n.batch_normalization(x, x.mean(), x.var(), 1.0, 2.0, 0.0), (x - x.mean()) / x.std() * 2 + 1)
same(n.local_response_normalization(p, 1, 1.0, 1.0, 1.0), p / (1 + (p**2).sum(-1, keepdims=True))); same(n.lrn(p), n.local_response_normalization(p))
labels = (x > 1).astype('float32'); same(n.weighted_cross_entropy_with_logits(labels, z, 1.0), n.sigmoid_cross_entropy_with_logits(labels, z))
same(n.log_poisson_loss(labels, z), np.exp(z) - z * labels); same(n.softmax_cross_entropy_with_logits_v2(labels, z), n.softmax_cross_entropy_with_logits(labels, z))
same(n.ctc_loss(np.array([[1]]), np.zeros((2, 1, 2), 'float32'), [1], [2]), [-np.log(3 / 4)])
same(n.compute_average_loss(x[:, 0], global_batch_size=6), x[:, 0].sum() / 6); same(n.scale_regularization_loss([1.0, 2.0]), 3)
i = tf.image; picture = np.random.default_rng(0).integers(0, 255, (4, 6, 3)).astype('uint8'); floats = picture / np.float32(255)
assert i.adjust_brightness(picture, 0.1).dtype == tf.uint8; same(i.adjust_brightness(picture, 0.2), (np.clip(floats + 0.2, 0, 1) * 255.5).astype('uint8'))
same(i.adjust_gamma(floats, 2.0), floats**2); same(i.transpose(picture), picture.transpose(1, 0, 2)); same(i.hsv_to_rgb(i.rgb_to_hsv(floats)), floats)
same(i.resize_with_crop_or_pad(floats, 2, 8)[:, 1:7], floats[1:3]); assert i.resize_with_pad(floats, 6, 6).shape == (6, 6, 3)
same(i.resize_with_pad(floats, 6, 6)[1:5], floats); assert i.resize(floats, (8, 8), preserve_aspect_ratio=True).shape == (5, 8, 3)
same(i.crop_and_resize(floats[None], [[0.0, 0.0, 1.0, 1.0], [1 / 3, 0.2, 2 / 3, 0.4]], [0, 0], (4, 6))[0], floats)
same(i.crop_and_resize(floats[None], [[1 / 3, 0.2, 2 / 3, 0.4]], [0], (2, 2))[0], floats[1:3, 1:3])
same(i.psnr(floats, floats + 0.1, 1.0), 20); large = np.tile(floats, (4, 3, 1)); same(i.ssim(large, large, 1.0), 1); assert i.ssim(large, 1 - large, 1.0) < 0.5
down, across = i.image_gradients(floats[None]); same(down[0, :-1], np.diff(floats, axis=0)); same(across[0, :, -1], 0 * floats[:, 0])
ramp = np.tile(np.arange(5, dtype='float32')[:, None, None], (1, 5, 1))[None]; same(i.sobel_edges(ramp)[0, 2, 2, 0], [8, 0])
same(i.draw_bounding_boxes(np.zeros((1, 5, 5, 1), 'float32'), [[[0.0, 0.0, 1.0, 1.0]]], [[1.0]]).sum(), 16)
again = lambda f, *a: same(f(floats, *a, seed=(1, 2)), f(floats, *a, seed=(1, 2)))
again(i.stateless_random_brightness, 0.3); again(i.stateless_random_contrast, 0.5, 2.0); again(i.stateless_random_hue, 0.2)
again(i.stateless_random_saturation, 0.5, 2.0); again(i.stateless_random_crop, (2, 2, 3)); again(i.stateless_random_flip_up_down); again(i.stateless_random_flip_left_right)
for encode in (tf.io.encode_png, tf.io.encode_jpeg):
    assert tf.io.decode_image(encode(picture)).shape == (4, 6, 3)
same(tf.io.decode_png(tf.io.encode_png(picture)), picture)
r = tf.random
for draw in (r.stateless_normal, r.stateless_uniform, r.stateless_truncated_normal):
    same(draw((3,), seed=[1, 2]), draw((3,), (1, 2))); assert (draw((3,), (1, 2)) != draw((3,), (2, 2))).any()
assert r.stateless_categorical([[0.0, 50.0]], 2, [1, 2]).tolist() == [[1, 1]] and abs(float(r.poisson((500,), 4.0).mean()) - 4) < 0.5
g, h = r.Generator.from_seed(7), r.Generator.from_seed(7); same(g.normal((3,)), h.normal([3])); assert (g.normal((3,)) != h.uniform((3,))).any()
assert g.make_seeds(2).shape == (2, 2) and len(g.split(2)) == 2 and abs(r.get_global_generator().truncated_normal((50,))).max() <= 2
assert r.Generator.from_non_deterministic_state().uniform((9,), 0, 3, tf.int32).max() < 3
""",
)
