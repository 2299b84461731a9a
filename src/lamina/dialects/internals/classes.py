"""Classes and functions that Keras has under another name inside (`keras.src.layers.convolutional.base_conv`, …)."""

from lamina.core.operation import Node
from lamina.core.variable import Variable as JaxVariable
from lamina.layers import GroupQueryAttention as GroupedQueryAttention
from lamina.layers import Layer
from lamina.layers.cells import DropoutCell as DropoutRNNCell
from lamina.layers.convolution import Convolution as BaseConv
from lamina.layers.convolutional_recurrent import ConvLSTM, ConvLSTMCell
from lamina.layers.merging import Merge
from lamina.layers.pooling import GlobalPooling as BaseGlobalPooling
from lamina.layers.pooling import Pooling as BasePooling
from lamina.optimizers import Optimizer as BaseOptimizer


class TensorFlowOpLayer(Layer):
    """The layer of a TensorFlow function in a graph of tf.keras 2: here functions are nodes, and none is a layer."""


TFOpLambda = SlicingOpLambda = TensorFlowOpLayer


__all__ = [
    "BaseConv",
    "BaseGlobalPooling",
    "BaseOptimizer",
    "BasePooling",
    "ConvLSTM",
    "ConvLSTMCell",
    "DropoutRNNCell",
    "GroupedQueryAttention",
    "JaxVariable",
    "Merge",
    "Node",
    "SlicingOpLambda",
    "TFOpLambda",
    "TensorFlowOpLayer",
]
