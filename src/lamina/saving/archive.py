"""The `.keras` file: a zip archive of metadata.json, config.json, model.weights.h5 and perhaps assets/.

What comes out of an archive is data from a stranger: names, sizes and checksums are looked at before it is used.
"""

import io
import json
import os
import zipfile
import zlib

from lamina.core import errors

CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets"

# A member may claim any size in a few bytes: above the floor, it must not be compressed beyond belief.
_UNSUSPICIOUS_BYTES = 1 << 26
_LARGEST_EXPANSION = 100
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError)


class Archive:
    """The members of a `.keras` file, or of a folder with the same files.

    Args:
        source: path, or an open binary file.
    Raises:   ValueError (FileError L401, L404) if it is no archive, damaged, or holds names or sizes that are refused.
    """

    def __init__(self, source):
        self.path = source
        self._zip = None
        if isinstance(source, str) and os.path.isdir(source):
            self.names = _without_links(_files_below(source), source)
        else:
            self._zip = _open_zip(source)
            self.names = _checked_names(self._zip.infolist(), source)
        for name in (CONFIG, WEIGHTS):
            if name not in self.names:
                raise damaged(source, f"it holds no {name}.")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._zip is not None:
            self._zip.close()

    def read(self, name):
        """Return the bytes of a member."""
        try:
            if self._zip is None:
                with open(os.path.join(self.path, name), "rb") as file:
                    return file.read()
            return self._zip.read(name)
        except _DAMAGE as error:
            raise damaged(self.path, f"{name} cannot be read ({error}).") from error

    def place(self, name):
        """Return an open binary file, and where in it a member begins and how many bytes it has."""
        content = io.BytesIO(self.read(name))
        return content, 0, len(content.getbuffer())

    def size(self, name):
        """Return how many bytes a member has."""
        if self._zip is None:
            return os.path.getsize(os.path.join(self.path, name))
        return self._zip.getinfo(name).file_size

    def config(self):
        """Return the description of the model, a dict."""
        try:
            config = json.loads(self.read(CONFIG))
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"{CONFIG} is no JSON ({error}).") from error
        if not isinstance(config, dict) or "class_name" not in config:
            raise damaged(self.path, f"{CONFIG} describes no model.")
        return config

    def version(self):
        """Return the version of Keras that wrote the file; that of today if the file does not say."""
        if METADATA not in self.names:
            return "3"
        try:
            metadata = json.loads(self.read(METADATA))
        except (ValueError, RecursionError) as error:
            raise damaged(self.path, f"{METADATA} is no JSON ({error}).") from error
        return str(metadata.get("keras_version", "3")) if isinstance(metadata, dict) else "3"

    def extract_assets(self, folder):
        """Copy the assets into `folder` and return where they lie, or `None` if there are none."""
        names = [name for name in self.names if name.startswith(f"{ASSETS}/")]
        for name in names:
            target = os.path.join(folder, *name.split("/"))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:
                file.write(self.read(name))
        return os.path.join(folder, ASSETS) if names else None


def write_archive(path, members, assets=None):
    """Write a `.keras` file.

    Args:
        path: the file.
        members: dict from member names to bytes.
        assets: folder whose files are added under `assets/`.
    """
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for name in _files_below(assets) if assets else ():
            archive.write(os.path.join(assets, name), f"{ASSETS}/{name}")


def damaged(path, what):
    """Return the error for a file that cannot be used."""
    return errors.FileError(
        errors.message(
            "L401",
            f"{path} cannot be loaded: {what}",
            why="the copy was cut short, or the file was not written by `model.save()`.",
            fix="copy or download it again; files that load are made by `model.save('name.keras')`.",
        )
    )


def _open_zip(path):
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise
    except _DAMAGE as error:
        raise damaged(path, f"it is no zip archive, or only part of one ({error}).") from error


def _checked_names(infos, path):
    """Return the names of the members if there is nothing wrong with them and their sizes, one by one and together."""
    names = [_checked_name(info.filename, path) for info in infos if not info.is_dir()]
    if len(set(names)) < len(names):
        raise errors.FileError(f"L404: {path} is refused: it has two members of the same name.")
    claimed, stored = (sum(getattr(info, size) for info in infos) for size in ("file_size", "compress_size"))
    if claimed > _UNSUSPICIOUS_BYTES and claimed > _LARGEST_EXPANSION * stored:
        raise errors.FileError(
            f"L404: {path} is refused: its members claim {claimed:,} bytes, of which only {stored:,} are stored."
        )
    return names


def _without_links(names, folder):
    for name in names:
        if os.path.islink(os.path.join(folder, name)):
            raise errors.FileError(f"L404: {folder} is refused: '{name}' is a link to another place.")
    return names


def _checked_name(name, path):
    steps = name.replace("\\", "/").split("/")
    if ".." in steps or steps[0] == "" or ":" in steps[0]:
        raise errors.FileError(f"L404: {path} is refused: its member {name!r} points outside of the archive.")
    return name


def _files_below(folder):
    found = []
    for root, _, files in os.walk(folder):
        found += [os.path.relpath(os.path.join(root, file), folder).replace(os.sep, "/") for file in files]
    return sorted(found)
