"""Networks of `keras.applications` that Lamina has not: their names can be imported, building one is an error.

Packages list them at import and use one or two. The names are those of Keras 3.15.
"""

from lamina.dialects import asking

_BUILDERS = frozenset(
    (
        *(f"ConvNeXt{size}" for size in ("Tiny", "Small", "Base", "Large", "XLarge")),
        *(f"DenseNet{depth}" for depth in (121, 169, 201)),
        *(f"EfficientNetB{number}" for number in range(8)),
        *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "S", "M", "L")),
        *(f"ResNet{depth}{version}" for depth in (50, 101, 152) for version in ("", "V2")),
        *("InceptionResNetV2", "InceptionV3", "Xception", "NASNetLarge", "NASNetMobile"),
        *("MobileNet", "MobileNetV2", "MobileNetV3Large", "MobileNetV3Small"),
    )
)


def has(module, name):
    """Tell whether Keras has a network under a name in a module, given as Keras 3 writes it."""
    return name in _BUILDERS and module.replace(".src.", ".").startswith("keras.applications")


def network(module, name):
    """Return what stands for a network: calling it raises NotImplementedError."""

    def build(*args, **kwargs):
        raise NotImplementedError(
            f"Lamina has no counterpart of `{module}.{name}`. Nearest: `keras.applications.VGG16`. "
            f"Asked for by {asking.who()}."
        )

    build.__name__ = name
    return build
