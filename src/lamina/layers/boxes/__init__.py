"""Bounding boxes: how they are written, how they follow pictures, how they lie to each other."""

from lamina.layers.boxes.anchors import decode_deltas_to_boxes, encode_box_to_deltas
from lamina.layers.boxes.formats import convert_format
from lamina.layers.boxes.moving import affine_transform, clip_to_image_size, crop, pad
from lamina.layers.boxes.overlap import compute_ciou, compute_iou

__all__ = [
    "affine_transform",
    "clip_to_image_size",
    "compute_ciou",
    "compute_iou",
    "convert_format",
    "crop",
    "decode_deltas_to_boxes",
    "encode_box_to_deltas",
    "pad",
]
