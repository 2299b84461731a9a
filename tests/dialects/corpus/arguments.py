"""Every argument of the table: the old call makes the same object as the modern one."""

from tests.dialects.corpus.registry import program

HEAD = """
import numpy as np, keras
from keras.layers import *
from keras.optimizers import *
def same(old, modern):
    a, b = old.get_config(), modern.get_config()
    a.pop('name', 0), b.pop('name', 0)
    assert a == b, (a, b)
"""

program(
    "1.2: arguments of Dense and of convolutions",
    HEAD
    + """
same(Dense(output_dim=2), Dense(2))
same(Dense(2, init='ones', bias=False), Dense(2, kernel_initializer='ones', use_bias=False))
same(Dense(2, W_regularizer='l1', b_regularizer='l2'), Dense(2, kernel_regularizer='l1', bias_regularizer='l2'))
same(Dense(2, W_constraint='non_neg', b_constraint='max_norm'), Dense(2, kernel_constraint='non_neg', bias_constraint='max_norm'))
dense = Dense(2, weights=[np.full((3, 2), 2.0), np.ones(2)], batch_input_shape=(None, 3))
np.testing.assert_array_equal(keras.Sequential([dense]).predict(np.ones((1, 3)), verbose=0), [[7, 7]])
same(Conv1D(nb_filter=2, filter_length=3, subsample_length=2), Conv1D(2, 3, strides=2))
same(Conv1D(2, 3, atrous_rate=2), Conv1D(2, 3, dilation_rate=2))
for layer in (Conv2D, SeparableConv2D, Conv2DTranspose):
    same(layer(nb_filter=2, nb_row=3, nb_col=5), layer(2, (3, 5)))
    same(layer(2, 3, border_mode='same', subsample=(2, 2)), layer(2, 3, padding='same', strides=(2, 2)))
    same(layer(2, 3, dim_ordering='tf'), layer(2, 3, data_format='channels_last'))
same(Conv3D(2, 3, border_mode='same', init='ones'), Conv3D(2, 3, padding='same', kernel_initializer='ones'))
same(Convolution2D(2, 3, 3), Conv2D(2, (3, 3)))
""",
)
program(
    "1.2: arguments of recurrent layers and of Embedding",
    HEAD
    + """
for layer in (SimpleRNN, GRU, LSTM):
    same(layer(output_dim=2, input_length=3, input_dim=4), layer(2))
    same(layer(2, init='ones', U_regularizer='l2'), layer(2, kernel_initializer='ones', recurrent_regularizer='l2'))
    same(layer(2, dropout_W=0.1, dropout_U=0.2), layer(2, dropout=0.1, recurrent_dropout=0.2))
    same(layer(2, inner_init='ones', consume_less='cpu', implementation=2), layer(2, recurrent_initializer='ones'))
    model = keras.Sequential([layer(2, batch_input_shape=(None, 3, 4))])
    assert model.input_shape == (None, 3, 4) and model.output_shape == (None, 2)
    assert keras.Sequential([layer(2, input_length=3, input_dim=4)]).input_shape == (None, 3, 4)
same(LSTM(2, inner_activation='tanh', forget_bias_init='zero'), LSTM(2, recurrent_activation='tanh', unit_forget_bias=False))
same(GRU(2, time_major=False), GRU(2))
same(Embedding(3, 2, init='ones', W_regularizer='l2', W_constraint='non_neg', input_length=4, dropout=0.1),
     Embedding(3, 2, embeddings_initializer='ones', embeddings_regularizer='l2', embeddings_constraint='non_neg'))
table = np.arange(6.0).reshape(3, 2)
np.testing.assert_array_equal(Embedding(3, 2, weights=[table])(np.array([2])), table[[2]])
""",
    "dropout=",
)
program(
    "1.2: arguments of all other layers, models and optimizers",
    HEAD
    + """
from keras.models import Model, Sequential
for layer in (MaxPooling1D, AveragePooling1D):
    same(layer(pool_length=3, stride=2, border_mode='same'), layer(3, strides=2, padding='same'))
for layer in (MaxPooling2D, AveragePooling2D, MaxPooling3D, AveragePooling3D):
    same(layer(2, border_mode='same', subsample=1), layer(2, padding='same', strides=1))
    same(layer(2, dim_ordering='tf'), layer(2, data_format='channels_last'))
for layer in (GlobalMaxPooling2D, GlobalAveragePooling2D, UpSampling2D, ZeroPadding2D):
    same(layer(dim_ordering='tf'), layer(data_format='channels_last'))
same(UpSampling1D(length=3), UpSampling1D(3)); same(GaussianNoise(sigma=0.1), GaussianNoise(0.1))
for layer in (Dropout, GaussianDropout, SpatialDropout1D, SpatialDropout2D):
    same(layer(p=0.5), layer(0.5))
same(LeakyReLU(alpha=0.2), LeakyReLU(0.2)); same(Reshape(dims=(2, 1)), Reshape((2, 1)))
same(BatchNormalization(mode=0, beta_init='ones', gamma_init='zeros'), BatchNormalization(beta_initializer='ones', gamma_initializer='zeros'))
for layer in (RepeatVector(2, batch_input_shape=(None, 3)), Activation('relu', batch_input_shape=(None, 3)), Dropout(0.1, batch_input_shape=(None, 3)),
              BatchNormalization(batch_input_shape=(None, 3)), Flatten(batch_input_shape=(None, 3)), Reshape((1, 3), batch_input_shape=(None, 3))):
    assert Sequential([layer]).input_shape == (None, 3)
for layer in (Masking(batch_input_shape=(None, 2, 3)), Permute((2, 1), batch_input_shape=(None, 2, 3)),
              TimeDistributed(Dense(1), batch_input_shape=(None, 2, 3)), Bidirectional(LSTM(1), batch_input_shape=(None, 2, 3))):
    assert Sequential([layer]).input_shape == (None, 2, 3)
for optimizer in (SGD, RMSprop, Adagrad, Adadelta, Adam, Adamax, Nadam, Ftrl):
    same(optimizer(lr=0.25), optimizer(0.25))
    assert float(optimizer(lr=0.5, decay=0.0).learning_rate) == 0.5
    made = optimizer(lr=0.5, decay=0.25)
    assert made.get_config()['decay'] == 0.25 and float(made.learning_rate) == 0.5
same(Nadam(0.1, schedule_decay=0.004), Nadam(0.1))
x = keras.Input((2,)); model = Model(input=x, output=Dense(1)(x))
model.compile('sgd', 'mse', class_mode='binary', sample_weight_mode=None)
data = np.ones((4, 2)), np.ones((4, 1))
model.fit(*data, nb_epoch=1, show_accuracy=False, workers=1, use_multiprocessing=False, max_queue_size=10, verbose=0)
model.fit(*data, nb_worker=1, max_q_size=10, pickle_safe=False, verbose=0)
model.evaluate(*data, show_accuracy=False, workers=1, use_multiprocessing=False, max_queue_size=10, verbose=0)
model.predict(data[0], workers=1, use_multiprocessing=False, max_queue_size=10, verbose=0)
""",
    "stddev=",
    "InverseTimeDecay",
)
