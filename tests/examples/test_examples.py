import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# What each program must say in the end.
SAYS = {
    "base_model": r"Non-trainable params: 4,296.*\(None, 8, 8, 16\) flattened is \(None, 1024\)\nthe base kept",
    "cnn": r"held-out accuracy 0\.9",
    "flatten": r"without Flatten.*answer +\(1, 3, 4\)\nwith Flatten.*\(None, 48\), 0 parameters.*answer +\(1, 4\)",
    "masked_lstm": r"held-out accuracy (1\.0|0\.[89]).*gives (0\.\d{4})\d, and with four steps of padding \2",
    "parallel_convolutions": r"window_of_2.*window_of_4.*concatenate.*\(None, 24\).*held-out accuracy (1\.0|0\.9[5-9])",
}


def test_every_example_is_tested():
    elsewhere = {"mistakes"}  # in tests/explain
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAYS) | elsewhere


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(SAYS))
def test_an_example_runs_and_says_what_it_should(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert re.search(SAYS[name], done.stdout, re.DOTALL), done.stdout
    assert list(tmp_path.iterdir()) == []
