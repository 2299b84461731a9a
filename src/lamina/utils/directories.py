"""Datasets of the files in folders: a folder for each class."""

import os
from pathlib import Path

import numpy as np

from lamina.core import config
from lamina.utils import audio, images
from lamina.utils.dataset import Dataset

_COLOURS = ("rgb", "rgba", "grayscale")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """Return a Dataset of the pictures in a folder, a subfolder for each class, as `fit` takes it.

    Shapes:   pictures (batch, height, width, channels) float32 from 0 to 255; labels (batch,) int32, (batch, 1)
              float32 for "binary", (batch, classes) float32 for "categorical"
    Args:
        directory: the folder.
        labels: "inferred" from the subfolders, None, or a list with a number for each file in the order of names.
        label_mode: "int", "binary", "categorical", or None.
        class_names: the subfolders, in the order of their numbers; by default all, sorted.
        color_mode: "rgb", "rgba" or "grayscale".
        batch_size: pictures in a batch [count]; None gives single pictures.
        image_size: (height, width) that all are resized to [pixels].
        shuffle: whether they come in another order each time.
        seed: for that order.
        validation_split: part that is kept for validation [fraction 0-1].
        subset: "training", "validation", or "both", which returns two Datasets.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        follow_links: whether subfolders that are links are looked into.
        crop_to_aspect_ratio, pad_to_aspect_ratio: whether pictures are cut, or get black margins, instead of being
            distorted.
        data_format: the order of axes.
        format: kept for Keras's sake: the same Dataset stands for "tf" and "grain".
        verbose: whether the number of files is printed.
    Returns:  Dataset with `class_names` and `file_paths`.
    Raises:   ValueError for arguments that make no sense, or if there are no pictures.
    Source:   Keras 3 `image_dataset_from_directory`.
    """
    if color_mode not in _COLOURS:
        raise ValueError(f"`color_mode` must be one of {set(_COLOURS)}. Received: color_mode={color_mode}")
    size = (image_size, image_size) if isinstance(image_size, int) else image_size
    if not isinstance(size, list | tuple) or len(size) != 2:
        raise ValueError(f"Invalid `image_size` value. Expected a tuple of 2 integers. Received: image_size={size}")
    if interpolation.lower() not in images.METHODS:
        raise ValueError(
            f"Argument `interpolation` should be one of {images.METHODS}. Received: interpolation={interpolation}"
        )
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio`, `crop_to_aspect_ratio` can be set to `True`.")
    _assert_format(format)
    first = config.standardize_data_format(data_format) == "channels_first"

    def read(path):
        picture = images.img_to_array(images.load_img(path, color_mode), data_format="channels_last")
        picture = images.fit_to_shape(
            picture, tuple(size), interpolation.lower(), crop_to_aspect_ratio, pad_to_aspect_ratio
        )
        return picture.transpose(2, 0, 1) if first else picture

    files = _Files(directory, labels, label_mode, class_names, follow_links, (".bmp", ".gif", ".jpeg", ".jpg", ".png"))
    return files.datasets(read, np.stack, batch_size, shuffle, seed, validation_split, subset, verbose)


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    format="tf",
    verbose=True,
):
    """Return a Dataset of the .txt files in a folder, a subfolder for each class.

    Args:
        max_length: texts are cut behind so many bytes.
        directory, labels, label_mode, …: see `image_dataset_from_directory`.
    Returns:  Dataset of (texts, labels); texts are arrays of Python strings.
    Source:   Keras 3 `text_dataset_from_directory`.
    """
    _assert_format(format)

    def read(path):
        return Path(path).read_bytes()[:max_length].decode("utf-8", errors="ignore")  # the cut may split a letter

    def batch(texts):
        return np.array(texts, dtype=object)

    files = _Files(directory, labels, label_mode, class_names, follow_links, (".txt",))
    return files.datasets(read, batch, batch_size, shuffle, seed, validation_split, subset, verbose)


def audio_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    sampling_rate=None,
    output_sequence_length=None,
    ragged=False,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    verbose=True,
):
    """Return a Dataset of the .wav files in a folder, a subfolder for each class.

    Shapes:   sounds (batch, steps, channels) float32 from -1 to 1; shorter ones end in zeros
    Args:
        sampling_rate: what all are resampled to [hertz].
        output_sequence_length: length that all are cut or filled up to [steps].
        ragged: whether a batch is an array of arrays of several lengths.
        directory, labels, label_mode, …: see `image_dataset_from_directory`.
    Raises:   ValueError for arguments that make no sense, or a file that is no PCM sound.
    Source:   Keras 3 `audio_dataset_from_directory`.
    """
    if ragged and output_sequence_length is not None:
        raise ValueError("Cannot set both `ragged` and `output_sequence_length`")
    if sampling_rate is not None and (not isinstance(sampling_rate, int) or sampling_rate <= 0):
        raise ValueError(
            f"`sampling_rate` should have an integer value higher than 0. Received: sampling_rate={sampling_rate}"
        )

    def read(path):
        sound = audio.read(path, sampling_rate)
        return sound if output_sequence_length is None else audio.fit_to_length(sound, output_sequence_length)

    def batch(sounds):
        if ragged:
            together = np.empty(len(sounds), dtype=object)
            together[:] = sounds
            return together
        longest = max(len(sound) for sound in sounds)
        return np.stack([audio.fit_to_length(sound, longest) for sound in sounds])

    files = _Files(directory, labels, label_mode, class_names, follow_links, (".wav",))
    return files.datasets(read, batch, batch_size, shuffle, seed, validation_split, subset, verbose)


def _assert_format(format):
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')


class _Files:
    """The files of a folder and their labels."""

    def __init__(self, directory, labels, label_mode, class_names, follow_links, endings):
        if label_mode not in ("int", "categorical", "binary", None):
            raise ValueError(
                '`label_mode` argument must be one of "int", "categorical", "binary", or None. Received: '
                f"label_mode={label_mode}"
            )
        if labels not in ("inferred", None) and not isinstance(labels, list | tuple):
            raise ValueError(
                "`labels` argument should be a list/tuple of integer labels, of the same size as the number of files, "
                f'"inferred" or None. Received: labels={labels}'
            )
        if labels != "inferred" and class_names:
            raise ValueError(
                f'You can only pass `class_names` if `labels="inferred"`. Received: labels={labels}, and '
                f"class_names={class_names}"
            )
        self.directory, self.endings = directory, endings
        self.label_mode = None if labels is None else label_mode
        if self.label_mode is None:
            labels = None
        self._find(labels, class_names, follow_links)
        if self.label_mode == "binary" and len(self.class_names) != 2:
            raise ValueError(
                'When passing `label_mode="binary"`, there must be exactly 2 class_names. Received: '
                f"class_names={self.class_names}"
            )

    def _find(self, labels, class_names, follow_links):
        if labels != "inferred":
            self.paths = self._below(self.directory, follow_links)
            self.labels = None if labels is None else np.asarray(labels, "int32")
            self.class_names = None if labels is None else [str(label) for label in sorted(set(labels))]
            if labels is not None and len(labels) != len(self.paths):
                raise ValueError(
                    "Expected the lengths of `labels` to match the number of files in the target directory. "
                    f"len(labels) is {len(labels)} while we found {len(self.paths)} files in directory "
                    f"{self.directory}."
                )
            return
        folders = sorted(entry.name for entry in os.scandir(self.directory) if entry.is_dir())
        folders = [name for name in folders if not name.startswith(".")]
        if class_names is not None and not set(class_names) <= set(folders):
            raise ValueError(
                "The `class_names` passed did not match the names of the subdirectories of the target directory. "
                f"Expected: {folders} (or a subset of it), but received: class_names={class_names}"
            )
        self.class_names = list(class_names or folders)
        found = [self._below(os.path.join(self.directory, name), follow_links) for name in self.class_names]
        self.paths = [path for paths in found for path in paths]
        self.labels = np.repeat(np.arange(len(found), dtype="int32"), [len(paths) for paths in found])

    def _below(self, folder, follow_links):
        walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
        return [
            os.path.join(root, name)
            for root, _, names in walk
            for name in sorted(names)
            if name.lower().endswith(self.endings)
        ]

    def datasets(self, read, together, batch_size, shuffle, seed, validation_split, subset, verbose):
        """Return a Dataset, or two: `read(path)` makes an element, `together(elements)` a batch of them."""
        _assert_split(validation_split, subset, shuffle, seed)
        if verbose:
            classes = "" if self.labels is None else f" belonging to {len(self.class_names)} classes"
            print(f"Found {len(self.paths)} files{classes}.")
        seed = np.random.randint(1_000_000) if seed is None else seed
        order = np.arange(len(self.paths))
        if shuffle:
            np.random.RandomState(seed).shuffle(order)
        kept = len(order) - int((validation_split or 0) * len(order))
        parts = {"training": order[:kept], "validation": order[kept:], None: order}
        wanted = ["training", "validation"] if subset == "both" else [subset]
        for name in wanted:
            if not len(parts[name]):
                raise ValueError(
                    f"No {name + ' ' if name else ''}files found in directory {self.directory}. Allowed formats: "
                    f"{self.endings}"
                )
        found = [
            self._dataset(parts[name], read, together, batch_size, seed if shuffle and name != "validation" else None)
            for name in wanted
        ]
        return found[0] if len(found) == 1 else found

    def _dataset(self, numbers, read, together, batch_size, seed):
        rng = None if seed is None else np.random.default_rng(seed)

        def make():
            order = numbers if rng is None else rng.permutation(numbers)
            for first in range(0, len(order), batch_size or 1):
                at = order[first : first + (batch_size or 1)]
                elements = [read(self.paths[i]) for i in at]
                labels = None if self.labels is None else self._targets(at)
                if batch_size is None:
                    yield elements[0] if labels is None else (elements[0], labels[0])
                else:
                    batch = together(elements)
                    yield batch if labels is None else (batch, labels)

        dataset = Dataset(make, -(-len(numbers) // (batch_size or 1)))
        dataset.class_names = self.class_names
        dataset.file_paths = [self.paths[i] for i in numbers]
        return dataset

    def _targets(self, at):
        labels = self.labels[at]
        if self.label_mode == "binary":
            return labels.astype("float32")[:, None]
        if self.label_mode == "categorical":
            return np.eye(len(self.class_names), dtype="float32")[labels]
        return labels


def _assert_split(validation_split, subset, shuffle, seed):
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(f"`validation_split` must be between 0 and 1, received: {validation_split}")
    if bool(validation_split) != bool(subset):
        raise ValueError("If `subset` is set, `validation_split` must be set, and inversely.")
    if subset not in ("training", "validation", "both", None):
        raise ValueError(f'`subset` must be either "training", "validation" or "both", received: {subset}')
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` argument, to make sure that "
            "there is no overlap between the training and validation subset."
        )
