"""Every function of the TensorFlow façade, against NumPy or by hand."""

from tests.dialects.corpus.registry import program

HEAD = """
import numpy as np, tensorflow as tf
same = lambda a, b: np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-5, atol=1e-6)
x = np.arange(12, dtype='float32').reshape(3, 4) / 4 + 0.25
y = np.flip(x)
"""

program(
    "tf and tf.math: one number at a time",
    HEAD
    + """
import math
u = x / 4
pairs = dict(abs=np.abs, acos=np.arccos, asin=np.arcsin, atan=np.arctan, ceil=np.ceil, cos=np.cos, cosh=np.cosh,
             exp=np.exp, floor=np.floor, log=np.log, negative=np.negative, round=np.round, sign=np.sign, sin=np.sin,
             sinh=np.sinh, sqrt=np.sqrt, square=np.square, tan=np.tan, tanh=np.tanh)
for name, function in pairs.items():
    same(getattr(tf, name)(u), function(u)); same(getattr(tf.math, name)(u, name='op'), function(u))
only = dict(acosh=np.arccosh, asinh=np.arcsinh, conj=np.conj, expm1=np.expm1, imag=np.imag, is_finite=np.isfinite,
            is_inf=np.isinf, is_nan=np.isnan, log1p=np.log1p, real=np.real, reciprocal=np.reciprocal)
for name, function in only.items():
    same(getattr(tf.math, name)(1 + u), function(1 + u))
same(tf.math.atanh(u / 2), np.arctanh(u / 2)); same(tf.math.rsqrt(x), 1 / np.sqrt(x))
same(tf.math.erf(0.5), math.erf(0.5)); same(tf.math.erfinv(math.erf(0.5)), 0.5)
same(tf.sigmoid(x), 1 / (1 + np.exp(-x))); same(tf.math.log_sigmoid(x), -np.log1p(np.exp(-x)))
same(tf.math.softplus(x), np.log1p(np.exp(x)))
""",
)
program(
    "tf and tf.math: two numbers at a time",
    HEAD
    + """
pairs = dict(add=np.add, subtract=np.subtract, multiply=np.multiply, divide=np.divide, pow=np.power, atan2=np.arctan2,
             maximum=np.maximum, minimum=np.minimum, equal=np.equal, not_equal=np.not_equal, greater=np.greater,
             greater_equal=np.greater_equal, less=np.less, less_equal=np.less_equal)
for name, function in pairs.items():
    same(getattr(tf, name)(x, y), function(x, y)); same(getattr(tf.math, name)(x, y), function(x, y))
same(tf.truediv(x, y), x / y); same(tf.floordiv(x, y), x // y); same(tf.math.mod(x, y), np.mod(x, y))
a, b = x > 1, y > 1
same(tf.logical_and(a, b), a & b); same(tf.logical_or(a, b), a | b); same(tf.logical_not(a), ~a)
same(tf.math.logical_xor(a, b), a ^ b)
same(tf.math.divide_no_nan(x, np.zeros_like(x)), 0 * x); same(tf.math.squared_difference(x, y), (x - y) ** 2)
same(tf.complex(1.0, 2.0), 1 + 2j)
""",
)
program(
    "tf and tf.math: reductions",
    HEAD
    + """
pairs = dict(reduce_all=np.all, reduce_any=np.any, reduce_max=np.max, reduce_mean=np.mean, reduce_min=np.min,
             reduce_prod=np.prod, reduce_std=np.std, reduce_sum=np.sum)
for name, function in pairs.items():
    same(getattr(tf, name)(x, axis=1), function(x, axis=1))
    same(getattr(tf.math, name)(input_tensor=x), function(x))
same(tf.math.reduce_variance(x), x.var()); same(tf.reduce_logsumexp(x, axis=0), np.log(np.exp(x).sum(0)))
same(tf.cumsum(x, axis=1), x.cumsum(1)); same(tf.math.cumprod(x, axis=0), x.cumprod(0))
same(tf.argmax(x, 1), x.argmax(1)); same(tf.argmin(x), x.argmin(0)); same(tf.math.argmin(x, axis=1), [0] * 3)
same(tf.norm(x), np.linalg.norm(x)); same(tf.norm(x, ord=1, axis=1), np.abs(x).sum(1))
same(tf.math.bincount(np.array([1, 2, 2])), [0, 1, 2])
same(tf.math.segment_sum(x[:, 0], np.array([0, 0, 1])), [x[:2, 0].sum(), x[2, 0]])
same(tf.math.segment_max(x[:, 0], np.array([0, 0, 1])), [x[1, 0], x[2, 0]])
values, places = tf.math.top_k(x, k=2)
same(values, x[:, [3, 2]]); same(places, [[3, 2]] * 3)
same(tf.math.in_top_k(np.array([3, 0, 3]), x, 1), [True, False, True])
same(tf.math.l2_normalize(x, axis=1), x / np.linalg.norm(x, axis=1, keepdims=True))
same(tf.math.confusion_matrix([0, 1], [1, 1], num_classes=3), [[0, 1, 0], [0, 1, 0], [0, 0, 0]])
""",
)
program(
    "tf: arrays made, cut, joined and turned",
    HEAD
    + """
same(tf.broadcast_to(x[0], (2, 4)), [x[0]] * 2); same(tf.expand_dims(x, 0), x[None]); same(tf.squeeze(x[None]), x)
same(tf.eye(3), np.eye(3)); same(tf.linspace(0.0, 1.0, 5), np.linspace(0, 1, 5)); same(tf.identity(x), x)
same(tf.ones_like(x), 1 + 0 * x); same(tf.zeros_like(x), 0 * x); same(tf.ones((2,)), [1, 1]); same(tf.zeros(2), [0, 0])
same(tf.fill((2,), 3), [3, 3]); same(tf.range(2, 8, 3), [2, 5]); same(tf.repeat(x, 2, axis=0), x.repeat(2, 0))
same(tf.reshape(x, (4, -1)), x.reshape(4, -1)); same(tf.roll(x, 1, axis=1), np.roll(x, 1, 1))
same(tf.searchsorted([1.0, 3.0], [2.0]), [1]); same(tf.stack([x, y], axis=1), np.stack([x, y], 1))
same(tf.stop_gradient(x), x); same(tf.tensordot(x, y, axes=[[1], [1]]), x @ y.T); same(tf.tile(x, (1, 2)), np.tile(x, 2))
same(tf.unstack(x)[1], x[1]); same(tf.einsum('ij,kj->ik', x, y), x @ y.T); same(tf.cast(x, tf.int32), x.astype(int))
same(tf.concat([x, y], 0), np.concatenate([x, y])); same(tf.transpose(x), x.T); same(tf.matmul(x, y.T), x @ y.T)
same(tf.argsort([2, 1, 3], direction='DESCENDING'), [2, 0, 1]); same(tf.sort([2, 1, 3]), [1, 2, 3])
same(tf.gather(x, [1], axis=1), x[:, [1]]); same(tf.gather_nd(x, [[1, 1]]), [x[1, 1]])
same(tf.where(x > 1, x, y), np.where(x > 1, x, y)); same(tf.boolean_mask(x[0], [True, False, True, False]), x[0, [0, 2]])
same(tf.one_hot([1], 3, on_value=5.0, off_value=-1.0), [[-1, 5, -1]]); same(tf.pad(x, [[1, 1], [0, 0]], 'SYMMETRIC')[0], x[0])
same(tf.clip_by_value(x, 1, 2), x.clip(1, 2)); same(tf.clip_by_norm(x, 1.0), x / np.linalg.norm(x))
same(tf.clip_by_global_norm([x, y], 2.0)[1], np.sqrt((x**2).sum() + (y**2).sum())); same(tf.reverse(x, [0]), x[::-1])
same(tf.split(x, 2, axis=1)[0], x[:, :2]); same(tf.slice(x, [0, 1], [2, -1]), x[:2, 1:])
values, places = tf.unique([3, 1, 3]); same(values[places[2]], 3)
same(tf.meshgrid([1, 2], [3, 4], indexing='ij')[0], [[1, 1], [2, 2]])
same(tf.sequence_mask([1, 3]), [[1, 0, 0], [1, 1, 1]]); same(tf.ensure_shape(x, (None, 4)), x)
same(tf.scatter_nd([[1], [3]], [5.0, 6.0], (4,)), [0, 5, 0, 6])
same(tf.tensor_scatter_nd_update([1.0, 2.0], [[0]], [9.0]), [9, 2])
same(tf.tensor_scatter_nd_add([1.0, 2.0], [[0]], [9.0]), [10, 2])
same(tf.convert_to_tensor([1, 2]), [1, 2]); same(tf.constant(2, shape=(2,)), [2, 2]); assert tf.newaxis is None
assert tf.rank(x) == 2 and tf.size(x) == 12 and tf.is_tensor(tf.constant(1.0)) and not tf.is_tensor(x.tolist())
try:
    tf.ensure_shape(x, (3, 5))
except ValueError:
    pass
else:
    raise AssertionError
""",
)
program(
    "tf: how programs run",
    HEAD
    + """
import io, contextlib
assert tf.cond(True, lambda: 1, lambda: 2) == 1 and float(tf.constant(3.0)) == 3
same(tf.map_fn(lambda r: r.sum(), x), x.sum(1))
assert tf.function(lambda a: a + 1)(1) == 2 and tf.function(jit_compile=True)(lambda a: a)(3) == 3
assert tf.executing_eagerly() and tf.group(1, 2) is None and tf.no_op() is None
with tf.name_scope('a'), tf.device('CPU:0'), tf.control_dependencies([]):
    total, count = tf.while_loop(lambda s, i: i < 4, lambda s, i: (s + i, i + 1), (0, 0))
assert (int(total), int(count)) == (6, 4)
with contextlib.redirect_stdout(io.StringIO()) as out:
    tf.print('x:', tf.constant(1))
assert out.getvalue() == 'x: 1\\n'
same(tf.py_function(lambda a: a * 2, [x], tf.float32), 2 * x)
same(tf.numpy_function(lambda a: np.sort(a), [y], [tf.float32])[0], np.sort(y))
for switch in (tf.disable_eager_execution, tf.enable_eager_execution, tf.disable_v2_behavior, tf.enable_v2_behavior):
    switch()
class Net(tf.Module):
    def __init__(self):
        super().__init__(name='net')
        self.w, self.parts = tf.Variable(1.0), {'b': tf.Variable(2.0, trainable=False)}
net = Net()
assert len(net.variables) == 2 and len(net.trainable_variables) == 1 and net.w.read_value() == 1 and net.name == 'net'
same(tf.zeros_initializer()((2,)), [0, 0]); same(tf.ones_initializer()((2,)), [1, 1])
same(tf.constant_initializer(3.0)((2,)), [3, 3])
assert abs(tf.random_normal_initializer(stddev=0.1)((100,)).mean()) < 0.1
assert tf.random_uniform_initializer(0.0, 1.0)((100,)).min() >= 0
tf.set_random_seed(1); a = tf.random.normal((3,)); tf.random.set_seed(1); same(a, tf.random.normal((3,)))
import tensorflow.compat.v1 as tf1
assert tf1.reduce_sum is tf.reduce_sum and tf.compat.v1.logging.set_verbosity(tf1.logging.ERROR) is None
levels = [tf.logging.DEBUG, tf.logging.INFO, tf.logging.WARN, tf.logging.FATAL]
assert tf.logging.get_logger().name == 'tensorflow' and sorted(levels) == levels
""",
)
program(
    "tf.random, tf.nest, tf.strings, tf.distribute, tf.dtypes",
    HEAD
    + """
assert tf.random.uniform((100,), 2, 5).min() >= 2 and tf.random.uniform((9,), 0, 3, dtype=tf.int32).max() < 3
assert abs(tf.random.truncated_normal((200,))).max() <= 2 and sorted(tf.random.shuffle(np.arange(5)).tolist()) == list(range(5))
assert tf.random.categorical(np.array([[0.0, 50.0]]), 3).tolist() == [[1, 1, 1]]
assert abs(float(tf.random.gamma((2000,), 3.0, beta=2.0).mean()) - 1.5) < 0.2
nested = {'a': [1, 2], 'b': (3,)}
assert tf.nest.flatten(nested) == [1, 2, 3] and tf.nest.map_structure(lambda v: v + 1, nested)['b'] == (4,)
assert tf.nest.pack_sequence_as(nested, [4, 5, 6])['a'] == [4, 5] and tf.nest.is_nested(nested)
tf.nest.assert_same_structure(nested, {'a': [0, 0], 'b': (0,)})
words = np.array(['Ab c', ' d '])
assert tf.strings.lower(words).tolist() == ['ab c', ' d '] and tf.strings.upper('a') == 'A'
assert tf.strings.strip(words)[1] == 'd' and tf.strings.regex_replace(words, '[A-Z]', 'x')[0] == 'xb c'
assert tf.strings.length('né', unit='UTF8_CHAR') == 2 and tf.strings.length(words).tolist() == [4, 3]
assert tf.strings.substr('hello', 1, 3) == 'ell' and tf.strings.substr('hello', -2, 2) == 'lo'
assert tf.strings.join([['a', 'b'], ['c', 'd']], '-').tolist() == ['a-c', 'b-d']
for strategy in (tf.distribute.MirroredStrategy(), tf.distribute.OneDeviceStrategy('/cpu:0'), tf.distribute.get_strategy()):
    with strategy.scope():
        assert strategy.num_replicas_in_sync == 1 and strategy.run(lambda a: a + 1, (1,)) == 2
    assert isinstance(strategy, tf.distribute.Strategy) and strategy.reduce('sum', 3, axis=None) == 3
    assert strategy.experimental_distribute_dataset([1]) == [1]
kinds = (tf.bfloat16, tf.bool, tf.complex64, tf.complex128, tf.float16, tf.float64, tf.half, tf.double, tf.int8, tf.int16,
         tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64, tf.string)
assert all(isinstance(kind, tf.DType) for kind in kinds) and tf.as_dtype(np.float32) == tf.float32 == 'float32'
assert tf.float32.is_floating and tf.float32.as_numpy_dtype is np.float32 and tf.dtypes.int32.name == 'int32'
assert tf.zeros((1,), tf.uint8).dtype == tf.uint8
""",
)
program(
    "tf.image and tf.io",
    HEAD
    + """
import os, tempfile
image = np.random.default_rng(0).uniform(0, 1, (4, 6, 3)).astype('float32')
same(tf.image.flip_up_down(image), image[::-1]); same(tf.image.rot90(image), np.rot90(image))
same(tf.image.adjust_brightness(image, 0.1), image + 0.1); same(tf.image.grayscale_to_rgb(image[..., :1])[..., 2], image[..., 0])
mean = image.mean((0, 1)); same(tf.image.adjust_contrast(image, 2.0), (image - mean) * 2 + mean)
same(tf.image.rgb_to_grayscale(image)[..., 0], image @ np.array([0.2989, 0.587, 0.114], 'float32'))
same(tf.image.crop_to_bounding_box(image, 1, 2, 2, 3), image[1:3, 2:5]); same(tf.image.central_crop(image, 0.5), image[1:3, 1:5])
same(tf.image.pad_to_bounding_box(image, 1, 2, 6, 9)[1:5, 2:8], image)
same(tf.image.convert_image_dtype(np.array([[[255]]], 'uint8'), tf.float32), [[[1]]])
same(tf.image.convert_image_dtype(np.array([[[1.0]]], 'float32'), tf.uint8), [[[255]]])
standard = tf.image.per_image_standardization(image); same(standard.mean(), 0); same(standard.std(), 1)
assert tf.image.resize(image, (8, 3)).shape == (8, 3, 3); same(tf.image.resize(image, (2, 3), method='nearest'), image[1::2, 1::2])
same(tf.image.adjust_saturation(image, 1.0), image); same(tf.image.adjust_hue(image, 1.0), image)
assert abs(tf.image.adjust_saturation(image, 0.0).std(-1)).max() < 1e-6
tf.keras.backend.set_image_data_format('channels_first')  # which tf.image does not ask
assert tf.image.resize(image, (8, 3)).shape == (8, 3, 3); same(tf.image.adjust_hue(image, 1.0), image)
assert tf.image.rgb_to_grayscale(image).shape == (4, 6, 1) and tf.image.extract_patches(image[None], (1, 2, 2, 1), (1, 2, 2, 1), (1, 1, 1, 1), 'VALID').shape == (1, 2, 3, 12)
tf.keras.backend.set_image_data_format('channels_last')
for change in (lambda i: tf.image.random_brightness(i, 0.2), lambda i: tf.image.random_contrast(i, 0.5, 2.0),
               lambda i: tf.image.random_saturation(i, 0.5, 2.0), lambda i: tf.image.random_hue(i, 0.1)):
    assert change(image).shape == image.shape and not np.allclose(change(image), image)
for flip, turned in ((tf.image.random_flip_left_right, image[:, ::-1]), (tf.image.random_flip_up_down, image[::-1])):
    assert {tuple(np.asarray(flip(image))[0, 0]) for _ in range(20)} == {tuple(image[0, 0]), tuple(turned[0, 0])}
patches = tf.image.extract_patches(image[None], [1, 2, 2, 1], [1, 2, 2, 1], [1, 1, 1, 1], 'VALID')
same(patches[0, 1, 2], image[2:4, 4:6].reshape(-1))
assert tf.image.random_crop(image, (2, 3, 3)).shape == (2, 3, 3)
folder = tempfile.mkdtemp()
from PIL import Image
Image.fromarray((image * 255).astype('uint8')).save(os.path.join(folder, 'a.png'))
data = tf.io.read_file(os.path.join(folder, 'a.png'))
for decode in (tf.io.decode_image, tf.io.decode_png, tf.io.decode_jpeg, tf.image.decode_image, tf.image.decode_png, tf.image.decode_jpeg):
    same(decode(data, channels=3), (image * 255).astype('uint8'))
assert tf.io.decode_image(data, channels=1).shape == (4, 6, 1)
tf.io.write_file(os.path.join(folder, 'b.bin'), b'abc')
tf.io.gfile.makedirs(os.path.join(folder, 'c/d'))
assert tf.io.gfile.exists(os.path.join(folder, 'b.bin')) and tf.io.gfile.listdir(folder) == ['a.png', 'b.bin', 'c']
assert len(tf.io.gfile.glob(folder + '/*.bin')) == 1 and tf.io.gfile.GFile(os.path.join(folder, 'b.bin')).read() == 'abc'
""",
)
program(
    "tf.linalg, tf.debugging, tf.config",
    HEAD
    + """
m = np.array([[4.0, 1.0], [1.0, 3.0]], 'float32')
same(tf.linalg.cholesky(m), np.linalg.cholesky(m)); same(tf.linalg.det(m), 11); same(tf.linalg.inv(m), np.linalg.inv(m))
same(tf.linalg.logdet(m), np.log(11)); same(tf.linalg.solve(m, m), np.eye(2)); same(tf.linalg.trace(m), 7)
q, r = tf.linalg.qr(m); same(np.asarray(q) @ np.asarray(r), m); same(tf.linalg.diag_part(m), [4, 3])
same(tf.linalg.diag(np.array([1.0, 2.0])), [[1, 0], [0, 2]]); same(tf.linalg.band_part(m, 0, -1), np.triu(m))
same(tf.linalg.matvec(m, m[0]), m @ m[0]); same(tf.linalg.matmul(m, m, transpose_a=True), m.T @ m)
same(tf.linalg.einsum('ij->ji', m), m.T); same(tf.linalg.eye(2), np.eye(2)); same(tf.linalg.norm(m), np.linalg.norm(m))
same(tf.linalg.tensordot(m, m, 1), m @ m); same(tf.linalg.l2_normalize(m), m / np.linalg.norm(m))
tf.debugging.assert_equal(m, m); tf.debugging.assert_greater(m, 0); tf.debugging.assert_less(m, 5)
tf.debugging.assert_all_finite(m, 'finite'); same(tf.debugging.check_numerics(m, 'finite'), m)
for check in (lambda: tf.debugging.assert_equal(m, 1), lambda: tf.debugging.assert_all_finite(np.inf, 'told'),
              lambda: tf.debugging.assert_near(m, m + 1), lambda: tf.debugging.assert_shapes([(m, (3, 2))])):
    try:
        check()
    except ValueError:
        continue
    raise AssertionError
cpus = tf.config.list_physical_devices('CPU')
assert cpus[0].device_type == 'CPU' and tf.config.experimental.list_physical_devices('TPU') == []
tf.config.set_visible_devices(cpus, 'CPU'); tf.config.experimental.set_memory_growth(cpus[0], True)
tf.config.run_functions_eagerly(True); tf.config.run_functions_eagerly(False)
""",
)
program(
    "tf.nn",
    HEAD
    + """
import math
exp = np.exp(x - x.max(-1, keepdims=True))
same(tf.nn.softmax(x), exp / exp.sum(-1, keepdims=True)); same(tf.nn.log_softmax(x), np.log(exp / exp.sum(-1, keepdims=True)))
z = x - 1.5
relu = z.clip(0)
same(tf.nn.relu(z), relu); same(tf.nn.relu6(4 * z), (4 * relu).clip(max=6)); same(tf.nn.elu(z), np.where(z > 0, z, np.expm1(z)))
same(tf.nn.leaky_relu(z), np.where(z > 0, z, 0.2 * z)); same(tf.nn.sigmoid(z), 1 / (1 + np.exp(-z))); same(tf.nn.tanh(z), np.tanh(z))
same(tf.nn.silu(z), z / (1 + np.exp(-z))); same(tf.nn.swish(z), tf.nn.silu(z)); same(tf.nn.softplus(z), np.log1p(np.exp(z)))
same(tf.nn.softsign(z), z / (1 + abs(z))); same(tf.nn.selu(np.array([1.0])), [1.05070098])
same(tf.nn.gelu(np.array([1.0]), approximate=False), [0.5 * (1 + math.erf(1 / math.sqrt(2)))])
same(tf.nn.l2_loss(x), (x**2).sum() / 2); same(tf.nn.bias_add(x, x[0]), x + x[0]); same(tf.nn.embedding_lookup(x, [2, 0]), x[[2, 0]])
mean, variance = tf.nn.moments(x, axes=[0]); same(mean, x.mean(0)); same(variance, x.var(0)); same(tf.nn.l2_normalize(x, 1)[0], x[0] / np.linalg.norm(x[0]))
kept = np.asarray(tf.nn.dropout(np.ones((1000,), 'float32'), rate=0.5)); assert set(kept.tolist()) == {0.0, 2.0}
s = x.reshape(1, 6, 2)
same(tf.nn.conv1d(s, np.ones((2, 2, 1), 'float32'), 1, 'VALID')[0, :, 0], s[0].sum(1)[:-1] + s[0].sum(1)[1:])
image = x.reshape(1, 3, 2, 2)
same(tf.nn.depthwise_conv2d(image, 2 * np.ones((1, 1, 2, 1), 'float32'), [1, 1, 1, 1], 'SAME'), 2 * image)
same(tf.nn.max_pool(image, [1, 3, 2, 1], 1, 'VALID').reshape(-1), image.max((0, 1, 2)))
same(tf.nn.avg_pool(image, (3, 2), 1, 'VALID').reshape(-1), image.mean((0, 1, 2)))
""",
)
program(
    "tf.data: the rest",
    HEAD
    + """
D = tf.data.Dataset
assert [e.tolist() for e in D.from_tensors(np.arange(2))] == [[0, 1]]
assert [int(e) for e in D.range(3).concatenate(D.range(1))] == [0, 1, 2, 0]
assert [(int(i), int(e)) for i, e in D.range(5, 7).enumerate(start=1)] == [(1, 5), (2, 6)]
assert [int(e) for e in D.range(6).shard(3, 1)] == [1, 4] and list(D.range(2).as_numpy_iterator()) == [0, 1]
assert tf.data.experimental.AUTOTUNE == tf.data.AUTOTUNE and len(D.range(4).take(9)) == 4
model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer='ones', use_bias=False, input_shape=(4,))])
model.compile('sgd', 'mse')
pairs = D.from_tensor_slices((x, x.sum(1, keepdims=True))).batch(2)
same(model.evaluate(pairs, verbose=0), 0); same(model.predict(pairs.map(lambda a, b: a), verbose=0)[:, 0], x.sum(1))
assert len(model.fit(pairs.repeat(), steps_per_epoch=3, epochs=1, verbose=0).history['loss']) == 1
for i, (a, b) in pairs.map(lambda a, b: (tf.cast(a, 'float64'), b)).take(1).enumerate():
    assert i.numpy() == 0 and a.shape.as_list() == [2, 4] and a.get_shape().rank == 2 and b.numpy().shape == (2, 1)
    same(model(a).numpy(), b.numpy())
assert [[e.numpy() for e in window] for window in D.range(3).window(2)] == [[0, 1], [2]]
assert [e.numpy() for e in D.from_tensor_slices(['ab', 'c'])] == [b'ab', b'c']
assert type(next(D.range(2).map(lambda e: e + 1).as_numpy_iterator())) is np.int64
""",
)
program(
    "tf and tf.math: counting, segments, polynomials",
    HEAD
    + """
same(tf.math.count_nonzero(x > 1, axis=1), (x > 1).sum(1)); same(tf.math.scalar_mul(2.0, x), 2 * x)
same(tf.math.polyval([2.0, 1.0, 3.0], x), 2 * x**2 + x + 3); same(tf.math.angle(1j * x), np.full((3, 4), np.pi / 2))
ids, rows = np.array([1, 0, 1]), [x[1], x[[0, 2]].sum(0)]
same(tf.math.unsorted_segment_sum(x, ids, 2), rows); same(tf.math.unsorted_segment_max(x, ids, 2), [x[1], x[2]])
same(tf.math.unsorted_segment_min(x, ids, 2), [x[1], x[0]])
same(tf.math.unsorted_segment_mean(x, ids, 3), [rows[0], rows[1] / 2, 0 * x[0]])
same(tf.math.segment_mean(x, np.array([0, 0, 1])), [x[:2].mean(0), x[2]])
same(tf.add_n([x, x, y]), 2 * x + y); assert tf.as_string(np.array([1, 23])).tolist() == ['1', '23']
assert tf.as_string(1.5) == '1.500000' and not tf.is_symbolic_tensor(x) and tf.is_symbolic_tensor(tf.keras.Input((2,)))
same(tf.histogram_fixed_width([0.0, 1.5, 4.9, 7.0], [0.0, 5.0], nbins=5), [1, 1, 0, 0, 2])
same(tf.linalg.matrix_transpose(x), x.T); same(tf.linalg.set_diag(np.ones((2, 2), 'float32'), [3, 4]), [[3, 1], [1, 4]])
tf.debugging.assert_greater_equal(x, x); tf.debugging.assert_less_equal(x, x + 1)
same(tf.switch_case(1, [lambda: x, lambda: y]), y)
with tf.init_scope():
    same(tf.switch_case(5, {0: lambda: x, 1: lambda: y}), y)
""",
)
program(
    "tf.nn, tf.image, tf.signal: squares, boxes, windows",
    HEAD
    + """
pictures = np.arange(32, dtype='float32').reshape(1, 4, 2, 4)
squares = tf.nn.depth_to_space(pictures, 2)
assert squares.shape == (1, 8, 4, 1); same(tf.nn.space_to_depth(squares, 2), pictures)
same(squares[0, :2, :2, 0], [[0, 1], [2, 3]]); same(tf.nn.top_k(x, 1)[1], [[3]] * 3)
same(tf.image.total_variation(pictures), [np.abs(np.diff(pictures, axis=1)).sum() + np.abs(np.diff(pictures, axis=2)).sum()])
boxes = np.array([[0, 0, 2, 2], [0, 0, 2, 1.9], [3, 3, 4, 4]], 'float32')
same(tf.image.non_max_suppression(boxes, [0.5, 0.9, 0.3], 3), [1, 2])
places, scores = tf.image.non_max_suppression_with_scores(boxes, [0.5, 0.9, 0.3], 3, 1.0, soft_nms_sigma=0.5)
same(places, [1, 2, 0]); same(scores, [0.9, 0.3, 0.5 * np.exp(-0.95**2)])
assert tf.image.resize(pictures, (2, 2), tf.image.ResizeMethod.NEAREST_NEIGHBOR).shape == (1, 2, 2, 4)
for name in ('fft', 'ifft', 'rfft'):
    same(getattr(tf.signal, name)(x), getattr(np.fft, name)(x))
for name in ('fft2d', 'ifft2d', 'rfft2d'):
    same(getattr(tf.signal, name)(x), getattr(np.fft, name.removesuffix('d'))(x))
same(tf.signal.irfft(tf.signal.rfft(x), [4]), x); same(tf.signal.irfft2d(tf.signal.rfft2d(x), [3, 4]), x)
same(tf.signal.frame(x[0], 2, 1), [x[0, 0:2], x[0, 1:3], x[0, 2:4]]); assert tf.signal.frame(x, 3, 2, True).shape == (3, 2, 3)
same(tf.signal.hann_window(4), [0, 0.5, 1, 0.5]); same(tf.signal.hamming_window(3, periodic=False), [0.08, 1, 0.08])
same(tf.signal.stft(x, 4, 1)[:, 0], np.fft.rfft(x * np.array([0, 0.5, 1, 0.5])))
""",
)
program(
    "tf: a derivative by nothing, TensorBoard's files, names of the inside",
    """
import os, tempfile
import numpy as np, tensorflow as tf
from tensorflow.python.framework import ops, tensor_shape
from tensorflow.python.ops import array_ops, math_ops
from tensorflow.python.framework.config import disable_op_determinism, enable_op_determinism, is_op_determinism_enabled
from tensorflow.python.eager import context
assert math_ops.reduce_sum(array_ops.ones((2, 3))) == 6 and ops.convert_to_tensor([1.0]).shape == (1,)
assert tensor_shape.TensorShape([None, 2]).rank == 2
tf.random.set_seed(3)
enable_op_determinism(); assert is_op_determinism_enabled() and context.global_seed() == 3; disable_op_determinism()
a, b = tf.Variable([1.0, 2.0]), tf.Variable([3.0])
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(a * a)
da, db = tape.gradient(loss, [a, b], unconnected_gradients=tf.UnconnectedGradients.ZERO)
assert da.numpy().tolist() == [2, 4] and db.numpy().tolist() == [0]
folder = tempfile.mkdtemp()
writer = tf.summary.create_file_writer(folder)
assert not tf.summary.scalar('nowhere', 1.0, step=1)
with writer.as_default(step=2):
    assert tf.summary.scalar('loss', tf.constant(0.5)) and tf.summary.histogram('weights', [1.0, 2.0], step=3)
    assert tf.summary.image('x', np.zeros((1, 4, 4, 3), 'uint8'))
writer.close()
data = open(os.path.join(folder, os.listdir(folder)[0]), 'rb').read()
assert b'loss' in data and b'weights' in data and b'PNG' in data
e = tf.errors
for error in (e.AlreadyExistsError, e.InvalidArgumentError, e.NotFoundError, e.OpError, e.OutOfRangeError,
              e.PermissionDeniedError, e.ResourceExhaustedError, e.UnimplementedError):
    assert issubclass(error, Exception)
assert tf.version.VERSION == tf.__version__ and tf.version.GIT_VERSION == tf.version.COMPILER_VERSION
assert tf.config.list_logical_devices('CPU')
""",
)
program(
    "tf.io.gfile: files moved, copied, removed; one_hot without values",
    """
import tempfile, tensorflow as tf
assert tf.one_hot([1, 0], 3, on_value=None, off_value=None).numpy().tolist() == [[0, 1, 0], [1, 0, 0]]
assert tf.one_hot([1], 2, on_value=5.0).numpy().tolist() == [[0, 5]]
g = tf.io.gfile
home = tempfile.mkdtemp()
inner = g.join(home, 'a', 'b')
g.makedirs(inner); assert g.isdir(inner) and not g.isdir(g.join(inner, 'c'))
with g.GFile(g.join(inner, 'x'), 'w') as file:
    file.write('1')
g.copy(g.join(inner, 'x'), g.join(inner, 'y')); g.rename(g.join(inner, 'y'), g.join(inner, 'z'))
assert g.listdir(inner) == ['x', 'z'] and len(g.glob(g.join(inner, '*'))) == 2
for move in (g.copy, g.rename):
    try:
        move(g.join(inner, 'x'), g.join(inner, 'z'))
        raise AssertionError
    except FileExistsError:
        pass
g.copy(g.join(inner, 'x'), g.join(inner, 'z'), overwrite=True); g.remove(g.join(inner, 'z'))
assert g.listdir(inner) == ['x']; g.rmtree(home); assert not g.exists(home)
""",
)
