"""Every layer of the library at work, in few models: what is true of all layers is tried on these.

A model here is made by Keras and by Lamina alike. Whoever adds a layer adds it to one of them; a test counts.
"""

import keras

import lamina

OWN_TESTS = {
    "Keras's own runs with TensorFlow alone": (
        *("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization"),
    ),
    "Keras's own makes no graph of a picture": ("Equalization", "MaxNumBoundingBoxes"),
    "made of the user's functions or modules, which only names of the user's make again": (
        *("FlaxLayer", "JaxLayer", "Lambda"),
    ),
    "bases of others": ("Layer", "Wrapper"),
}
"""Layers that no model here has, by the reason."""


def vectors(k, x):
    """Layers that take (batch, 4)."""
    layers = k.layers
    y = layers.Rescaling(scale=0.5, offset=[1.0, 2.0, 0.0, -1.0])(x)
    return [
        layers.Dense(3, activation="gelu", bias_initializer="ones")(x),
        layers.SpectralNormalization(layers.Dense(3))(x),
        layers.Pipeline([layers.Rescaling(0.5), layers.Dense(2)])(x),
        layers.Activation("swish")(x),
        layers.ELU(0.5)(x),
        layers.LeakyReLU(0.3)(x),
        layers.PReLU()(x),
        layers.ReLU(6.0, 0.1)(x),
        layers.Softmax()(x),
        layers.Reshape((2, -1))(x),
        layers.RepeatVector(3)(x),
        layers.Identity()(x),
        layers.Dropout(0.2, seed=3, noise_shape=(None, 1))(x),
        layers.AlphaDropout(0.2)(x),
        layers.GaussianDropout(0.2)(x),
        layers.GaussianNoise(0.2)(x),
        layers.ActivityRegularization(l2=0.1)(x),
        layers.UnitNormalization()(x),
        layers.RMSNormalization()(x),
        layers.Normalization(mean=[1.0, 2.0, 3.0, 4.0], variance=[4.0, 1.0, 2.0, 1.0])(x),
        layers.Discretization(bin_boundaries=[-0.5, 0.0, 0.5])(x),
        layers.Add()([x, y]),
        layers.Subtract()([x, y]),
        layers.Multiply()([x, y]),
        layers.Average()([x, y]),
        layers.Maximum()([x, y]),
        layers.Minimum()([x, y]),
        layers.Concatenate()([x, y]),
        layers.Dot(axes=1)([x, y]),
    ]


def steps(k, x):
    """Layers that take (batch, 6, 3)."""
    layers = k.layers
    return [
        layers.Conv1D(2, 3, padding="causal", dilation_rate=2)(x),
        layers.Conv1DTranspose(2, 3, strides=2)(x),
        layers.DepthwiseConv1D(2, depth_multiplier=2)(x),
        layers.SeparableConv1D(2, 3)(x),
        layers.MaxPooling1D(2, strides=1)(x),
        layers.AveragePooling1D(2, padding="same")(x),
        layers.GlobalMaxPooling1D(data_format="channels_first")(x),
        layers.GlobalAveragePooling1D()(x),
        layers.AdaptiveMaxPooling1D(3)(x),
        layers.AdaptiveAveragePooling1D(2)(x),
        layers.Cropping1D((1, 2))(x),
        layers.ZeroPadding1D(2)(x),
        layers.UpSampling1D(2)(x),
        layers.Permute((2, 1))(x),
        layers.Masking(1.0)(x),
        layers.SpatialDropout1D(0.2)(x),
        layers.LayerNormalization()(x),
        layers.GroupNormalization(3)(x),
        layers.LSTM(3, return_sequences=True, dropout=0.1, go_backwards=True)(x),
        layers.GRU(3, reset_after=False)(x),
        layers.SimpleRNN(3, recurrent_regularizer="l2")(x),
        layers.RNN([layers.LSTMCell(2), layers.GRUCell(3), layers.SimpleRNNCell(2)])(x),
        layers.Bidirectional(layers.GRU(2), merge_mode="sum")(x),
        layers.TimeDistributed(layers.Dense(2))(x),
        layers.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")(x),
        layers.Attention(use_scale=True)([x, x]),
        layers.AdditiveAttention()([x, x]),
        layers.MultiHeadAttention(2, 3)(x, x),
        layers.GroupQueryAttention(2, 4, 2)(x, x),
    ]


def images(k, x):
    """Layers that take (batch, 8, 8, 3)."""
    layers = k.layers
    return [
        layers.Conv2D(3, (3, 2), strides=2, groups=3)(x),
        layers.Conv2DTranspose(2, 3, strides=2, output_padding=1)(x),
        layers.DepthwiseConv2D(3, depth_multiplier=2)(x),
        layers.SeparableConv2D(2, 3)(x),
        layers.ConvLSTM1D(2, 3)(x),
        layers.MaxPooling2D((2, 3), padding="same")(x),
        layers.AveragePooling2D(3, strides=2)(x),
        layers.GlobalMaxPooling2D(keepdims=True)(x),
        layers.GlobalAveragePooling2D()(x),
        layers.AdaptiveMaxPooling2D(3)(x),
        layers.AdaptiveAveragePooling2D((2, 4))(x),
        layers.Cropping2D(((1, 0), (2, 1)))(x),
        layers.ZeroPadding2D(((1, 0), (2, 1)))(x),
        layers.UpSampling2D((2, 3), interpolation="bilinear")(x),
        layers.Flatten("channels_first")(x),
        layers.BatchNormalization(momentum=0.9, scale=False)(x),
        layers.SpatialDropout2D(0.2)(x),
        layers.AugMix()(x),
        layers.AutoContrast()(x),
        layers.ContrastLimitedAdaptiveHistogramEqualization()(x),
        layers.CutMix()(x),
        layers.MixUp()(x),
        layers.RandAugment()(x),
        layers.RandomColorDegeneration(0.2)(x),
        layers.RandomColorJitter()(x),
        layers.RandomElasticTransform()(x),
        layers.RandomGaussianBlur()(x),
        layers.RandomSharpness(0.2)(x),
        layers.Resizing(5, 6)(x),
        layers.CenterCrop(5, 6)(x),
        layers.RandomBrightness(0.2)(x),
        layers.RandomContrast(0.2)(x),
        layers.RandomCrop(5, 6, seed=1)(x),
        layers.RandomErasing()(x),
        layers.RandomFlip(seed=1)(x),
        layers.RandomGrayscale()(x),
        layers.RandomHue(0.2)(x),
        layers.RandomInvert()(x),
        layers.RandomPerspective()(x),
        layers.RandomPosterization(4)(x),
        layers.RandomRotation(0.2)(x),
        layers.RandomSaturation(0.2)(x),
        layers.RandomShear((0.1, 0.2), (0.0, 0.1))(x),
        layers.RandomTranslation(0.2, 0.1)(x),
        layers.RandomZoom(0.2)(x),
        layers.Solarization(0.1, 0.3)(x),
    ]


def volumes(k, x):
    """Layers that take (batch, 4, 4, 4, 2)."""
    layers = k.layers
    return [
        layers.Conv3D(2, 2, use_bias=False)(x),
        layers.Conv3DTranspose(2, 2)(x),
        layers.MaxPooling3D()(x),
        layers.AveragePooling3D(2)(x),
        layers.GlobalMaxPooling3D()(x),
        layers.GlobalAveragePooling3D()(x),
        layers.AdaptiveMaxPooling3D(2)(x),
        layers.AdaptiveAveragePooling3D(2)(x),
        layers.Cropping3D(1)(x),
        layers.ZeroPadding3D(1)(x),
        layers.UpSampling3D(2)(x),
        layers.SpatialDropout3D(0.2)(x),
        layers.ConvLSTM2D(2, 2)(x),
        layers.ConvLSTM3D(2, 2)(layers.Reshape((2, 2, 4, 4, 2))(x)),
    ]


def words(k, x):
    """Layers that take (batch, 5), whole numbers below 7."""
    layers = k.layers
    return [
        layers.Embedding(7, 3, mask_zero=True)(x),
        layers.ReversibleEmbedding(7, 3)(x),
        layers.CategoryEncoding(7, output_mode="multi_hot")(x),
    ]


def sounds(k, x):
    """Layers that take (batch, 64)."""
    layers = k.layers
    return [
        layers.MelSpectrogram(num_mel_bins=8, sampling_rate=8000, sequence_stride=8, fft_length=16, max_freq=3000)(x),
        layers.STFTSpectrogram(frame_length=16)(layers.Reshape((32, 2))(x)),
    ]


GROUPS = {
    vectors: (4,),
    steps: (6, 3),
    images: (8, 8, 3),
    volumes: (4, 4, 4, 2),
    words: (5,),
    sounds: (64,),
}


def make(library, group, wanted=lambda layer: True):
    """Return the model of a group; names are counted from the start, and layers that are not wanted left out."""
    library.utils.clear_session()
    x = library.Input(GROUPS[group], dtype="int32" if group is words else "float32")
    outputs = [y for y in group(library, x) if wanted(y._keras_history.operation)]
    return library.Model(x, outputs)


def missing():
    """Return the names of the layers that are neither in a model here nor named as left out."""
    used = {type(layer).__name__ for group in GROUPS for layer in _all_layers(make(lamina, group))}
    known = {cls.__name__ for cls in vars(lamina.layers).values() if _is_layer(cls)}
    return known - used - {name for names in OWN_TESTS.values() for name in names}


def _all_layers(layer):
    inner = [*getattr(layer, "_layers", ()), *getattr(layer, "layers", ())]
    return [layer, *(found for part in inner for found in _all_layers(part))]


def _is_layer(cls):
    return isinstance(cls, type) and issubclass(cls, lamina.layers.Layer) and hasattr(keras.layers, cls.__name__)
