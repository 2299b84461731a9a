"""The batches of an ImageDataGenerator: from arrays, from folders of image files, from a table of file names."""

import os
import threading
from pathlib import Path

import numpy as np

from lamina.utils import PyDataset
from lamina.utils.images import COLOR_MODES, FORMATS, img_to_array, load_img, save_img


class ImageBatches(PyDataset):
    """Batches of images, in order or shuffled; a dataset for `fit`, and an iterator without end.

    Args:
        generator: the ImageDataGenerator that changes the images.
        images: function from a number to an image as an array.
        count: number of images.
        targets: function from an array of numbers to what goes with the images, as a tuple.
        shape: of one image.
        saving: (folder, prefix, format) of the changed images, folder None for none.
        facts: attributes that programs read: `class_indices`, `filenames`, `classes`, ….
    """

    def __init__(self, generator, images, count, targets, shape, batch_size, shuffle, seed, saving, facts):
        super().__init__()
        self.image_data_generator, self.images, self.targets = generator, images, targets
        self.n = self.samples = count
        self.batch_size, self.shuffle, self.seed = batch_size, shuffle, seed
        self.image_shape, self.saving = tuple(shape), saving
        self.batch_index = self.total_batches_seen = 0
        self.index_array = None
        self.lock = threading.Lock()
        for name, value in facts.items():
            setattr(self, name, value)

    def __len__(self):
        return -(-self.n // self.batch_size)

    def __getitem__(self, index):
        if index >= len(self):
            raise ValueError(f"Asked to retrieve element {index}, but the Sequence has length {len(self)}")
        self._seed()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._new_order()
        return self._batch(self.index_array[self.batch_size * index : self.batch_size * (index + 1)])

    def __iter__(self):
        return self

    def __next__(self):
        with self.lock:
            self._seed()
            if self.batch_index == 0:
                self._new_order()
            start = self.batch_index * self.batch_size
            self.batch_index = self.batch_index + 1 if self.n > start + self.batch_size else 0
            self.total_batches_seen += 1
            chosen = self.index_array[start : start + self.batch_size]
        return self._batch(chosen)

    next = __next__

    def reset(self):
        """Start again with the first batch."""
        self.batch_index = 0

    def on_epoch_end(self):
        """Draw a new order."""
        self._new_order()

    def _new_order(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def _seed(self):
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def _batch(self, chosen):
        generator = self.image_data_generator
        batch = np.zeros((len(chosen), *self.image_shape), generator.dtype)
        for place, number in enumerate(chosen):
            changed = generator.random_transform(self.images(number).astype(generator.dtype))
            batch[place] = generator.standardize(changed)
        folder, prefix, ending = self.saving
        for image, number in zip(batch, chosen, strict=True) if folder else ():
            name = f"{prefix}_{number}_{np.random.randint(1e7)}.{ending}"
            save_img(Path(folder) / name, image, generator.data_format)
        parts = self.targets(batch, chosen)
        return parts[0] if len(parts) == 1 else parts


def from_arrays(generator, x, y, sample_weight, batch_size, shuffle, seed, subset, ignore_class_split, saving):
    """Return batches of arrays; see `ImageDataGenerator.flow`.

    Raises: ValueError if lengths differ, or images have not four axes, or a part of them lacks a class.
    """
    x, others = (x[0], x[1] if isinstance(x[1], list) else [x[1]]) if isinstance(x, tuple | list) else (x, [])
    columns = {
        "x": x,
        **{f"x[{i}]": other for i, other in enumerate(others, 1)},
        "y": y,
        "sample_weight": sample_weight,
    }
    columns = {name: np.asarray(column) for name, column in columns.items() if column is not None}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"Images, labels and weights should have the same length. Found: {lengths}")
    cut = int(len(x) * generator.validation_split)
    part = _part(subset, cut)
    if subset is not None and y is not None and not ignore_class_split:
        _check_classes(columns["y"], cut)
    columns = {name: column[part] for name, column in columns.items()}
    images = columns.pop("x").astype(generator.dtype)
    if images.ndim != 4:
        raise ValueError(f"Input data should have rank 4. You passed an array with shape {images.shape}")
    inputs = [columns.pop(name) for name in list(columns) if name.startswith("x[")]

    def targets(batch, chosen):
        first = [batch, *(other[chosen] for other in inputs)] if inputs else batch
        return (first, *(column[chosen] for column in columns.values()))

    facts = {"x": images, "y": columns.get("y"), "sample_weight": columns.get("sample_weight")}
    shape = images.shape[1:]
    return ImageBatches(
        generator, images.__getitem__, len(images), targets, shape, batch_size, shuffle, seed, saving, facts
    )


def _part(subset, cut):
    parts = {None: slice(None), "validation": slice(cut), "training": slice(cut, None)}
    if subset not in parts:
        raise ValueError(f'Invalid subset name: {subset}; expected "training" or "validation".')
    return parts[subset]


def _check_classes(y, cut):
    if not np.array_equal(np.unique(y[:cut]), np.unique(y[cut:])):
        raise ValueError(
            "Training and validation subsets have different number of classes after the split. If your numpy arrays "
            "are sorted by the label, you might want to shuffle them."
        )


def from_folder(
    generator, directory, classes, class_mode, picture, batch_size, shuffle, seed, subset, follow_links, saving
):
    """Return batches of the files in a folder of folders; see `ImageDataGenerator.flow_from_directory`."""
    _check_mode(class_mode, ("categorical", "binary", "sparse", "input", None))
    names = list(classes or sorted(item.name for item in Path(directory).iterdir() if item.is_dir()))
    files, numbers = [], []
    for number, name in enumerate(names):
        found = _files_in(Path(directory) / name, follow_links)
        kept = found[_part(subset, int(len(found) * generator.validation_split))]
        files += [os.path.join(name, file) for file in kept]
        numbers += [number] * len(kept)
    print(f"Found {len(files)} images belonging to {len(names)} classes.")
    paths = [os.path.join(directory, file) for file in files]
    indices = {name: number for number, name in enumerate(names)}
    labels = _labels(class_mode, np.array(numbers, "int32"), len(names), generator.dtype)
    facts = {
        "directory": directory,
        "filenames": files,
        "classes": np.array(numbers, "int32"),
        "class_indices": indices,
    }
    facts |= {"num_classes": len(names)}
    return _of_files(generator, paths, labels, class_mode, picture, batch_size, shuffle, seed, saving, facts)


def from_frame(
    generator,
    frame,
    directory,
    columns,
    classes,
    class_mode,
    picture,
    batch_size,
    shuffle,
    seed,
    subset,
    validate,
    saving,
):
    """Return batches of the files that a frame names; see `ImageDataGenerator.flow_from_dataframe`.

    Raises: ValueError for an unknown `class_mode`; TypeError where labels are not of the kind it wants.
    """
    _check_mode(class_mode, ("categorical", "binary", "sparse", "input", "multi_output", "raw", None))
    x_col, y_col, weight_col = columns
    frame = frame.copy()
    paths = frame[x_col].map(lambda name: os.path.join(directory or "", name))
    if validate:
        valid = paths.map(lambda path: path.lower().endswith(FORMATS) and os.path.isfile(path))
        frame, paths = frame[valid], paths[valid]
    facts = {"directory": directory or ""}
    if class_mode in ("categorical", "binary", "sparse"):
        if not all(isinstance(label, str) for label in frame[y_col]):
            raise TypeError(f'If class_mode="{class_mode}", y_col="{y_col}" column values must be strings.')
        names = list(classes or sorted(set(frame[y_col])))
        known = frame[y_col].isin(names)
        frame, paths = frame[known], paths[known]
        facts["class_indices"] = {name: number for number, name in enumerate(names)}
    part = _part(subset, int(len(frame) * generator.validation_split))
    frame, paths = frame[part], paths[part]
    facts |= {"filenames": frame[x_col].tolist()}
    weights = None if weight_col is None else frame[weight_col].to_numpy()
    if class_mode == "raw":
        labels = frame[y_col].to_numpy()
    elif class_mode == "multi_output":
        labels = [np.array(frame[column].tolist()) for column in y_col]
    elif "class_indices" in facts:
        facts["classes"] = np.array([facts["class_indices"][label] for label in frame[y_col]], "int32")
        labels = _labels(class_mode, facts["classes"], len(names), generator.dtype)
    else:
        labels = None
    print(
        f"Found {len(paths)} validated image filenames"
        + (f" belonging to {len(names)} classes." if "class_indices" in facts else ".")
    )
    return _of_files(
        generator, paths.tolist(), labels, class_mode, picture, batch_size, shuffle, seed, saving, facts, weights
    )


def _of_files(generator, paths, labels, class_mode, picture, batch_size, shuffle, seed, saving, facts, weights=None):
    size, color_mode, interpolation, keep_aspect_ratio = picture
    if color_mode not in COLOR_MODES:
        raise ValueError(f'Invalid color mode: {color_mode}; expected "rgb", "rgba", or "grayscale".')
    channels = {"grayscale": 1, "rgb": 3, "rgba": 4}[color_mode]
    first = generator.data_format == "channels_first"
    shape = (channels, *size) if first else (*size, channels)

    def image(number):
        path = paths[number]
        loaded = load_img(path, color_mode, size, interpolation, keep_aspect_ratio)
        return img_to_array(loaded, generator.data_format, "float32")

    def targets(batch, chosen):
        if class_mode is None:
            return (batch,)
        if class_mode == "input":
            own = batch.copy()
        else:
            own = [part[chosen] for part in labels] if isinstance(labels, list) else labels[chosen]
        return (batch, own) if weights is None else (batch, own, weights[chosen])

    facts |= {"filepaths": paths, "labels": facts.get("classes", labels), "class_mode": class_mode, "target_size": size}
    facts |= {"color_mode": color_mode, "sample_weight": weights}
    return ImageBatches(generator, image, len(paths), targets, shape, batch_size, shuffle, seed, saving, facts)


def _labels(class_mode, numbers, count, dtype):
    return np.eye(count, dtype=dtype)[numbers] if class_mode == "categorical" else numbers.astype(dtype)


def _check_mode(class_mode, modes):
    if class_mode not in modes:
        raise ValueError(f"Invalid class_mode: {class_mode}; expected one of: {modes}")


def _files_in(folder, follow_links):
    """Return the image files in a folder and its folders, in order, relative to it."""
    found = []
    for root, _, names in sorted(os.walk(folder, followlinks=follow_links)):
        names = sorted(name for name in names if name.lower().endswith(FORMATS))
        found += [os.path.relpath(os.path.join(root, name), folder) for name in names]
    return found
