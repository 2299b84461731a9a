"""Let pytest show both sides of the oracle's comparisons."""

import pytest

pytest.register_assert_rewrite("tests.layers.oracle")
