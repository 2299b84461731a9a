"""ImageDataGenerator: images changed at random while a model trains. Keras 1 and 2 had it; today there are layers."""

import warnings

import numpy as np

from lamina.core import config
from lamina.preprocessing.affine import apply_affine_transform, apply_brightness_shift, apply_channel_shift
from lamina.preprocessing.image_batches import from_arrays, from_folder, from_frame


class ImageDataGenerator:
    """Give batches of images, each turned, shifted, sheared, zoomed, mirrored and lit at random, and standardized.

    Args:
        featurewise_center, featurewise_std_normalization: give each channel mean zero, deviation one, by `fit`'s data.
        samplewise_center, samplewise_std_normalization: the same for each image by itself.
        zca_whitening, zca_epsilon: make features uncorrelated, by `fit`'s data.
        rotation_range, shear_range: largest angles [degrees].
        width_shift_range, height_shift_range: largest shifts: below 1 a part of the image, else [pixels]; or a list.
        brightness_range: least and most light [ratio].
        zoom_range: least and most that is seen [ratio]; a number z means (1 - z, 1 + z).
        channel_shift_range: most that is added to the channels.
        fill_mode, cval: what stands outside: "nearest", "reflect", "wrap", or "constant" with the value `cval`.
        horizontal_flip, vertical_flip: whether to mirror, by chance.
        rescale: factor for all values.
        preprocessing_function: applied to each changed image.
        data_format: "channels_last" or "channels_first".
        validation_split: part of the images that `subset="validation"` gives [fraction].
        interpolation_order: of the splines between pixels, 0 to 5.
        dtype: of the images.
    Raises:   ValueError for ranges of a wrong form.
    Source:   Keras 2 `ImageDataGenerator`; the same seeds of NumPy make the same images.
    Example:
        >>> batches = ImageDataGenerator(rescale=1 / 255).flow(np.full((3, 4, 4, 1), 255.0), batch_size=2)
        >>> len(batches), float(next(batches).max())
        (2, 1.0)
    """

    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format=None,
        validation_split=0.0,
        interpolation_order=1,
        dtype=None,
    ):
        self.data_format = config.standardize_data_format(data_format)
        self.dtype = dtype or config.floatx()
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.featurewise_std_normalization = featurewise_std_normalization and not zca_whitening
        self.featurewise_center = featurewise_center or featurewise_std_normalization or zca_whitening
        self.samplewise_std_normalization = samplewise_std_normalization
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.rotation_range, self.shear_range = rotation_range, shear_range
        self.width_shift_range, self.height_shift_range = width_shift_range, height_shift_range
        self.zoom_range = _pair("zoom_range", zoom_range, lambda z: [1 - z, 1 + z])
        self.brightness_range = None if brightness_range is None else _pair("brightness_range", brightness_range)
        self.channel_shift_range = channel_shift_range
        self.fill_mode, self.cval, self.interpolation_order = fill_mode, cval, interpolation_order
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale, self.preprocessing_function = rescale, preprocessing_function
        if validation_split and not 0 < validation_split < 1:
            raise ValueError(f"`validation_split` must be strictly between 0 and 1. Received: {validation_split}")
        self.validation_split = validation_split
        self.mean = self.std = self.zca_whitening_matrix = None

    # --- batches -----------------------------------------------------------------------------------------------

    def flow(
        self,
        x,
        y=None,
        batch_size=32,
        shuffle=True,
        sample_weight=None,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        ignore_class_split=False,
        subset=None,
    ):
        """Return batches of arrays: images, (images, labels) or (images, labels, weights).

        Args:
            x: images of four axes, or a pair of images and other inputs.
            y, sample_weight: as many labels, weights.
            seed: seed of NumPy's generator for order and changes.
            save_to_dir, save_prefix, save_format: where the changed images are written too.
            subset: "training" or "validation".
        """
        saving = (save_to_dir, save_prefix, save_format)
        return from_arrays(self, x, y, sample_weight, batch_size, shuffle, seed, subset, ignore_class_split, saving)

    def flow_from_directory(
        self,
        directory,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        keep_aspect_ratio=False,
    ):
        """Return batches of the image files in a folder that has a folder for each class.

        Args:
            target_size: (height, width) that images are brought to [pixels].
            color_mode: "grayscale", "rgb" or "rgba".
            classes: names of the folders; by default all of them.
            class_mode: what goes with the images: "categorical", "binary", "sparse", "input" or None.
            follow_links: whether links to folders are followed.
        """
        pictures = (target_size, color_mode, interpolation, keep_aspect_ratio)
        saving = (save_to_dir, save_prefix, save_format)
        return from_folder(
            self, directory, classes, class_mode, pictures, batch_size, shuffle, seed, subset, follow_links, saving
        )

    def flow_from_dataframe(
        self,
        dataframe,
        directory=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        validate_filenames=True,
        keep_aspect_ratio=False,
    ):
        """Return batches of the image files that a column of a pandas frame names.

        Args:
            directory: folder of the files; by default the column has whole paths.
            x_col, y_col, weight_col: columns of file names, labels (one, or a list) and weights.
            class_mode: also "multi_output" and "raw", for columns of numbers.
            validate_filenames: whether names without a file are left out.
        """
        pictures = (target_size, color_mode, interpolation, keep_aspect_ratio)
        saving = (save_to_dir, save_prefix, save_format)
        columns = (x_col, y_col, weight_col)
        return from_frame(
            self, dataframe, directory, columns, classes, class_mode, pictures, batch_size, shuffle, seed, subset,
            validate_filenames, saving,
        )  # fmt: skip

    # --- one image ---------------------------------------------------------------------------------------------

    def get_random_transform(self, img_shape, seed=None):
        """Draw what is done to an image; return it by name."""
        if seed is not None:
            np.random.seed(seed)
        drawn = {
            "theta": _either_way(self.rotation_range),
            "tx": _shift(self.height_shift_range, img_shape[self.row_axis - 1]),
            "ty": _shift(self.width_shift_range, img_shape[self.col_axis - 1]),
            "shear": _either_way(self.shear_range),
        }
        still = list(self.zoom_range) == [1, 1]
        drawn["zx"], drawn["zy"] = (1, 1) if still else np.random.uniform(*self.zoom_range, 2)
        drawn["flip_horizontal"] = (np.random.random() < 0.5) * self.horizontal_flip
        drawn["flip_vertical"] = (np.random.random() < 0.5) * self.vertical_flip
        drawn["channel_shift_intensity"] = _either_way(self.channel_shift_range) if self.channel_shift_range else None
        drawn["brightness"] = None if self.brightness_range is None else np.random.uniform(*self.brightness_range)
        return drawn

    def apply_transform(self, x, transform_parameters):
        """Do to an image what `get_random_transform` has drawn, or any of it."""
        given = {"theta": 0, "tx": 0, "ty": 0, "shear": 0, "zx": 1, "zy": 1, **transform_parameters}
        row, column, channel = self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1
        moves = [given[name] for name in ("theta", "tx", "ty", "shear", "zx", "zy")]
        x = apply_affine_transform(x, *moves, row, column, channel, self.fill_mode, self.cval, self.interpolation_order)
        if given.get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, given["channel_shift_intensity"], channel)
        x = np.flip(x, column) if given.get("flip_horizontal") else x
        x = np.flip(x, row) if given.get("flip_vertical") else x
        return x if given.get("brightness") is None else apply_brightness_shift(x, given["brightness"], False)

    def random_transform(self, x, seed=None):
        """Change an image at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def standardize(self, x):
        """Scale images, and give them mean zero and deviation one where that was asked."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center and self._is_fitted("mean"):
            x = x - self.mean
        if self.featurewise_std_normalization and self._is_fitted("std"):
            x = x / (self.std + 1e-6)
        if self.zca_whitening and self._is_fitted("zca_whitening_matrix"):
            x = (x.reshape(-1, np.prod(x.shape[-3:])) @ self.zca_whitening_matrix).reshape(x.shape)
        return x

    def _is_fitted(self, name):
        if getattr(self, name) is None:
            warnings.warn(
                "This ImageDataGenerator specifies statistics of the features, but it hasn't been fit on any training "
                "data. Fit it first by calling `.fit(numpy_data)`.",
                stacklevel=4,
            )
        return getattr(self, name) is not None

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Find the statistics that standardizing needs.

        Args:
            x: images of four axes.
            augment: whether they are changed at random first, `rounds` times each.
            seed: seed of NumPy's generator.
        Raises: ValueError unless there are four axes.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Input to `.fit()` should have rank 4. Got array with shape: {x.shape}")
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            x = np.stack([self.random_transform(image) for _ in range(rounds) for image in x])
        others = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=others, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=others, keepdims=True)[0]
            x /= self.std + 1e-6
        if self.zca_whitening:
            left, values, _ = np.linalg.svd(x.reshape(len(x), -1).T, full_matrices=False)
            self.zca_whitening_matrix = (left * (np.sqrt(len(x)) / (values + self.zca_epsilon))) @ left.T


def _pair(name, value, of_number=None):
    if of_number is not None and isinstance(value, int | float):
        return of_number(value)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"`{name}` should be a tuple or list of two floats. Received: {value}")
    return list(value)


def _either_way(most):
    return np.random.uniform(-most, most) if most else 0


def _shift(most, size):
    """Draw a shift: of a list one of its entries, of a whole number up to it, else a part of the size."""
    if not np.any(most):
        return 0
    if np.ndim(most) or isinstance(most, int | np.integer):
        drawn = np.random.choice(most) * np.random.choice([-1, 1])
    else:
        drawn = np.random.uniform(-most, most)
    return drawn * size if np.max(most) < 1 else drawn
