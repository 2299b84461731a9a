import hashlib
import io
import tarfile
import zipfile

import pytest

from lamina import config, utils
from lamina.utils import archives, files


@pytest.fixture(autouse=True)
def _quiet():
    config.disable_interactive_logging()
    yield
    config.enable_interactive_logging()


@pytest.fixture
def origin(tmp_path):
    path = tmp_path / "origin.txt"
    path.write_text("content")
    return path


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def test_a_file_is_fetched_once(tmp_path, origin):
    path = utils.get_file(origin=origin.as_uri(), cache_dir=tmp_path)
    assert path == str(tmp_path / "datasets" / "origin.txt")
    origin.write_text("changed")
    assert read(utils.get_file(origin=origin.as_uri(), cache_dir=tmp_path)) == "content"
    assert read(utils.get_file(origin=origin.as_uri(), cache_dir=tmp_path, force_download=True)) == "changed"


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_a_stale_file_is_fetched_again_and_a_wrong_one_refused(tmp_path, origin, algorithm):
    digest = hashlib.new(algorithm, b"content").hexdigest()
    arguments = {"origin": origin.as_uri(), "cache_dir": tmp_path, "file_hash": digest}
    path = utils.get_file("f", **arguments)
    with open(path, "w", encoding="utf-8") as file:
        file.write("damaged")
    assert read(utils.get_file("f", **arguments)) == "content"
    origin.write_text("another")
    with pytest.raises(ValueError, match="Incomplete or corrupted"):
        utils.get_file("f", **arguments, force_download=True)
    assert read(path) == "content", "what was there is still there"
    assert sorted(p.name for p in (tmp_path / "datasets").iterdir()) == ["f"]


def test_the_old_name_of_the_hash(tmp_path, origin):
    with pytest.raises(ValueError, match="md5"):
        utils.get_file("f", origin=origin.as_uri(), cache_dir=tmp_path, md5_hash="0" * 32)


@pytest.mark.parametrize("name", ["a/b", "..", "../b"])
def test_a_name_is_no_path(tmp_path, origin, name):
    with pytest.raises(ValueError, match="Paths are no longer accepted"):
        utils.get_file(name, origin=origin.as_uri(), cache_dir=tmp_path)


def test_what_is_missing_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="origin"):
        utils.get_file("f")
    with pytest.raises(ValueError, match="fname"):
        utils.get_file(origin="file:///", cache_dir=tmp_path)
    with pytest.raises(OSError, match="URL fetch failure"):
        utils.get_file(origin=(tmp_path / "nothing").as_uri(), cache_dir=tmp_path)
    assert not list((tmp_path / "datasets").iterdir())


def tar(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for member, content in members:
            info = tarfile.TarInfo(member) if isinstance(member, str) else member
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def zipped(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


@pytest.mark.parametrize("pack", [tar, zipped])
@pytest.mark.parametrize(("name", "folder"), [(None, "a.pack"), ("data", "data"), ("data.tar.gz", "data_extracted")])
def test_archives_are_unpacked(tmp_path, pack, name, folder):
    packed = pack(tmp_path / "a.pack", ("inner/one.txt", b"1"), ("two.txt", b"2"))
    path = utils.get_file(name, origin=packed.as_uri(), cache_dir=tmp_path / "home", extract=True)
    assert path == str(tmp_path / "home" / "datasets" / folder)
    assert read(f"{path}/inner/one.txt") == "1"
    assert read(f"{path}/two.txt") == "2"


def test_what_is_no_archive_is_said(tmp_path, origin):
    with pytest.warns(UserWarning, match="Could not extract"):
        utils.get_file("f", origin=origin.as_uri(), cache_dir=tmp_path, untar=True)
    with pytest.raises(ValueError, match="archive_format"):
        utils.get_file("f", origin=origin.as_uri(), cache_dir=tmp_path, extract=True, archive_format="rar")


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def zip_link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    ("pack", "member"),
    [
        (tar, "../outside"),
        (tar, "/tmp/outside"),
        (tar, "a/../../outside"),
        (tar, link("link", "/etc/passwd")),
        (tar, link("link", "inner", tarfile.LNKTYPE)),
        (tar, link("device", "", tarfile.FIFOTYPE)),
        (zipped, "../outside"),
        (zipped, "..\\outside"),
        (zipped, zip_link("link")),
    ],
)
def test_hostile_members_are_refused_and_nothing_is_unpacked(tmp_path, pack, member):
    """CVE-2025-12060, CVE-2025-12638, GHSA-hqp4-2352-xf5r: what `get_file` unpacks may not leave its folder."""
    packed = pack(tmp_path / "bad", ("good.txt", b"good"), (member, b""))
    with pytest.raises(ValueError, match="L420"):
        archives.extract(packed, tmp_path / "to")
    assert not (tmp_path / "to").exists()
    assert not (tmp_path / "outside").exists()


def test_a_link_that_is_there_already_leads_nowhere(tmp_path):
    (tmp_path / "to").mkdir()
    (tmp_path / "to" / "way").symlink_to(tmp_path / "elsewhere")
    packed = tar(tmp_path / "bad", ("way/file", b"x"))
    with pytest.raises(ValueError, match="L420"):
        archives.extract(packed, tmp_path / "to")


@pytest.mark.parametrize("pack", [tar, zipped])
def test_bombs_are_refused(tmp_path, monkeypatch, pack):
    monkeypatch.setattr(archives, "SMALL", 1000)
    packed = pack(tmp_path / "bomb", ("zeros", bytes(10**6)))
    with pytest.raises(ValueError, match="L421"):
        archives.extract(packed, tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_the_cache_lies_in_the_home_of_keras(tmp_path, origin, monkeypatch):
    monkeypatch.setattr(files, "HOME", str(tmp_path / "new"))
    assert utils.get_file(origin=origin.as_uri()) == str(tmp_path / "new" / "datasets" / "origin.txt")
