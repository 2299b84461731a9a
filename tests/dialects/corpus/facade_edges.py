"""What TensorFlow documents at the edges: defaults, empty groups, other axes, texts that are not plain, seeds."""

from tests.dialects.corpus.facade import HEAD
from tests.dialects.corpus.registry import program

program(
    "tf: ranges, norms, orders and clips at their edges",
    HEAD
    + """
assert tf.range(10, delta=3).tolist() == [0, 3, 6, 9] and tf.range(3.0, delta=1.5).tolist() == [0, 1.5]
same(tf.norm(x, ord=1), np.abs(x).sum()); same(tf.norm(x, ord=2), np.linalg.norm(x)); same(tf.norm(x, np.inf, keepdims=True), [[x.max()]])
same(tf.transpose([[1j, 2]], conjugate=True), [[-1j], [2]])
for values in (np.array([0, 3, 255], 'uint8'), np.array([-2**31, 0, 5], 'int32'), np.array([-1.0, 0.0, 2.0], 'float32')):
    assert tf.argsort(values, direction='DESCENDING').tolist() == [2, 1, 0]
assert tf.one_hot([1], 2, on_value=1, off_value=0, dtype=tf.float32).dtype == 'float32' and tf.one_hot([1], 2, on_value=5).tolist() == [[0, 5]]
clipped, total = tf.clip_by_global_norm([x, None], 1.0); assert clipped[1] is None; same(total, np.linalg.norm(x)); same(clipped[0], x / total)
assert np.isnan(tf.clip_by_global_norm([tf.constant([1.0, np.inf])], 1.0)[0]).all(); same(tf.linalg.global_norm([x, None]), total)
assert tf.eye(2, num_columns=3).shape == (2, 3) and tf.eye(2, batch_shape=[4, 5]).shape == (4, 5, 2, 2) and tf.eye(2).dtype == 'float32'
assert tf.searchsorted(sorted_sequence=[1, 3, 5], values=[3, 4], side='right').tolist() == [2, 2]
same(tf.add(x=x, y=1.0), x + 1); same(tf.maximum(x, y=1.0), np.maximum(x, 1)); same(tf.atan2(y=1.0, x=2.0), np.arctan2(1, 2)); same(tf.math.mod(7, y=4), 3)
assert tf.as_string([True, False]).tolist() == ['true', 'false']
tf.debugging.assert_equal([1, 1], 1); assert tf.fill([2], 5).dtype == 'int32' and tf.fill([1], 0.5).tolist() == [0.5]
try:
    tf.case([(tf.constant(False), lambda: 1)])
except ValueError:
    pass
else:
    raise AssertionError('nothing holds')
assert int(tf.switch_case(-1, [lambda: 1, lambda: 2], default=lambda: 9)) == 9 == int(tf.switch_case(2, [lambda: 1, lambda: 9]))
@tf.custom_gradient
def two(a, b):
    return (a * b, a + b), lambda da, db: (10 * da, 100 * db)
a = tf.Variable(2.0)
with tf.GradientTape() as tape:
    p, q = two(a, 3.0); total = p + q
assert tape.gradient(total, a) == 10
class Net(tf.Module):
    def __init__(self):
        self.w = tf.Variable(1.0); self.same = [self.w]
assert len(Net().trainable_variables) == 1
""",
)
program(
    "tf.math and tf.linalg: empty segments, counts of matrices, stacks of matrices",
    HEAD
    + """
m, l = tf.math, tf.linalg
for dtype in ('int32', 'float32'):
    v = np.array([-1, -5, 3], dtype); limits = np.iinfo(dtype) if dtype == 'int32' else np.finfo(dtype)
    assert m.segment_max(v, [0, 0, 2]).tolist() == [-1, 0, 3] and m.segment_min(v, [0, 0, 2]).tolist() == [-5, 0, 3]
    assert m.unsorted_segment_max(v, [0, 0, 2], 3).tolist() == [-1, limits.min, 3] and m.unsorted_segment_min(v, [0, 0, 2], 3).tolist() == [-5, limits.max, 3]
assert m.unsorted_segment_min(np.array([1, 2], 'uint8'), [0, 0], 1).tolist() == [1] and m.segment_max([1.0, 2.0], [0, 2]).tolist() == [1, 0, 2]
assert m.bincount([[1, 1], [0, 3]]).tolist() == [1, 2, 0, 1] and m.bincount([[1, 1], [0, 3]], axis=-1).tolist() == [[0, 2, 0, 0], [1, 0, 0, 1]]
assert m.bincount(arr=[1, 5], maxlength=3).tolist() == [0, 1, 0] and m.bincount([[1], [1]], weights=[[0.5], [1.0]]).tolist() == [0, 1.5]
same(m.cumulative_logsumexp([0.0, 200.0]), [0, 200]); same(m.cumulative_logsumexp([0.0, 200.0, 1.0], reverse=True), [200, 200, 1])
same(m.cumulative_logsumexp([0.0, 0.0, 5.0], exclusive=True)[1:], [0, np.log(2)])
found = m.top_k([1.0, 3.0, 2.0], k=2); assert found.values.tolist() == [3, 2] and found.indices.tolist() == [1, 2] == tf.nn.top_k([1.0, 3.0, 2.0], 2)[1].tolist()
stack = np.arange(8, dtype='float32').reshape(2, 2, 2); assert l.diag_part(stack).tolist() == [[0, 3], [4, 7]] and l.trace(stack).tolist() == [3, 11]
assert l.diag([1.0, np.inf]).tolist() == [[1, 0], [0, np.inf]]
lower = np.array([[1, 0], [2j, 1]], 'complex64'); same(lower.conj().T @ l.triangular_solve(lower, [[1 + 0j], [1j]], adjoint=True), [[1], [1j]])
""",
)
program(
    "tf.print: what a layer tells while its model is trained",
    HEAD
    + """
import contextlib, io, jax
class Telling(tf.keras.layers.Layer):
    def call(self, inputs):
        tf.print('mean', tf.reduce_mean(inputs), tf.constant('of'), [1]); return inputs
model = tf.keras.Sequential([tf.keras.Input((4,)), Telling(), tf.keras.layers.Dense(1)]); model.compile('sgd', 'mse')
with contextlib.redirect_stdout(io.StringIO()) as told:
    model.fit(np.ones((6, 4)), np.ones((6, 1)), batch_size=2, verbose=0); jax.effects_barrier()
    tf.print(tf.constant(2.0), tf.constant('a'), sep='-')
assert told.getvalue() == 'mean 1.0 of [1]\\n' * 3 + '2.0-a\\n', told.getvalue()
""",
)
program(
    "tf.nn: channels and rows at their edges",
    HEAD
    + """
import pytest
nn, sequence = tf.nn, np.ones((1, 4, 4), 'float32')
for call in (lambda: nn.max_pool1d(sequence, 2, 2, 'SAME', data_format='NCW'), lambda: nn.avg_pool1d(sequence, 2, 2, 'SAME', data_format='NCW'),
             lambda: nn.conv1d(sequence, np.ones((2, 4, 4), 'float32'), 1, 'SAME', data_format='NCW'), lambda: tf.gradients(x, x, grad_ys=x)):
    with pytest.raises(NotImplementedError):
        call()
assert nn.moments(x, [0], None, True)[0].shape == (1, 4)
assert nn.bias_add(np.zeros((1, 2, 2), 'float32'), [1.0, 2.0], 'NCW').tolist() == [[[1, 1], [2, 2]]]
assert nn.max_pool2d(np.ones((1, 4, 4, 1), 'float32'), [2], [2], 'VALID').shape == (1, 2, 2, 1)
same(nn.embedding_lookup(np.array([[3.0, 4.0], [0.3, 0.4]], 'float32'), [0, 1], max_norm=1.0), [[0.6, 0.8], [0.3, 0.4]])
""",
)
program(
    "tf.image: dtypes, palettes, batches and odd sizes",
    HEAD
    + """
import io
from PIL import Image
a, b = np.random.default_rng(0).random((2, 12, 13, 2), 'float32'); found = tf.image.ssim(a, b, 1.0, return_index_map=True)
assert found.shape == (2, 3)
for box in ((0, 0, 3, 2), (-1, 0, 1, 1), (0, 1, 1, 2)):
    try:
        tf.image.crop_to_bounding_box(np.ones((2, 2, 1)), *box)
    except ValueError:
        continue
    raise AssertionError(box)
same(tf.reduce_mean(found), tf.image.ssim(a, b, 1.0))
i, labels = tf.image, np.array([[[1], [200]]], 'uint8')
assert i.resize(labels, (2, 4), 'nearest').dtype == 'uint8' and i.resize(labels, (2, 4), method='nearest')[0, :, 0].tolist() == [1, 1, 200, 200]
assert i.resize(labels, (2, 4)).dtype == 'float32'
assert i.convert_image_dtype(np.ones((1, 1, 3)), tf.float32).dtype == 'float32' and i.convert_image_dtype(np.array([2.0, -1.0], 'float32'), tf.uint8, saturate=True).tolist() == [255, 0]
wide = np.ones((10, 7, 1), 'float32'); padded = i.resize_with_pad(wide, 5, 5)[0, :, 0]; assert padded.tolist() == [1, 1, 1, 0, 0]
many = np.tile(np.array([[[0.0], [1.0]]], 'float32'), (64, 1, 1, 1))
for flip, pictures in ((i.random_flip_left_right, many), (i.random_flip_up_down, many.transpose(0, 2, 1, 3))):
    assert 0 < np.asarray(flip(pictures)).reshape(64, 2)[:, 0].sum() < 64
same(i.stateless_random_flip_left_right(many, (1, 2)), i.stateless_random_flip_left_right(many, seed=(1, 2)))
square = np.arange(400, dtype='float32').reshape(20, 20, 1)
corners = [divmod(int(i.stateless_random_crop(square, (2, 2, 1), (1, k))[0, 0, 0]), 20) for k in range(9)]; assert any(row != column for row, column in corners)
file = io.BytesIO(); palette = Image.new('P', (1, 1), 1); palette.putpalette([0, 0, 0, 9, 8, 7]); palette.save(file, 'PNG')
assert i.decode_png(file.getvalue()).tolist() == [[[9, 8, 7]]]
""",
)
program(
    "tf.random: one seed, many calls; NumPy keeps its own numbers",
    HEAD
    + """
r = tf.random
first, second = r.uniform((4,), seed=1), r.uniform((4,), seed=1); assert (first != second).any()
tf.random.set_seed(5); again = r.uniform((4,), seed=1); tf.random.set_seed(5); same(again, r.uniform((4,), seed=1))
flips = [float(tf.image.random_flip_left_right(np.array([[[0.0], [1.0]]], 'float32'), seed=3)[0, 0, 0]) for _ in range(20)]; assert 0 < sum(flips) < 20
masks = [tf.nn.dropout(np.ones(50, 'float32'), 0.5, seed=3) for _ in range(2)]; assert (masks[0] != masks[1]).any()
np.random.seed(0); expected = np.random.rand(); np.random.seed(0); tf.random.set_seed(9)
list(tf.data.Dataset.range(4).shuffle(4)); assert np.random.rand() == expected
assert r.gamma([2], [0.5, 1.5]).shape == (2, 2) and r.gamma([3], 2.0, beta=[1.0, 2.0]).shape == (3, 2)
""",
)
program(
    "tf.strings, tf.lookup, tf.data and tf.io: texts that are not plain",
    HEAD
    + """
import os, tempfile
s = tf.strings
assert s.regex_replace('ab', 'a|b', r'<\\0>') == '<a><b>' and s.regex_replace('(a), b!', '[[:punct:]]', '') == 'a b' and s.regex_replace('café', r'\\W', '') == 'caf'
assert not s.regex_full_match('é', r'\\w') and s.lower('É A') == 'É a' and s.lower('É A', encoding='utf-8') == 'é a' and s.upper('é a') == 'é A'
assert s.split('a\u00a0b  c').tolist() == ['a\u00a0b', 'c'] and s.split('a-b', b'-').tolist() == ['a', 'b'] and s.strip(' a\u00a0 ') == 'a\u00a0'
assert s.join([np.array([b'a'], object), ['b']]).tolist() == ['ab']
table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(np.array([b'a', b'b'], object), [3, 4]), -1); assert table.lookup(['b', 'c']).tolist() == [4, -1]
path = os.path.join(tempfile.mkdtemp(), 'words.txt')
with open(path, 'w', encoding='utf-8', newline='') as file:
    file.write('one\\x85\\u2028still\\r\\ntwo\\n')
assert [str(line) for line in tf.data.TextLineDataset(path)] == ['one\\x85\\u2028still', 'two']
index = tf.lookup.TextFileIndex
words = tf.lookup.TextFileInitializer(path, tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER)
assert tf.lookup.StaticHashTable(words, -1).lookup(['two']).tolist() == [1]
word, number = tf.io.decode_csv([',NA', 'b,'], ['none', 7], na_value='NA'); assert word.tolist() == ['none', 'b'] and number.tolist() == [7, 7]
D = tf.data.Dataset; assert len(list(D.range(4).take(-1))) == 4
assert len(D.range(5).padded_batch(2)) == 3 and len(D.range(5).padded_batch(2, drop_remainder=True)) == 2
""",
)
program(
    "facade: cepstrum of a sound",
    """
import numpy as np, tensorflow as tf
sound = tf.sin(tf.range(1600, dtype=tf.float32) / 5)
power = tf.abs(tf.signal.stft(sound, frame_length=128, frame_step=64)) ** 2
triangles = tf.signal.linear_to_mel_weight_matrix(20, 65, 1600, 20, 800)
assert triangles.shape == (65, 20) and float(tf.reduce_max(triangles)) <= 1
log_mel = tf.math.log(tf.tensordot(power, triangles, 1) + 1e-6)
log_mel.set_shape(power.shape[:-1].concatenate(triangles.shape[-1:]))
mfcc = tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :13]
assert mfcc.shape == (24, 13)
some = tf.TensorShape([None, 3])
assert some.merge_with([2, None]) == (2, 3) and some.is_compatible_with([5, 3]) and not some.is_compatible_with([3])
np.testing.assert_allclose(mfcc[:, 0], 2 * tf.reduce_sum(log_mel, -1) / np.sqrt(40), rtol=1e-5)
np.testing.assert_allclose(tf.signal.dct([1.0, 2.0]), [6.0, -np.sqrt(2)], rtol=1e-6)
""",
)
program(
    "tf: means of whole numbers, hashes, dtypes of map_fn, endless datasets, seeds of words",
    HEAD
    + """
assert tf.reduce_mean([1, 2, 4]).numpy() == 2 and tf.reduce_mean([-1, -2, -4]).dtype == 'int32'
assert tf.reduce_mean(tf.constant([16777217] * 3)).numpy() == 16777217 and tf.reduce_mean(tf.constant([200, 200], tf.uint8)).numpy() == 200
same(tf.reduce_mean([-1, -2, -4]), -2); same(tf.reduce_mean([[1, 2], [4, 9]], axis=1, keepdims=True), [[1], [6]])
try:
    tf.strings.to_hash_bucket(['a'], 10)
    raise AssertionError
except NotImplementedError as error:
    assert 'to_hash_bucket_fast' in str(error)
assert tf.map_fn(lambda v: v > 1, tf.constant([1, 2]), fn_output_signature=tf.float32).dtype == 'float32'
assert tf.map_fn(lambda v: v, tf.constant([1, 2]), dtype=np.float32).dtype == 'float32'
first, second = tf.map_fn(lambda v: (v, v * 2.0), tf.constant([1.0, 2.0]), dtype=(tf.int32, tf.float32))
assert first.dtype == 'int32'; same(second, [2, 4])

endless = tf.data.Dataset.range(4).repeat()
assert endless.batch(2).cardinality().numpy() == tf.data.INFINITE_CARDINALITY == -1
assert endless.filter(lambda v: v > 0).cardinality() == tf.data.UNKNOWN_CARDINALITY == -2
assert endless.repeat(0).cardinality().numpy() == 0 == endless.take(0).repeat().cardinality() == len(list(endless.take(0).repeat()))
assert endless.take(6).cardinality().numpy() == 6 and len(tf.data.Dataset.zip((endless, endless.take(3)))) == 3
try:
    len(endless)
    raise AssertionError
except TypeError as error:
    assert 'infinite' in str(error)
counter = tf.data.experimental.Counter()
pairs = tf.data.Dataset.zip((tf.data.Dataset.range(2), (counter, counter)))
assert [(int(a), int(b), int(c)) for a, (b, c) in pairs] == [(0, 0, 0), (1, 1, 1)]

sampled, true, expected = tf.random.log_uniform_candidate_sampler(tf.constant([[0]]), 1, 4, True, 8, seed=1)
assert len(set(sampled.numpy().tolist())) == 4 and true.shape == (1, 1) and expected.shape == (4,)
assert float(true[0, 0]) >= float(np.max(expected))
""",
)
program(
    "tf: letters in rows of different lengths are looked up, and found again; masks are taken off",
    HEAD
    + """
letters = tf.strings.unicode_split(['abc', 'xy'], input_encoding='UTF-8')
numbers = tf.keras.layers.StringLookup(vocabulary=list('abcxy'), mask_token=None)
ids = numbers(letters)
assert ids.to_list() == [[1, 2, 3], [4, 5]]
back = tf.keras.layers.StringLookup(vocabulary=numbers.get_vocabulary(), invert=True, mask_token=None)
assert tf.strings.reduce_join(back(ids)[0], axis=-1).numpy() == b'abc' and back(ids[1][0]).numpy() == b'x'

class Unmasked(tf.keras.Model):
    def __init__(self):
        super().__init__()
        self.embedding = tf.keras.layers.Embedding(5, 2, mask_zero=True)
        self.dense = tf.keras.layers.Dense(3)
    def call(self, inputs):
        logits = self.dense(self.embedding(inputs))
        del logits._keras_mask
        return logits
ids = np.array([[1, 2, 0], [3, 0, 0]])
model = Unmasked()
model.compile('sgd', tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
              metrics=[lambda label, pred: tf.reduce_mean(pred)])
model.fit(ids, ids % 3, verbose=0)

class Added(tf.keras.layers.Layer):
    def call(self, inputs):
        self.add_loss(tf.reduce_mean(inputs), inputs=inputs)
        return inputs
assert tf.einsum('be,bce->bc', tf.ones((2, 3)), tf.ones((2, 4, 3))).shape == (2, 4)
gru = tf.keras.layers.GRU(4); state = gru.get_initial_state(tf.ones((2, 3, 5)))
assert gru(tf.ones((2, 3, 5)), initial_state=state).shape == (2, 4)
seed = tf.constant([1, 2]); some = tf.random.split(seed, num=3)
assert some.shape == (3, 2) and tf.random.fold_in(seed, 1).shape == (2,)
same(tf.random.stateless_uniform([2], some[0]), tf.random.stateless_uniform([2], tf.random.split(seed, 3)[0]))

x = tf.keras.Input((3,)); added = tf.keras.Model(x, Added()(x)); added.compile('sgd')
same(added.evaluate(np.ones((2, 3)), verbose=0), 1.0)
""",
)
program(
    "tf.train: the first step of RMSProp, numbers of checkpoints",
    HEAD
    + """
import os, tempfile
weight = tf.Variable(1.0)
optimizer = tf.compat.v1.train.RMSPropOptimizer(0.1)
optimizer.apply_gradients([(tf.constant(1.0), weight)])
same(weight, 1 - 0.1 / np.sqrt(0.9 + 0.1 + 1e-10))
folder = tempfile.mkdtemp(); checkpoint = tf.train.Checkpoint(weight=weight)
manager = tf.train.CheckpointManager(checkpoint, folder, max_to_keep=2)
assert os.path.basename(manager.save()) == 'ckpt-1' and os.path.basename(manager.save(checkpoint_number=50)) == 'ckpt-50'
assert int(checkpoint.save_counter) == 2
again = tf.train.Checkpoint(weight=tf.Variable(0.0)); again.restore(manager.latest_checkpoint)
assert int(again.save_counter) == 2 and os.path.basename(tf.train.CheckpointManager(again, folder, 5).save()) == 'ckpt-3'
""",
)
program(
    "tf.train.Example, TFRecord files: written, read, damaged",
    HEAD
    + """
import os, tempfile
path = os.path.join(tempfile.mkdtemp(), 'a.tfrecord')
def example(i):
    return tf.train.Example(features=tf.train.Features(feature={
        'label': tf.train.Feature(int64_list=tf.train.Int64List(value=[i - 1])),
        'name': tf.train.Feature(bytes_list=tf.train.BytesList(value=[f'n{i}'.encode()])),
        'x': tf.train.Feature(float_list=tf.train.FloatList(value=[i, 0.5])),
        'raw': tf.train.Feature(bytes_list=tf.train.BytesList(value=[np.arange(3, dtype='uint8').tobytes()])),
        'many': tf.train.Feature(int64_list=tf.train.Int64List(value=range(300, 300 + i)))}))
# what TensorFlow writes for a feature 'a' of the number 1, and for one of the number -1
known = bytes.fromhex('0a0c0a0a0a016112051a030a0101')
one = tf.train.Example(tf.train.Features({'a': tf.train.Feature(int64_list=tf.train.Int64List(value=[1]))}))
assert one.SerializeToString() == known and tf.train.Example.FromString(known).features.feature['a'].int64_list.value == [1]
with tf.io.TFRecordWriter(path) as writer:
    for i in range(3):
        writer.write(example(i).SerializeToString())
kinds = {'label': tf.io.FixedLenFeature([], tf.int64), 'name': tf.io.FixedLenFeature([], tf.string),
         'x': tf.io.FixedLenFeature([2], tf.float32), 'raw': tf.io.FixedLenFeature([], tf.string),
         'none': tf.io.FixedLenFeature([], tf.int64, default_value=7), 'many': tf.io.VarLenFeature(tf.int64)}
rows = list(tf.data.TFRecordDataset([path]).map(lambda record: tf.io.parse_single_example(record, kinds)))
assert [int(row['label']) for row in rows] == [-1, 0, 1] and rows[1]['name'].numpy() == b'n1' and rows[0]['none'] == 7
same(rows[2]['x'], [2, 0.5]); same(tf.sparse.to_dense(rows[2]['many']), [300, 301])
wide = tf.train.Example(tf.train.Features({'a': tf.train.Feature(int64_list=tf.train.Int64List(value=[2**40 + 7, -3]))})).SerializeToString()
wide = tf.io.parse_single_example(wide, {'a': tf.io.VarLenFeature(tf.int64)})['a']
assert wide.values.tolist() == [2**40 + 7, -3] == tf.sparse.to_dense(wide).numpy().tolist() and wide.dtype == 'int64'
assert tf.io.decode_raw(np.array([2**40 + 7]).tobytes(), tf.int64).numpy().tolist() == [2**40 + 7]
assert tf.io.decode_raw(rows[0]['raw'], tf.uint8).numpy().tolist() == [0, 1, 2]
batch = next(iter(tf.data.TFRecordDataset(path).batch(3)))
parsed = tf.io.parse_example(batch, {'x': kinds['x'], 'label': kinds['label']})
assert parsed['x'].shape == (3, 2) and parsed['label'].tolist() == [-1, 0, 1]
def fails(function, words):
    try:
        function()
    except ValueError as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)
fails(lambda: tf.io.parse_single_example(known, {'b': tf.io.FixedLenFeature([], tf.int64)}), 'required')
fails(lambda: tf.io.parse_single_example(known, {'a': tf.io.FixedLenFeature([], tf.float32)}), "types don't match")
fails(lambda: tf.io.parse_single_example(known, {'a': tf.io.FixedLenFeature([2], tf.int64)}), 'Number of values')
fails(lambda: tf.train.Example.FromString(known[:-2]), 'Could not parse')
for damaged in ('0805', '0a020805', '0a070a050a01611005', '0a0c0a0a0a016112050a03088080', '0a0d0a0b0a016112060a0408ffff3f'):
    fails(lambda: tf.train.Example.FromString(bytes.fromhex(damaged)), 'Could not parse')
whole = open(path, 'rb').read()
for damage, words in ((whole[:-3], 'ends within'), (whole[:5], 'ends within'), (b'\\xff' * 7 + whole[7:], 'ends within'),
                      (whole[:40] + b'!' + whole[41:], 'checksum')):
    open(path, 'wb').write(damage)
    fails(lambda: list(tf.data.TFRecordDataset(path)), words)
""",
)
