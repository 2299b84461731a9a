"""VGG16."""

from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.vgg import preprocess_input, vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]

_HASHES = "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc"
VGG16 = vgg("VGG16", (2, 2, 3, 3, 3), (138_357_544, 14_714_688), _HASHES)
