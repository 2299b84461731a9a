"""VGG19."""

from lamina.applications.imagenet_utils import decode_predictions
from lamina.applications.vgg import preprocess_input, vgg

__all__ = ["VGG19", "decode_predictions", "preprocess_input"]

_HASHES = "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6"
VGG19 = vgg("VGG19", (2, 2, 4, 4, 4), (143_667_240, 20_024_384), _HASHES)
