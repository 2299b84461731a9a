"""Pictures changed by layers that are chosen at random: RandAugment and AugMix."""

import functools

import jax
import jax.numpy as jnp

from lamina.core.random import draw_seed
from lamina.core.state import StatelessScope
from lamina.layers.boxes.moving import check_boxes
from lamina.layers.demands import pair_of_numbers
from lamina.layers.histograms import AutoContrast, Equalization
from lamina.layers.image_layer import images_of
from lamina.layers.random_images.base import RandomImageLayer, interval
from lamina.layers.random_images.colour import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    Solarization,
)
from lamina.layers.random_images.focus import RandomSharpness
from lamina.layers.random_images.geometry import RandomRotation, RandomShear, RandomTranslation
from lamina.random import beta, gamma, randint

_FEW = (
    "random_shear",
    "random_translation",
    "random_rotation",
    "random_posterization",
    "solarization",
    "auto_contrast",
    "equalization",
)
_ALL = (
    *_FEW[:3],
    "random_brightness",
    "random_color_degeneration",
    "random_contrast",
    "random_sharpness",
    *_FEW[3:],
)


class _ChoosingLayer(RandomImageLayer):
    """Own layers, as attributes, that change pictures in one way each."""

    def __init__(self, names, value_range, factor, interpolation, seed, data_format, **kwargs):
        super().__init__(seed, data_format, **kwargs)
        self.value_range = pair_of_numbers(self, "value_range", value_range)
        self.factor = interval(self, "factor", factor, (0, 1), least=0, strict=False)
        self.interpolation = interpolation
        self._names = names
        both = {
            "data_format": self.data_format,
            "bounding_box_format": self.bounding_box_format,
            "dtype": self.dtype_policy,
        }
        moving = {**both, "seed": seed, "interpolation": interpolation}
        colour = {**both, "seed": seed, "value_range": value_range}
        makers = {
            "random_shear": lambda f: RandomShear(f, f, **moving),
            "random_translation": lambda f: RandomTranslation(f, f, **moving),
            "random_rotation": lambda f: RandomRotation(f, **moving),
            "random_brightness": lambda f: RandomBrightness(f, **colour),
            "random_color_degeneration": lambda f: RandomColorDegeneration(f, **colour),
            "random_contrast": lambda f: RandomContrast(f, **colour),
            "random_sharpness": lambda f: RandomSharpness(f, **colour),
            "random_posterization": lambda f: RandomPosterization(max(1, int(8 * f[1])), **colour),
            "solarization": lambda f: Solarization(f, f, **colour),
            "auto_contrast": lambda f: AutoContrast(value_range, **both),
            "equalization": lambda f: Equalization(value_range, **both),
        }
        for name in names:
            setattr(self, name, makers[name](self.factor))

    def _own_layers(self):
        return [getattr(self, name) for name in self._names]


def _in_turn(step, x, choices):
    """Return step(…step(x, first)…, last) over the first axis of arrays; one loop where only the program knows them."""
    leaves = jax.tree_util.tree_leaves(choices)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
        return jax.lax.scan(lambda x, choice: (step(x, choice), None), x, choices)[0]
    for i in range(leaves[0].shape[0]):
        x = step(x, jax.tree_util.tree_map(lambda leaf, i=i: leaf[i], choices))
    return x


def _chosen(index, functions, x):
    """Apply one of the functions."""
    if isinstance(index, jax.core.Tracer):
        return jax.lax.switch(index, functions, x)
    return functions[int(index)](x)


class RandAugment(_ChoosingLayer):
    """Apply a few of eleven layers, chosen at random, to the pictures of a batch while training.

    The layers: shear, translation, rotation, brightness, color degeneration, contrast, sharpness, posterization,
    solarization, auto contrast, equalization.

    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        value_range: least and greatest value of pixels.
        num_ops: how many layers are applied, one after the other [count].
        factor: how strongly: the factor of the layers is (0, f), or a pair [fraction 0-1].
        interpolation: "bilinear" or "nearest".
        seed: integer that makes the choice repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks and boxes follow.
    Raises:   ValueError for another factor or range; NotImplementedError for another interpolation.
    Source:   Keras 3 `RandAugment` (same choice for the same seed); Cubuk et al. 2019.
    Example:
        >>> RandAugment(num_ops=1)(jnp.ones((1, 4, 4, 3)), training=True).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_ops=2,
        factor=0.5,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        super().__init__(_ALL, value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_ops = num_ops

    def get_random_transformation(self, data, training=True, seed=None):
        """Choose layers, and draw a transformation of each that might be chosen; None if there is nothing to do."""
        if not training:
            return None
        seed = self.generator if seed is None else seed
        indices = randint((self.num_ops,), 0, len(self._names), seed=seed)
        layers = zip(self._names, self._own_layers(), strict=True)
        drawn = {name: layer.get_random_transformation(data, seed=seed) for name, layer in layers}
        return {"transforms": drawn, "layer_idxes": indices}

    def _apply(self, method, x, transformation):
        def part(name):
            change = functools.partial(getattr(getattr(self, name), method), training=True)
            return lambda x: change(x, transformation["transforms"][name])

        parts = [part(name) for name in self._names]
        return _in_turn(lambda x, index: _chosen(index, parts, x), x, transformation["layer_idxes"])

    def _changed(self, images, transformation):
        return self._apply("transform_images", images, transformation)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Apply the chosen layers to the masks."""
        masks = jnp.asarray(segmentation_masks)
        if not training or transformation is None:
            return masks
        return self._apply("transform_segmentation_masks", masks, transformation)

    def transform_bounding_boxes(self, bounding_boxes, transformation=None, training=True):
        """Let the boxes follow the chosen layers."""
        if not training or transformation is None:
            return bounding_boxes
        check_boxes(bounding_boxes)
        arrays = {name: jnp.asarray(value) for name, value in bounding_boxes.items()}
        arrays["boxes"] = arrays["boxes"].astype("float32")
        return self._apply("transform_bounding_boxes", arrays, transformation)


class AugMix(_ChoosingLayer):
    """Blend pictures with a mixture of copies, each changed by a chain of layers chosen at random, while training.

    Maths:    y = clip(m x + (1 - m) sum_i w_i chain_i(x), low, high), m from Beta(alpha, alpha), w Dirichlet(alpha)
    Shapes:   x (batch, height, width, 3), or one picture -> the same
    Args:
        value_range: least and greatest value of pixels, low and high.
        num_chains: how many copies are mixed [count].
        chain_depth: how many layers, or gaps, a chain has [count].
        factor: how strongly: the factor of the layers is (0, f), or a pair [fraction 0-1].
        alpha: parameter of both distributions.
        all_ops: whether brightness, color degeneration, contrast and sharpness are among the layers; shear,
            translation, rotation, posterization, solarization, auto contrast and equalization always are.
        interpolation: "bilinear" or "nearest".
        seed: integer that makes the choice repeatable.
        data_format: "channels_last" or "channels_first"; by default the configured one.
    Training: only then; masks are changed and blended alike, as numbers, and boxes stay, as in Keras.
    Raises:   ValueError for another factor or range; NotImplementedError for another interpolation.
    Source:   Keras 3 `AugMix` (same weights for the same seed); Hendrycks et al. 2019.
    Example:
        >>> AugMix(num_chains=1, chain_depth=1)(jnp.ones((1, 4, 4, 3)), training=True).shape
        (1, 4, 4, 3)
    """

    def __init__(
        self,
        value_range=(0, 255),
        num_chains=3,
        chain_depth=3,
        factor=0.3,
        alpha=1.0,
        all_ops=True,
        interpolation="bilinear",
        seed=None,
        data_format=None,
        **kwargs,
    ):
        names = _ALL if all_ops else _FEW
        super().__init__(names, value_range, factor, interpolation, seed, data_format, **kwargs)
        self.num_chains = num_chains
        self.chain_depth = chain_depth
        self.alpha = alpha
        self.all_ops = all_ops

    def get_random_transformation(self, data, training=True, seed=None):
        """Draw the weights, and for each link of each chain a layer and a seed; None if there is nothing to do."""
        if not training:
            return None
        seed = self.generator if seed is None else seed
        weights = gamma((self.num_chains,), self.alpha, seed=seed)
        links = self.num_chains, self.chain_depth
        return {
            "chain_mixing_weights": weights / jnp.sum(weights),
            "weight_sample": beta((), self.alpha, self.alpha, seed=seed),
            "layer_idxes": randint(links, 0, len(self._names) + 1, seed=seed),  # one more: a gap
            "seeds": jax.random.split(draw_seed(seed), links),
            "input_shape": images_of(data).shape,
        }

    def _mixed(self, method, x, transformation):
        layers = self._own_layers()

        def link(x, choice):
            index, seed = choice

            def change(layer, x):
                drawn = self._drawn(layer, transformation["input_shape"], seed)
                return getattr(layer, method)(x, drawn)

            return _chosen(index, [*(functools.partial(change, layer) for layer in layers), lambda x: x], x)

        def add_chain(total, chain):
            weight, *links = chain
            return total + weight * _in_turn(link, x, links)

        names = "chain_mixing_weights", "layer_idxes", "seeds"
        weights, *links = (jnp.asarray(transformation[name]) for name in names)
        copies = _in_turn(add_chain, jnp.zeros_like(x), [weights.astype(x.dtype), *links])
        share = jnp.asarray(transformation["weight_sample"], x.dtype)
        return share * x + (1 - share) * copies

    def _drawn(self, layer, shape, seed):
        """Return the transformation of a layer that follows from a seed, uint32 (2,)."""
        with StatelessScope([(self.generator.state, seed)]):
            images = jax.ShapeDtypeStruct(shape, self.compute_dtype)
            return layer.get_random_transformation(images, seed=self.generator)

    def _changed(self, images, transformation):
        return jnp.clip(self._mixed("transform_images", images, transformation), *self.value_range)

    def transform_segmentation_masks(self, segmentation_masks, transformation=None, training=True):
        """Apply the chains to the masks, and blend them as the pictures are."""
        masks = jnp.asarray(segmentation_masks)
        if not training or transformation is None:
            return masks
        return self._mixed("transform_segmentation_masks", masks.astype(self.compute_dtype), transformation)
