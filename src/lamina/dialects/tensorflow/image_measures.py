"""`tf.image`: what is measured on images and drawn on them."""

import numpy as np

from lamina import ops

__all__ = [
    "draw_bounding_boxes",
    "extract_patches",
    "image_gradients",
    "non_max_suppression",
    "non_max_suppression_with_scores",
    "psnr",
    "sobel_edges",
    "ssim",
    "total_variation",
]


def psnr(a, b, max_val, name=None):
    """Return how close pictures are, for each [dB]."""
    a, b = (ops.cast(x, "float32") for x in (a, b))
    return 10 * ops.log10(max_val**2 / ops.mean(ops.square(a - b), axis=(-3, -2, -1)))


def ssim(img1, img2, max_val, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, return_index_map=False):
    """Return how alike pictures look, for each, or for each place: 1 for equal ones. Source: Wang et al. 2004."""
    places = np.arange(filter_size) - (filter_size - 1) / 2
    weights = np.exp(-(places**2) / (2 * filter_sigma**2))
    window = np.outer(weights, weights) / weights.sum() ** 2
    x, y = (ops.cast(image, "float32") for image in (img1, img2))
    mean = lambda z: _windowed(z, window)  # noqa: E731
    mean_x, mean_y = mean(x), mean(y)
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    spread = mean(x * x + y * y) - mean_x**2 - mean_y**2
    shape = (2 * (mean(x * y) - mean_x * mean_y) + c2) / (spread + c2)
    return ops.mean(light * shape, axis=-1 if return_index_map else (-3, -2, -1))


def _windowed(images, window):
    """Return the weighted mean of each window of each channel."""
    channels = images.shape[-1]
    kernel = np.repeat(window.astype("float32")[..., None, None], channels, axis=2)
    flat = ops.reshape(images, (-1, *images.shape[-3:]))
    means = ops.depthwise_conv(flat, kernel, 1, "valid", "channels_last")
    return ops.reshape(means, (*images.shape[:-3], *means.shape[1:]))


def image_gradients(image):
    """Return the differences to the pixel below and to the one on the right, zero at the border."""
    down = ops.pad(image[:, 1:] - image[:, :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
    across = ops.pad(image[:, :, 1:] - image[:, :, :-1], ((0, 0), (0, 0), (0, 1), (0, 0)))
    return down, across


def sobel_edges(image):
    """Return how fast values change downwards and to the right, along a new last axis."""
    down = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "float32")
    padded = ops.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)), "reflect")
    return ops.stack([_windowed(padded, down), _windowed(padded, down.T)], axis=-1)


def draw_bounding_boxes(images, boxes, colors=None, name=None):
    """Draw boxes, rows of (top, left, bottom, right) as parts of the sides, in colours that are used in turn."""
    drawn = np.array(images, "float32")
    height, width, channels = drawn.shape[1:]
    colors = np.array([[1, 1, 0, 1]]) if colors is None else np.asarray(colors)
    for picture, rows in zip(drawn, np.asarray(boxes), strict=True):
        for number, box in enumerate(rows):
            top, left, bottom, right = (box * np.array([height - 1, width - 1] * 2)).astype(int)
            color = colors[number % len(colors), :channels]
            picture[[top, bottom], left : right + 1] = color
            picture[top : bottom + 1, [left, right]] = color
    return ops.convert_to_tensor(drawn)


def total_variation(images, name=None):
    """Return the sum of the differences between neighbours, for each image."""
    down = ops.abs(images[..., 1:, :, :] - images[..., :-1, :, :])
    across = ops.abs(images[..., :, 1:, :] - images[..., :, :-1, :])
    return ops.sum(down, (-3, -2, -1)) + ops.sum(across, (-3, -2, -1))


def non_max_suppression_with_scores(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-np.inf, soft_nms_sigma=0.0, name=None
):
    """Choose the best of boxes that overlap, rows of (top, left, bottom, right); return their numbers and scores."""
    boxes, scores = np.asarray(boxes), np.array(scores, "float32")
    chosen, kept = [], []
    while len(chosen) < max_output_size and scores.max(initial=-np.inf) > score_threshold:
        best = int(scores.argmax())
        chosen.append(best)
        kept.append(scores[best])
        overlap = _overlap(boxes[best], boxes)
        fading = np.exp(-(overlap**2) / (2 * soft_nms_sigma)) if soft_nms_sigma else 1.0
        scores = np.where(overlap > iou_threshold, -np.inf, scores * fading)
        scores[best] = -np.inf
    return ops.convert_to_tensor(chosen, "int32"), ops.convert_to_tensor(kept, "float32")


def non_max_suppression(boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=-np.inf, name=None):
    """Choose the best of boxes that overlap; return their numbers."""
    return non_max_suppression_with_scores(boxes, scores, max_output_size, iou_threshold, score_threshold)[0]


def _overlap(box, boxes):
    """Return the share that a box and each of others have in common."""
    size = np.maximum(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0)
    common = size[:, 0] * size[:, 1]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return common / np.maximum((box[2] - box[0]) * (box[3] - box[1]) + areas - common, 1e-12)


def extract_patches(images, sizes, strides, rates, padding, name=None):
    """Return the windows of images, each as one long row of channels."""
    return ops.image.extract_patches(
        images, tuple(sizes[1:3]), tuple(strides[1:3]), rates[1], padding.lower(), data_format="channels_last"
    )
