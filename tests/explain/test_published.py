"""Parameters and work of networks that everybody knows, as they were published: one multiply-add counts as one."""

import pytest

import lamina
from lamina import layers

ZEROS = {"kernel_initializer": "zeros"}  # quickly made


def conv(filters, window, strides=1, **options):
    return layers.Conv2D(filters, window, strides=strides, padding="same", **ZEROS, **options)


def vgg16():
    made = [lamina.Input((224, 224, 3))]
    for filters, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        made += [conv(filters, 3, activation="relu") for _ in range(count)] + [layers.MaxPooling2D()]
    made += [layers.Flatten(), *(layers.Dense(units, **ZEROS) for units in (4096, 4096, 1000))]
    return lamina.Sequential(made)


def resnet50():
    def unit(x, filters, window, strides=1, relu=True):
        y = layers.BatchNormalization()(conv(filters, window, strides, use_bias=False)(x))
        return layers.ReLU()(y) if relu else y

    def block(x, filters, strides, project):
        shortcut = unit(x, 4 * filters, 1, strides, relu=False) if project else x
        y = unit(unit(unit(x, filters, 1), filters, 3, strides), 4 * filters, 1, relu=False)
        return layers.ReLU()(layers.Add()([shortcut, y]))

    start = x = lamina.Input((224, 224, 3))
    x = layers.MaxPooling2D(3, 2, "same")(unit(x, 64, 7, 2))
    for filters, count, strides in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(count):
            x = block(x, filters, 1 if number else strides, project=not number)
    return lamina.Model(start, layers.Dense(1000, **ZEROS)(layers.GlobalAveragePooling2D()(x)))


def bert_encoder(count=12, width=768, heads=12, steps=128):
    start = x = lamina.Input((steps, width))
    for _ in range(count):
        attended = layers.MultiHeadAttention(heads, width // heads, **ZEROS)(x, x)
        x = layers.LayerNormalization()(layers.Add()([x, attended]))
        inner = layers.Dense(width, **ZEROS)(layers.Dense(4 * width, "gelu", **ZEROS)(x))
        x = layers.LayerNormalization()(layers.Add()([x, inner]))
    return lamina.Model(start, x)


# Source: the table of weights of torchvision (parameters, 15.47 and 4.09 GFLOPS, which counts multiply-adds); of
# BERT-base the 12 layers, whose 7,087,872 parameters and products follow from the sizes in Devlin et al. 2019.
BERT_LAYER = 128 * (4 * 768 * 768 + 2 * 768 * 3072) + 2 * 128 * 128 * 768
PUBLISHED = {
    "VGG16": (vgg16, 138_357_544, 15.47e9),
    "ResNet-50": (resnet50, 25_557_032 + 2 * 26_560, 4.09e9),  # beside the weights two statistics a channel
    "BERT-base": (bert_encoder, 12 * 7_087_872, 12 * BERT_LAYER),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_exact_and_work_is_within_a_hundredth(name):
    make, parameters, multiply_adds = PUBLISHED[name]
    told = make().explain()
    assert told.parameters == parameters
    assert told.multiply_adds == pytest.approx(multiply_adds, rel=0.01)
    assert len(str(told).splitlines()) > 100
