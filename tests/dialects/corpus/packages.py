"""In the manner of packages around Keras: what they subclass, wrap and reach for."""

from tests.dialects.corpus.registry import program

program(
    "2020: an optimizer with slots, one that extends Adam, one that wraps another",
    """
import numpy as np
import tensorflow as tf
from tensorflow.python.ops import math_ops, state_ops, control_flow_ops

class Momentum(tf.keras.optimizers.Optimizer):
    def __init__(self, learning_rate=0.1, beta=0.9, name='Momentum', **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper('learning_rate', kwargs.get('lr', learning_rate))
        self._set_hyper('decay', self._initial_decay)
        self._set_hyper('beta', beta)
    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, 'm', tf.constant_initializer(0.0))
    def _prepare_local(self, var_device, var_dtype, apply_state):
        super()._prepare_local(var_device, var_dtype, apply_state)
        apply_state[(var_device, var_dtype)]['beta'] = tf.identity(self._get_hyper('beta', var_dtype))
    def _resource_apply_dense(self, grad, var, apply_state=None):
        var_device, var_dtype = var.device, var.dtype.base_dtype
        known = (apply_state or {}).get((var_device, var_dtype)) or self._fallback_apply_state(var_device, var_dtype)
        m = self.get_slot(var, 'm')
        m_t = state_ops.assign(m, known['beta'] * m + grad, use_locking=self._use_locking)
        return control_flow_ops.group(var.assign_sub(known['lr_t'] * m_t, self._use_locking), m_t)
    def get_config(self):
        return {**super().get_config(), 'learning_rate': self._serialize_hyperparameter('learning_rate'), 'beta': self._serialize_hyperparameter('beta')}

class Shrinking(tf.keras.optimizers.Adam):
    def _resource_apply_dense(self, grad, var, apply_state=None):
        with tf.control_dependencies([var.assign_sub(0.5 * var)]):
            return super()._resource_apply_dense(grad, var, apply_state=apply_state)

class SlowFast(tf.keras.optimizers.Optimizer):
    def __init__(self, optimizer, name='SlowFast', **kwargs):
        super().__init__(name, **kwargs)
        self._optimizer = tf.keras.optimizers.get(optimizer)
    def _create_slots(self, var_list):
        self._optimizer._create_slots(var_list=var_list)
        for var in var_list:
            self.add_slot(var, 'slow', initializer=var)
    def _resource_apply_dense(self, grad, var):
        self._optimizer._resource_apply_dense(grad, var)
        slow = self.get_slot(var, 'slow')
        slow.assign(slow + 0.5 * (var - slow))

def trained(optimizer, steps=3):
    w = tf.Variable([1.0, -2.0])
    for _ in range(steps):
        optimizer.apply_gradients([(2 * w, w)])
    return w.numpy()
x = np.ones((4, 2), 'float32')
def fitted(optimizer):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer='ones', input_shape=(2,))])
    model.compile(optimizer, 'mse')
    losses = model.fit(x, np.zeros((4, 1)), epochs=3, verbose=0).history['loss']
    return losses, model
same = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5)
same(trained(Momentum()), trained(tf.keras.optimizers.SGD(0.1, momentum=0.9)))
same(fitted(Momentum(0.05))[0], fitted(tf.keras.optimizers.SGD(0.05, momentum=0.9))[0])
same(trained(Momentum(lr=0.1, beta=0.0, decay=1.0), 2), np.array([1.0, -2.0]) * 0.8 * 0.9)
again = Momentum.from_config(Momentum(0.5, beta=0.25, clipnorm=1.0).get_config())
assert float(again.lr) == 0.5 and again._get_hyper('beta') == 0.25 and again.clipnorm == 1.0
schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.2, 1, 0.5)
same(trained(Momentum(schedule, beta=0.0), 2), np.array([1.0, -2.0]) * 0.6 * 0.8)
same(trained(Shrinking(0.1), 1), np.array([0.4, -0.9]))
inner = tf.keras.optimizers.Adam(0.1)
wrapper = SlowFast(inner)
same(trained(wrapper, 3), trained(tf.keras.optimizers.Adam(0.1), 3))
losses, model = fitted(SlowFast('adam'))
same(losses, fitted(tf.keras.optimizers.Adam())[0])
assert float(abs(model.optimizer.get_slot(model.weights[0], 'slow') - model.weights[0]).max()) > 0
""",
)

program(
    "TensorFlow's private modules: what packages take from them",
    """
import tensorflow as tf
from tensorflow.python.client import device_lib
from tensorflow.python.distribute.values import DistributedVariable
from tensorflow.python.framework.errors_impl import NotFoundError
from tensorflow.python.ops import rnn_cell_impl
from keras.src.backend.tensorflow.numpy import add
from keras.src.backend.tensorflow import shape
kinds = [device.device_type for device in device_lib.list_local_devices()]
assert kinds and all(device.name.startswith('/device:' + kind) for kind, device in zip(kinds, device_lib.list_local_devices()))
assert issubclass(NotFoundError, Exception) and rnn_cell_impl._concat(2, [3, 4]) == [2, 3, 4]
v = tf.Variable([1.0, 2.0])
assert not isinstance(v, DistributedVariable) and add(v, 1).tolist() == [2, 3] and shape(v) == (2,)
assert v.value().tolist() == v.value.tolist() == [v.value() for v in [v]][0].tolist() == [1, 2] and v.dtype.is_floating
assert v.assign_add([1.0, 1.0], use_locking=True, read_value=False).tolist() == [2, 3]
tf.get_logger().setLevel('ERROR'); tf.no_gradient('Own>Op')
@tf.RegisterGradient('Own>Op')
def gradient(op, grad):
    return grad
try:
    tf.load_op_library('own.so')
except NotImplementedError as error:
    assert 'own.so' in str(error)
""",
)

program(
    "packages look up versions, the backend and NumPy's dtypes; layers take *args; models forget their states",
    """
import importlib.metadata, tempfile
import numpy as np
import tensorflow as tf
from tensorflow import keras
assert importlib.metadata.version('tensorflow') == tf.__version__ and importlib.metadata.version('tf_keras') == keras.__version__
assert importlib.metadata.version('numpy') == np.__version__ and keras.backend.backend() == 'tensorflow'
assert 'keras' in {found.metadata['Name'] for found in importlib.metadata.distributions()}
assert tf.ones(2, np.float32).dtype == tf.cast([1], np.float32).dtype == tf.random.normal((2,), dtype=np.float32).dtype == 'float32'

class Frozen(keras.layers.BatchNormalization):
    def call(self, *args, **kwargs):
        return super().call(*args, **{**kwargs, 'training': False})
inputs = keras.Input((4, 3)); outputs = Frozen()(inputs); assert outputs.shape == (None, 4, 3)
total = keras.layers.LSTM(1, stateful=True, kernel_initializer='ones', batch_input_shape=(1, 2, 1))
model = keras.Sequential([total]); x = np.ones((1, 2, 1)); first = model.predict(x, verbose=0)
assert model.predict(x, verbose=0) > first; model.reset_states(); assert model.predict(x, verbose=0) == first
weight = keras.layers.Dense(1).add_weight(shape=(1,), synchronization=tf.VariableSynchronization.ON_READ, aggregation=tf.VariableAggregation.MEAN)

class Plain(keras.optimizers.SGD):
    pass
model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,))]); model.compile(Plain(), 'mse')
path = tempfile.mkdtemp() + '/own_optimizer.h5'; model.save(path)
again = keras.models.load_model(path, custom_objects={'Plain': Plain}); assert type(again.optimizer) is Plain
""",
)

program(
    "2019: a cell of the program's own, an einsum in a layer, several at once",
    """
import numpy as np
import tensorflow as tf
class Cell(tf.keras.layers.AbstractRNNCell):
    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
    @property
    def state_size(self):
        return self.units
    @property
    def output_size(self):
        return self.units
    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer='ones', name='kernel')
    def call(self, inputs, states):
        output = tf.einsum('bi,io->bo', inputs, self.kernel) + states[0]
        return output, [output]
x = np.arange(12.0, dtype='float32').reshape(2, 3, 2)
inputs = tf.keras.Input((3, 2))
model = tf.keras.Model(inputs, tf.keras.layers.RNN(Cell(4))(inputs))
np.testing.assert_allclose(model.predict(x, verbose=0), np.repeat(x.sum((1, 2))[:, None], 4, 1))
""",
)

program(
    "2022: None where an argument has two names, optimizers by name, what layers of layers track",
    """
import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K
x = np.arange(6.0, dtype='float32').reshape(2, 3)
assert tf.reduce_sum(x, axis=1, keep_dims=None, reduction_indices=None).tolist() == [3, 12]
assert tf.reduce_sum(x, reduction_indices=0, keep_dims=True).tolist() == [[3, 5, 7]]
assert K.reshape(x, shape=(3, 2)).shape == (3, 2)
assert isinstance(tf.keras.optimizers.get('adam', use_legacy_optimizer=True), tf.keras.optimizers.Adam)
class Outer(tf.keras.layers.Wrapper):
    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self._track_trackable(layer, name='layer')
    def call(self, inputs):
        return 2 * self.layer(inputs)
outer = Outer(tf.keras.layers.Dense(1, kernel_initializer='ones'))
assert outer(x).tolist() == [[6], [24]] and len(outer.weights) == 2
""",
)
