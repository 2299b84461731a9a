"""Pictures side by side, by matplotlib: the extra `plots`."""

import math

import numpy as np

from lamina.core import config
from lamina.visualization.drawing import draw_bounding_boxes, draw_segmentation_masks


def plot_image_gallery(
    images,
    y_true=None,
    y_pred=None,
    label_map=None,
    rows=None,
    cols=None,
    value_range=(0, 255),
    scale=2,
    path=None,
    show=None,
    transparent=True,
    dpi=60,
    legend_handles=None,
    data_format=None,
):
    """Show pictures in rows and columns, with their labels above.

    Shapes:   images (batch, height, width, channels)
    Args:
        y_true, y_pred: labels (batch,), of the data and as predicted.
        label_map: dict from labels to names; wanted with labels.
        rows, cols: how many pictures stand below each other and side by side, by default about as many [count].
        value_range: the numbers that black and full colour have in `images`.
        scale: width and height of each picture [inches].
        path: file to write; None shows the gallery.
        show: whether to show it; by default without `path`.
        transparent: whether the background of the file is.
        dpi: resolution of the file [dots per inch].
        legend_handles: patches of matplotlib that explain colours.
        data_format: "channels_last", "channels_first", or None for the default.
    Raises:   ValueError for other shapes, labels without names, or both `path` and `show`; ImportError without
        matplotlib, the extra `plots`.
    Source:   Keras 3 `plot_image_gallery`.
    """
    plt = _pyplot()
    if path is not None and show:
        raise ValueError("plot_gallery() expects either `path` to be set, or `show` to be true.")
    if (y_true is not None or y_pred is not None) and label_map is None:
        raise ValueError("If `y_true` or `y_pred` are provided, a `label_map` must also be provided.")
    pictures = _bytes(_last(images, data_format), value_range)
    cols = cols or math.ceil(len(pictures) / (rows or math.ceil(math.sqrt(len(pictures)))))
    rows = rows or math.ceil(len(pictures) / cols)
    size = (cols * scale, rows * scale)
    figure, axes = plt.subplots(rows, cols, figsize=size, frameon=False, layout="tight", squeeze=False)
    for number, axis in enumerate(axes.flat):
        axis.axis("off")
        if number < len(pictures):
            axis.imshow(pictures[number], cmap="gray" if pictures.shape[-1] == 1 else None)
            if titles := list(_titles(number, y_true, y_pred, label_map)):
                axis.set_title("  ".join(titles), fontsize=8)
    figure.subplots_adjust(wspace=0, hspace=0)
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="lower center")
    if path is not None:
        figure.savefig(path, pad_inches=0, bbox_inches="tight", transparent=transparent, dpi=dpi)
    elif show or show is None:
        plt.show()
    if path is not None or show or show is None:
        plt.close(figure)


def _pyplot():
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError("Galleries are drawn by matplotlib: pip install 'lamina[plots]'") from error
    return pyplot


def _last(images, data_format):
    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(f"`images` must be a batched 4D tensor. Received: images.shape={images.shape}")
    return images.transpose(0, 2, 3, 1) if config.standardize_data_format(data_format) == "channels_first" else images


def _bytes(images, value_range):
    low, high = value_range
    return np.clip((images.astype("float32") - low) / (high - low) * 255, 0, 255).astype("uint8")


def _titles(number, y_true, y_pred, label_map):
    for word, labels in (("Label", y_true), ("Pred", y_pred)):
        if labels is not None and number < len(labels):
            yield f"{word}: {label_map.get(np.asarray(labels)[number].item(), 'Unknown')}"


def plot_bounding_box_gallery(
    images,
    bounding_box_format,
    y_true=None,
    y_pred=None,
    value_range=(0, 255),
    true_color=(0, 188, 212),
    pred_color=(255, 235, 59),
    line_thickness=2,
    font_scale=1.0,
    text_thickness=None,
    class_mapping=None,
    ground_truth_mapping=None,
    prediction_mapping=None,
    legend=False,
    legend_handles=None,
    rows=None,
    cols=None,
    data_format=None,
    **kwargs,
):
    """Show pictures with the boxes of the data and the predicted ones.

    Args:
        images, rows, cols, data_format, **kwargs: see `plot_image_gallery`.
        bounding_box_format: of the boxes; see `draw_bounding_boxes`.
        y_true, y_pred: dicts of boxes and labels, of the data and as predicted; see `draw_bounding_boxes`.
        value_range: the numbers that black and full colour have in `images`.
        true_color, pred_color: (red, green, blue) of each.
        line_thickness, text_thickness, font_scale: see `draw_bounding_boxes`.
        class_mapping, ground_truth_mapping, prediction_mapping: dicts from labels to names, for both or each.
        legend: whether the two colours are explained.
        legend_handles: patches of matplotlib that explain colours.
    Raises:   as `plot_image_gallery` and `draw_bounding_boxes`; ValueError for both `legend` and `legend_handles`.
    Source:   Keras 3 `plot_bounding_box_gallery`.
    """
    if legend and legend_handles:
        raise ValueError("Only pass `legend` OR `legend_handles` to `plot_bounding_box_gallery()`.")
    pictures = _bytes(_last(images, data_format), value_range)
    kinds = (
        ("Ground Truth", y_true, true_color, ground_truth_mapping),
        ("Prediction", y_pred, pred_color, prediction_mapping),
    )
    style = {"line_thickness": line_thickness, "text_thickness": text_thickness, "font_scale": font_scale}
    for _, boxes, color, names in kinds:
        if boxes is not None:
            pictures = draw_bounding_boxes(
                pictures,
                boxes,
                bounding_box_format,
                names or class_mapping,
                color,
                data_format="channels_last",
                **style,
            )
    if legend:
        _pyplot()
        from matplotlib.patches import Patch

        legend_handles = [Patch(color=np.array(color) / 255, label=label) for label, _, color, _ in kinds]
    last = {"data_format": "channels_last", "legend_handles": legend_handles}
    return plot_image_gallery(pictures, rows=rows, cols=cols, **last, **kwargs)


def plot_segmentation_mask_gallery(
    images,
    num_classes,
    value_range=(0, 255),
    y_true=None,
    y_pred=None,
    color_mapping=None,
    blend=True,
    alpha=0.8,
    ignore_index=-1,
    data_format=None,
    **kwargs,
):
    """Show each picture beside its mask and the predicted one, a row for each.

    Args:
        images, value_range, data_format, **kwargs: see `plot_image_gallery`.
        num_classes, color_mapping, blend, alpha, ignore_index: see `draw_segmentation_masks`.
        y_true, y_pred: masks, of the data and as predicted.
    Raises:   as `plot_image_gallery` and `draw_segmentation_masks`.
    Source:   Keras 3 `plot_segmentation_mask_gallery`.
    """
    pictures = _bytes(_last(images, data_format), value_range)
    columns = [pictures]
    for masks in (y_true, y_pred):
        if masks is not None:
            masks = _last(masks, data_format).astype("int32") if np.ndim(masks) == 4 else np.asarray(masks, "int32")
            drawn = draw_segmentation_masks(
                pictures, masks, num_classes, color_mapping, alpha, blend, ignore_index, "channels_last"
            )
            columns.append(drawn.astype("uint8"))
    side_by_side = np.stack(columns, 1).reshape(-1, *pictures.shape[1:])
    rows, cols = len(pictures), len(columns)
    return plot_image_gallery(side_by_side, rows=rows, cols=cols, data_format="channels_last", **kwargs)
