"""keras.ops: functions over arrays, lists, Variables and symbolic tensors.

The files beneath say what each does; the rooms beneath list their names, and all of these are names here.
"""

# ruff: noqa: F401, F403, I001 - public names
# fmt: off
from lamina.ops import image, linalg, nn, numpy
from lamina.ops.core import *
from lamina.ops.einops import rearrange
from lamina.ops.linalg import (
    cholesky, cholesky_inverse, det, eig, eigh, inv, jvp, lstsq, lu_factor, matrix_rank, norm, pinv, qr, solve,
    solve_triangular, svd,
)
from lamina.ops.math import *
from lamina.ops.nn import *
from lamina.ops.numpy import *
