"""Layers that change pictures at random while a model is trained, so that it sees more than the data."""

from lamina.layers.random_images.choosing import AugMix, RandAugment
from lamina.layers.random_images.colour import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomColorJitter,
    RandomContrast,
    RandomGrayscale,
    RandomHue,
    RandomInvert,
    RandomPosterization,
    RandomSaturation,
    Solarization,
)
from lamina.layers.random_images.focus import RandomElasticTransform, RandomGaussianBlur, RandomSharpness
from lamina.layers.random_images.geometry import (
    RandomFlip,
    RandomPerspective,
    RandomRotation,
    RandomShear,
    RandomTranslation,
    RandomZoom,
)
from lamina.layers.random_images.mixing import CutMix, MixUp
from lamina.layers.random_images.patches import RandomCrop, RandomErasing

__all__ = [
    "AugMix",
    "CutMix",
    "MixUp",
    "RandAugment",
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomColorJitter",
    "RandomContrast",
    "RandomCrop",
    "RandomElasticTransform",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterization",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomTranslation",
    "RandomZoom",
    "Solarization",
]
