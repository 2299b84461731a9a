import io
import zlib

import numpy as np
import pytest

from lamina.saving import checksums


@pytest.mark.parametrize("size", [0, 1, 1000, 70_001])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_agree_with_one(tmp_path, monkeypatch, size, threads):
    monkeypatch.setattr(checksums, "_WORTHWHILE", 100)
    monkeypatch.setattr(checksums.os, "cpu_count", lambda: threads)
    content = np.random.default_rng(0).bytes(size + 7)
    (tmp_path / "x").write_bytes(content)
    with open(tmp_path / "x", "rb") as file:
        assert checksums.checksum(file, 5, size) == zlib.crc32(content[5 : 5 + size])
    assert checksums.checksum(io.BytesIO(content), 5, size) == zlib.crc32(content[5 : 5 + size])
