"""Kill a writer at random moments: `python -m tests.saving.crash FOLDER 300` fails if a file is ever found in parts."""

import os
import pathlib
import random
import signal
import sys
import time
import zipfile

from lamina.saving.archive import write_archive
from lamina.saving.files import replacing

SIZE = 200_000


def write(path, version):
    """Write an archive whose members all say the same version."""
    content = bytes([version % 256]) * SIZE
    with replacing(path) as temporary:
        write_archive(temporary, {"config.json": content, "model.weights.h5": content})


def version_of(path):
    """Return the version of an archive; raise if it is damaged or a mixture."""
    with zipfile.ZipFile(path) as archive:
        contents = [archive.read(name) for name in ("config.json", "model.weights.h5")]
    assert [len(content) for content in contents] == [SIZE, SIZE]
    assert len({byte for content in contents for byte in content}) == 1
    return contents[0][0]


def main():
    """Kill as many writers as the command line says."""
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    path = str(folder / "model.keras")
    rng = random.Random(0)
    write(path, 0)
    interrupted = 0
    for i in range(count):
        child = os.fork()
        if not child:
            for version in range(i, i + 1000):
                write(path, version)
            os._exit(0)
        time.sleep(rng.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        version_of(path)
        for left in folder.glob("*.tmp"):
            interrupted += 1
            left.unlink()
    print(f"{count} writers killed, {interrupted} of them in the middle of a file; every file was whole")
    sys.exit(interrupted == 0)


if __name__ == "__main__":
    main()
