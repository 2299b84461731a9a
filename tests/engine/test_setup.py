"""What the engine sets up in the process, each in a process of its own."""

import os
import subprocess
import sys

import pytest

from lamina.engine.setup import DAY, is_due, trim

PRINT_CACHE = """
import jax
{before}
from lamina.engine.setup import prepare
assert jax.config.jax_compilation_cache_dir {at_import}
prepare()
prepare()
print(jax.config.jax_compilation_cache_dir)
"""


def cache_directory(before="", at_import="is None", **environment):
    names = ("LAMINA_", "JAX_", "XDG_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    code = PRINT_CACHE.format(before=before, at_import=at_import)
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout.strip()


def test_compiled_programs_are_kept_where_the_user_says(tmp_path):
    assert cache_directory(LAMINA_CACHE=str(tmp_path)).startswith(str(tmp_path / "compiled"))
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path)).startswith(str(tmp_path / "lamina" / "compiled"))


@pytest.mark.parametrize("switch", [{"LAMINA_CACHE": ""}, {"LAMINA_TUNING": "0"}])
def test_the_cache_can_be_turned_off(switch, tmp_path):
    assert cache_directory(XDG_CACHE_HOME=str(tmp_path), **switch) == "None"
    assert not list(tmp_path.iterdir())


def test_the_users_own_cache_stays(tmp_path):
    before = 'jax.config.update("jax_compilation_cache_dir", "mine")'
    assert cache_directory(before, at_import='== "mine"', LAMINA_CACHE=str(tmp_path)) == "mine"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path):
    occupied = tmp_path / "file"
    occupied.write_text("")
    assert cache_directory(LAMINA_CACHE=str(occupied)) == "None"


def test_trimming_deletes_what_was_unused_for_longest(tmp_path):
    for age, name in enumerate(["newest", "middle", "oldest"]):
        path = tmp_path / name
        path.write_bytes(b"12345")
        os.utime(path, (1000 - age, 1000 - age))
    trim(tmp_path, 11)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["middle", "newest"]


def test_the_cache_is_looked_through_once_a_day(tmp_path):
    stamp = tmp_path / "trimmed"
    assert is_due(stamp)
    assert not is_due(stamp)
    os.utime(stamp, (stamp.stat().st_mtime - 2 * DAY,) * 2)
    assert is_due(stamp)


def test_imports_leave_the_collection_of_garbage_as_it_was():
    code = "import gc; gc.freeze(); from lamina import layers; assert gc.isenabled() and gc.get_freeze_count()\n"
    code += "gc.unfreeze(); gc.disable(); from lamina import models; assert not gc.isenabled()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
