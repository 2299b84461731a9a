"""Networks for images that many have used, with their published weights."""

from lamina.applications import imagenet_utils, vgg16, vgg19
from lamina.applications.vgg16 import VGG16
from lamina.applications.vgg19 import VGG19

__all__ = ["VGG16", "VGG19", "imagenet_utils", "vgg16", "vgg19"]
