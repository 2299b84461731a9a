"""Pictures mixed with each other, and changed by layers that are chosen at random."""

import grain
import jax
import keras
import numpy as np
import pytest
from tests.layers.oracle import assert_same, case, each

import lamina
from lamina import layers

# Keras asks for 64 bits in MixUp.
pytestmark = pytest.mark.filterwarnings("ignore:(?s).*Explicitly requested dtype")

PIXELS = (np.random.default_rng(0).random((3, 6, 5, 3)) * 255).astype("float32")
LABELS = np.eye(3, dtype="float32")
MASKS = (PIXELS[..., :1] // 64).astype("float32")
BOXES = {"boxes": np.array([[[1, 1, 3, 4], [0, 0, 5, 6]]] * 3, "float32"), "labels": np.array([[1, 2]] * 3, "int32")}


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_labels_and_masks_are_mixed_like_the_pictures(name):
    ours, theirs = (getattr(library.layers, name)(seed=1) for library in (lamina, keras))
    given = ours({"images": PIXELS, "labels": LABELS, "segmentation_masks": PIXELS})
    wanted = theirs({"images": PIXELS, "labels": LABELS})
    assert_same({key: given[key] for key in wanted}, wanted, 1e-4)
    np.testing.assert_allclose(given["segmentation_masks"], given["images"], rtol=1e-5)
    order = ours.get_random_transformation(PIXELS, seed=1)["permutation_order"]
    assert sorted(order.tolist()) == [0, 1, 2]
    masks = getattr(layers, name)(seed=1)({"images": PIXELS, "segmentation_masks": MASKS})["segmentation_masks"]
    assert masks.shape == MASKS.shape


@pytest.mark.parametrize("name", ["MixUp", "CutMix"])
def test_class_numbers_are_not_mixed(name):
    layer = getattr(layers, name)(seed=1)
    with pytest.raises(ValueError, match="to_categorical"):
        layer({"images": PIXELS, "labels": np.arange(3)})
    assert layer({"images": PIXELS, "labels": np.arange(3.0)})["labels"].shape == (3,)
    assert_same(
        layer({"images": PIXELS, "labels": np.arange(3)}, training=False)["labels"], np.arange(3, dtype="int32")
    )


def test_mixed_pictures_have_the_boxes_of_both():
    layer = layers.MixUp(bounding_box_format="xyxy")
    mix = {"mix_weight": np.full(3, 0.5), "permutation_order": np.array([2, 0, 1])}
    given = layer.transform_bounding_boxes({"boxes": BOXES["boxes"], "labels": np.arange(6).reshape(3, 2)}, mix)
    assert given["boxes"].shape == (3, 4, 4)
    assert given["labels"].tolist() == [[0, 1, 4, 5], [2, 3, 0, 1], [4, 5, 2, 3]]


# --- layers chosen at random -----------------------------------------------------------------------------------


def as_keras(layer, transformation):
    """Write what AugMix drew as Keras does: the chosen layers by name, each with its transformation."""
    links = [
        [
            (layer._names[index], seed)
            for index, seed in zip(indices.tolist(), seeds, strict=True)
            if index < len(layer._names)  # else a gap
        ]
        for indices, seeds in zip(transformation["layer_idxes"], transformation["seeds"], strict=True)
    ]
    drawn = [
        [{"layer_name": n, "transformation": layer._drawn(getattr(layer, n), PIXELS.shape, s)} for n, s in chain]
        for chain in links
    ]
    return {**transformation, "chain_transforms": drawn}


@pytest.mark.slow
def test_chains_are_mixed_as_by_keras():
    arguments = {"num_chains": 2, "chain_depth": 3, "seed": 3, "factor": (0.2, 0.5), "all_ops": False}
    ours, theirs = layers.AugMix(**arguments), keras.layers.AugMix(**arguments)
    transformation = ours.get_random_transformation(PIXELS)
    theirs_transformation = as_keras(ours, transformation)
    assert any(theirs_transformation["chain_transforms"])
    for method, x in (("transform_images", PIXELS), ("transform_segmentation_masks", MASKS)):
        assert_same(getattr(ours, method)(x, transformation), getattr(theirs, method)(x, theirs_transformation), 1e-3)


def test_layers_of_a_chain_are_those_of_keras():
    for all_ops in (True, False):
        ours, theirs = layers.AugMix(all_ops=all_ops), keras.layers.AugMix(all_ops=all_ops)
        assert sorted(ours._names) == sorted(theirs._augment_layers)
        for name in ours._names:
            mine, wanted = getattr(ours, name).get_config(), getattr(theirs, name).get_config()
            assert {**mine, "name": 0, "dtype": 0} == {**wanted, "name": 0, "dtype": 0}


@each([case("AugMix", seed=1, factor=0.2), case("AugMix", all_ops=False, data_format="channels_first", seed=2)])
def test_configs_equal_those_of_keras(case):
    case.check_config()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "arguments"), [("RandAugment", {"num_ops": 3}), ("AugMix", {"all_ops": False})])
def test_programs_choose_as_eager_calls_do(name, arguments):
    layer = getattr(layers, name)(seed=1, factor=(0.2, 0.4), bounding_box_format="xyxy", **arguments)
    data = {"images": PIXELS, "segmentation_masks": MASKS, "bounding_boxes": BOXES}

    def run(key):
        with lamina.StatelessScope([(layer.generator.state, key)]):
            return layer(data, training=True)

    program = jax.jit(run)
    outputs = []
    for seed in (1, 2):
        key = np.array([seed, 0], "uint32")
        outputs.append(program(key)["images"])
        for given, wanted in zip(*map(jax.tree_util.tree_leaves, (program(key), run(key))), strict=True):
            assert given.dtype == wanted.dtype
            assert np.mean(np.abs(given - wanted) > 0.05) < 0.05  # a rounded step may fall to the other side
    assert not np.allclose(*outputs)


def test_the_chosen_layers_move_masks_and_boxes_too():
    layer = layers.RandAugment(num_ops=1, seed=1, interpolation="nearest", bounding_box_format="xyxy")
    drawn = layer.get_random_transformation(PIXELS)
    for index, name in enumerate(layer._names[:3]):
        part, change = getattr(layer, name), {**drawn, "layer_idxes": np.array([index])}
        assert_same(
            layer.transform_segmentation_masks(MASKS, change),
            part.transform_segmentation_masks(MASKS, drawn["transforms"][name]),
        )
        assert_same(
            layer.transform_bounding_boxes(BOXES, change),
            part.transform_bounding_boxes(BOXES, drawn["transforms"][name]),
        )
    stay = {**drawn, "layer_idxes": np.array([3])}
    assert_same(layer.transform_segmentation_masks(MASKS, stay), MASKS)
    assert_same(layer.transform_bounding_boxes(BOXES, stay), BOXES)


@pytest.mark.slow
def test_models_are_trained_on_other_mixtures_in_each_step():
    model = lamina.Sequential([
        layers.Input((6, 5, 3)), layers.RandomElasticTransform(seed=1), layers.CutMix(), layers.MixUp(),
        layers.Flatten(), layers.Dense(1),
    ])  # fmt: skip
    model.compile("sgd", "mse")
    before = np.asarray(model.layers[0].generator.state.value)
    history = model.fit(PIXELS / 255, np.ones((3, 1)), epochs=2, verbose=0).history["loss"]
    assert np.all(np.isfinite(history))
    assert np.any(model.layers[0].generator.state.value != before)
    np.testing.assert_allclose(lamina.Sequential(model.layers[:3]).predict(PIXELS, verbose=0), PIXELS)


def test_pictures_are_prepared_in_a_data_pipeline():
    prepare = layers.Pipeline([layers.RandomFlip(seed=1, bounding_box_format="xyxy"), layers.CenterCrop(4, 4)])
    source = [{"images": image} for image in PIXELS]
    prepared = list(grain.MapDataset.source(source).map(prepare))
    assert [item["images"].shape for item in prepared] == [(4, 4, 3)] * 3
