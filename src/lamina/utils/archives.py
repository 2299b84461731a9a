"""Unpack archives that may be hostile: nothing leaves the folder, is a link, or is implausibly large."""

import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

from lamina.core.errors import FileError, message

LARGEST_RATIO = 200  # unpacked to packed; text packs 10 to 50 times, a bomb a thousand times
SMALL = 64 * 2**20  # [bytes] that any archive may unpack to


def extract(path, folder, kinds=("tar", "zip")):
    """Unpack an archive into a folder.

    All of it is looked at before anything is written.

    Args:
        path: the archive; tar archives may be packed with gzip, bzip2 or xz.
        folder: where to; made if needed.
        kinds: "tar", "zip", or both, in the order of trying.
    Returns:  whether the file is an archive of these kinds.
    Raises:   ValueError (FileError L420, L421) for a member that leaves the folder, links, devices and bombs.
    """
    for kind in kinds:
        if kind == "tar" and tarfile.is_tarfile(path):
            with tarfile.open(path) as archive:
                members = [_tar_member(m, archive) for m in archive.getmembers()]
                _write(members, Path(path), Path(folder))
            return True
        if kind == "zip" and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                members = [_zip_member(m, archive) for m in archive.infolist()]
                _write(members, Path(path), Path(folder))
            return True
    return False


class _Member:
    """One thing in an archive: its name, its size, whether it is a folder or something odd, how to read it."""

    def __init__(self, name, size, is_folder, is_odd, read):
        self.name = name
        self.size = size
        self.is_folder = is_folder
        self.is_odd = is_odd
        self.read = read


def _tar_member(member, archive):
    odd = not (member.isfile() or member.isdir())
    return _Member(member.name, member.size, member.isdir(), odd, lambda: archive.extractfile(member))


def _zip_member(member, archive):
    is_link = stat.S_ISLNK(member.external_attr >> 16)
    return _Member(member.filename, member.file_size, member.is_dir(), is_link, lambda: archive.open(member))


def _write(members, path, folder):
    home = folder.resolve()
    places = [_place(member, path, home) for member in members]
    total = sum(member.size for member in members)
    packed = path.stat().st_size
    if total > SMALL + LARGEST_RATIO * packed:
        raise FileError(
            message(
                "L421",
                f"{path.name} has {packed:,} bytes and claims to unpack to {total:,}.",
                why="an archive made to fill the disk.",
                fix="unpack it by hand, if you trust it.",
            )
        )
    home.mkdir(parents=True, exist_ok=True)
    for member, place in zip(members, places, strict=True):
        if member.is_folder:
            place.mkdir(parents=True, exist_ok=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        with member.read() as source, open(place, "wb") as target:
            shutil.copyfileobj(source, target)


def _place(member, path, home):
    """Where a member goes; what is there already counts too, so that no link in the folder leads out of it."""
    place = (home / member.name.replace("\\", "/")).resolve()
    if member.is_odd or not place.is_relative_to(home):
        what = "a link or a device" if member.is_odd else "outside of the folder"
        raise FileError(
            message(
                "L420",
                f"{path.name} holds {member.name!r}, which is {what}.",
                why="unpacking it would write or read where the archive has no business; nothing was unpacked.",
                fix="unpack it by hand, if you trust it.",
            )
        )
    return place
