"""keras.ops.image: pictures resized, moved, filtered and compared."""

# ruff: noqa: F401, I001 - a list of public names
# fmt: off
from lamina.ops.image.colour import hsv_to_rgb, rgb_to_grayscale, rgb_to_hsv
from lamina.ops.image.filters import gaussian_blur, sobel_edges, ssim
from lamina.ops.image.size import (
    crop_images, extract_patches, extract_patches_3d, pad_images, resize, scale_and_translate,
)
from lamina.ops.image.transform import affine_transform, elastic_transform, map_coordinates, perspective_transform
