# ruff: noqa: SIM905 - names read better without quotes around each
"""One row for each public function of `keras.ops`: calls that both libraries must answer alike."""

import dataclasses

import jax.numpy as jnp
import numpy as np


@dataclasses.dataclass
class Case:
    """One call.

    `grad`: compare gradients too; `compiled`: call inside `jax.jit`; `symbolic`: infer shapes too.
    """

    args: tuple
    kwargs: dict
    grad: bool = False
    compiled: bool = True
    symbolic: bool = True
    rtol: float = 1e-5
    atol: float = 1e-5


def case(*args, grad=False, compiled=True, symbolic=True, rtol=1e-5, atol=1e-5, **kwargs):
    return Case(args, kwargs, grad, compiled and symbolic, symbolic, rtol, atol)


def smooth(*args, **kwargs):
    """A call whose gradients are compared as well."""
    return case(*args, grad=True, **kwargs)


_rng = np.random.default_rng(7)


def f(*shape, low=-2.0, high=2.0):
    return _rng.uniform(low, high, shape).astype("float32")


def pos(*shape):
    return f(*shape, low=0.2, high=3.0)


def unit(*shape):
    return f(*shape, low=-0.9, high=0.9)


def i(*shape, low=0, high=5):
    return _rng.integers(low, high, shape).astype("int32")


def b(*shape):
    return _rng.integers(0, 2, shape).astype("bool")


def holes(*shape):
    x = f(*shape)
    x.flat[1] = np.nan
    return x


def spd(n):
    x = f(n, n)
    return x @ x.T + 2 * np.eye(n, dtype="float32")


def odd():
    return np.array([1.0, np.nan, np.inf, -np.inf, -0.0, 0.0], "float32")


def probabilities(*shape):
    x = pos(*shape)
    return x / x.sum(-1, keepdims=True)


def signal():
    return f(2, 64), f(2, 64)


TABLE = {}

# Functions of one float.
for name in (
    "absolute abs fabs negative square exp exp2 expm1 sin cos tan sinh cosh tanh arcsinh arctan sinc i0 deg2rad "
    "rad2deg cbrt erf erfc relu relu6 elu selu celu gelu silu swish sigmoid log_sigmoid hard_sigmoid hard_silu "
    "hard_swish hard_tanh hard_shrink soft_shrink tanh_shrink softplus softsign squareplus sparse_plus "
    "sparse_sigmoid leaky_relu softmax log_softmax sparsemax "
).split():
    TABLE[name] = [smooth(f(3, 4))]
for name in "sqrt log log10 log1p log2 reciprocal rsqrt".split():
    TABLE[name] = [smooth(pos(3, 4))]
for name in "arcsin arccos arctanh erfinv".split():
    TABLE[name] = [smooth(unit(3, 4))]
for name in "sign floor ceil trunc real imag conj conjugate angle copy".split():
    TABLE[name] = [smooth(f(3, 4)), case(odd())]
for name in "signbit logical_not isreal".split():
    TABLE[name] = [case(f(3, 4)), case(odd())]
for name in "isfinite isinf isnan isneginf isposinf".split():
    TABLE[name] = [case(odd())]
TABLE["arccosh"] = [smooth(pos(3, 4) + 1)]
TABLE["round"] = [smooth(f(3, 4)), case(f(3, 4), decimals=2), case(i(4, high=99), decimals=-1), case(i(4))]
TABLE["nan_to_num"] = [smooth(odd()), case(odd(), nan=7.0, posinf=1.0, neginf=-1.0)]
TABLE["clip"] = [smooth(f(3, 4), -1, 1), case(i(4), 1, 3), case(b(4), 0, 1), case(i(4), 0.5, 2.5)]
TABLE["view"] = [case(f(3, 4), dtype="int32"), case(f(3, 4), dtype="uint8"), case(i(3, 4))]
TABLE["bitwise_invert"] = TABLE["bitwise_not"] = [case(i(4)), case(b(4))]
TABLE["elu"].append(smooth(f(3, 4), alpha=0.5))
TABLE["celu"].append(smooth(f(3, 4), alpha=0.5))
TABLE["gelu"].append(smooth(f(3, 4), approximate=False))
TABLE["leaky_relu"].append(smooth(f(3, 4), 0.4))
TABLE["softmax"] += [smooth(f(3, 4, 2), axis=1), smooth(f(3, 4, 2), axis=(1, 2))]
TABLE["log_softmax"] += [smooth(f(3, 4, 2), axis=1), smooth(f(3, 4, 2), axis=(1, 2))]
TABLE["sparsemax"] = [smooth(f(3, 4) * 9), smooth(f(4, 3) * 9, axis=0)]  # Keras is right where one element remains
TABLE["squareplus"].append(smooth(f(3, 4), b=2))
TABLE["hard_shrink"].append(smooth(f(3, 4), threshold=1.0))
TABLE["soft_shrink"].append(smooth(f(3, 4), threshold=1.0))
TABLE["threshold"] = [smooth(f(3, 4), 0.5, -1.0)]
TABLE["glu"] = [smooth(f(3, 4)), smooth(f(4, 3), axis=0)]

# Functions of two numbers.
for name in (
    "add subtract multiply divide true_divide maximum minimum fmax fmin arctan2 hypot logaddexp logaddexp2 "
    "divide_no_nan "
).split():
    TABLE[name] = [smooth(f(3, 4), f(4)), case(f(3, 4), 2), case(i(3, 4), 2.5), case([1.0, 2.0], [[3.0], [4.0]])]
TABLE["divide_no_nan"].append(smooth(f(3), np.array([1.0, 0.0, 2.0], "float32")))
for name in "mod fmod floor_divide".split():
    TABLE[name] = [smooth(f(3, 4), pos(4)), case(i(3, 4, low=-9), i(4, low=1)), case(f(3, 4), -2)]
TABLE["power"] = [smooth(pos(3, 4), f(4)), case(i(3, 4), 2), case(f(3, 4), 2), case(f(3), i(3))]
TABLE["heaviside"] = [smooth(odd(), 0.5), case(f(3, 4), f(4))]
TABLE["nextafter"] = [case(f(3), f(3))]
TABLE["ldexp"] = [smooth(f(3, 4), i(4))]
TABLE["gcd"] = TABLE["lcm"] = [case(i(3, 4, high=30), i(4, low=1, high=30))]
for name in "bitwise_and bitwise_or bitwise_xor".split():
    TABLE[name] = [case(i(3, 4), i(4)), case(b(4), b(4)), case(i(3), 2)]
for name in "bitwise_left_shift left_shift bitwise_right_shift right_shift".split():
    TABLE[name] = [case(i(3, 4), i(4)), case(i(3), 1)]
for name in "equal not_equal less less_equal greater greater_equal logical_and logical_or logical_xor".split():
    TABLE[name] = [case(i(3, 4), i(4)), case(f(3, 4), 0.5), case(b(4), b(4))]
TABLE["isclose"] = [case(f(3), f(3)), case(odd(), odd(), equal_nan=True), case(f(3), f(3), rtol=1.0, atol=1.0)]
TABLE["allclose"] = [case(f(3), f(3)), case(f(3), f(3), atol=9.0)]

# Products.
TABLE["matmul"] = [smooth(f(3, 4), f(4, 2)), smooth(f(2, 3, 4), f(4, 5)), case(f(4), f(4)), case(i(3, 4), f(4, 2))]
TABLE["matmul"].append(case(i(3, 4).astype("int8"), i(4, 2).astype("int8")))
TABLE["dot"] = [smooth(f(3, 4), f(4, 2)), smooth(f(2, 3, 4), f(4)), case(f(3), 2.0)]
TABLE["vdot"] = [smooth(f(3, 4), f(3, 4))]
TABLE["inner"] = [smooth(f(3, 4), f(2, 4))]
TABLE["outer"] = [smooth(f(3), f(4)), smooth(f(2, 2), f(3))]
TABLE["kron"] = [smooth(f(2, 2), f(2, 3))]
TABLE["tensordot"] = [
    smooth(f(3, 4, 2), f(4, 2, 5)),
    smooth(f(3, 4), f(4, 3), axes=[[0], [1]]),
    case(f(2), f(3), axes=0),
]
TABLE["cross"] = [smooth(f(4, 3), f(4, 3)), smooth(f(3, 4), f(3, 4), axis=0), case(f(4, 2), f(4, 2))]
TABLE["einsum"] = [
    smooth("ij,jk->ik", f(2, 3), f(3, 4)),
    smooth("bij,bkj->bik", f(2, 3, 4), f(2, 5, 4)),
    smooth("...i,ij->...j", f(2, 3, 4), f(4, 5)),
    case("i,i->", i(3).astype("int8"), i(3).astype("int8")),
]
TABLE["correlate"] = [smooth(f(6), f(3)), smooth(f(6), f(3), mode="same"), smooth(f(6), f(3), mode="full")]
TABLE["slogdet"] = [smooth(spd(3)), case(f(2, 3, 3))]

# Reductions.
GRADIENT_AXES = ({}, {"axis": (0, -1), "keepdims": True})
AXES = ({"axis": 1}, {"axis": (0, 2)}, {"keepdims": True})
ONE_AXIS = ({}, {"axis": 1}, {"axis": -1, "keepdims": True}, {"keepdims": True})
for name in "sum prod mean var std max min amax amin ptp median logsumexp".split():
    TABLE[name] = [smooth(f(2, 3, 4), **axes) for axes in GRADIENT_AXES]
    TABLE[name] += [case(f(2, 3, 4), **axes) for axes in AXES]
for name in "nansum nanprod nanmean nanvar nanstd nanmax nanmin nanmedian".split():
    TABLE[name] = [smooth(holes(2, 3, 4), **axes) for axes in GRADIENT_AXES]
    TABLE[name] += [case(holes(2, 3, 4), **axes) for axes in AXES]
for name in "all any".split():
    TABLE[name] = [case(b(2, 3, 4), **axes) for axes in GRADIENT_AXES + AXES] + [case(f(2, 3))]
for name in "argmax argmin".split():
    TABLE[name] = [case(f(2, 3, 4), **axes) for axes in ONE_AXIS] + [case(i(9, high=3))]
for name in "nanargmax nanargmin".split():
    TABLE[name] = [case(holes(2, 3, 4), **axes) for axes in ONE_AXIS]
for name in "quantile percentile nanquantile nanpercentile".split():
    whole = 100 if "percentile" in name else 1
    TABLE[name] = [smooth(f(2, 3, 4), 0.3 * whole, **axes) for axes in GRADIENT_AXES]
    TABLE[name] += [case(f(2, 3, 4), 0.3 * whole, **axes) for axes in AXES]
    TABLE[name].append(case(f(2, 3), np.array([0.1, 0.9], "float32") * whole, axis=1))
    TABLE[name] += [case(f(2, 5), 0.3 * whole, axis=1, method=m) for m in ("lower", "higher", "midpoint", "nearest")]
TABLE["max"].append(case(f(2, 3), initial=1.0))
TABLE["min"].append(case(f(2, 3), axis=1, initial=-1.0))
TABLE["prod"].append(case(i(2, 3), dtype="float32"))
TABLE["average"] = [
    smooth(f(2, 3, 4)),
    smooth(f(2, 3), axis=1, weights=pos(2, 3)),
    smooth(f(2, 3), axis=1, weights=pos(3)),
]
TABLE["count_nonzero"] = [case(i(3, 4, high=2)), case(i(3, 4, high=2), axis=1), case(f(2, 3, 4), axis=(0, 2))]
for name in "cumsum cumprod".split():
    TABLE[name] = [smooth(f(3, 4)), smooth(f(3, 4), axis=1), case(i(3, 4), axis=0, dtype="float32")]
for name in "nancumsum nancumprod".split():
    TABLE[name] = [smooth(holes(3, 4)), case(holes(3, 4), axis=1)]
TABLE["diff"] = [smooth(f(3, 5)), smooth(f(5, 3), n=2, axis=0)]
TABLE["trapezoid"] = [smooth(f(3, 5)), smooth(f(3, 5), x=np.sort(f(5))), smooth(f(5, 3), dx=0.5, axis=0)]
TABLE["corrcoef"] = [smooth(f(3, 6))]
TABLE["bincount"] = [
    case(i(9), symbolic=False),
    case(i(9), minlength=8, symbolic=False),
    smooth(i(4), weights=f(4), symbolic=False),
    case(i(2, 5), symbolic=False),
    case(i(2, 5), weights=f(2, 5), minlength=7, symbolic=False),
]
TABLE["histogram"] = [smooth(f(20)), case(f(20), bins=4, range=(-1.0, 1.0))]

# Shapes.
TABLE["reshape"] = [smooth(f(2, 6), (3, -1)), case(f(2, 6), [2, 2, 3]), case(f(2, 6), -1)]
TABLE["ravel"] = [smooth(f(2, 3))]
TABLE["expand_dims"] = [smooth(f(2, 3), 1), case(f(2, 3), -1), case(f(2, 3), (0, 2))]
TABLE["squeeze"] = [smooth(f(2, 1, 3, 1)), case(f(2, 1, 3, 1), axis=1), case(f(2, 1, 3, 1), axis=(1, -1))]
TABLE["transpose"] = [smooth(f(2, 3, 4)), smooth(f(2, 3, 4), (1, 0, 2)), case(f(2, 3, 4), axes=[-1, 0, 1])]
TABLE["swapaxes"] = [smooth(f(2, 3, 4), 0, -1)]
TABLE["moveaxis"] = [smooth(f(2, 3, 4), 0, -1), case(f(2, 3, 4), (0, 1), (1, 2))]
TABLE["broadcast_to"] = [smooth(f(3, 1), (2, 3, 4))]
TABLE["flip"] = [smooth(f(3, 4)), case(f(3, 4), axis=1), case(f(3, 4), axis=(0, 1))]
TABLE["fliplr"] = TABLE["flipud"] = [smooth(f(3, 4))]
TABLE["rot90"] = [smooth(f(3, 4)), case(f(2, 3, 4), k=3, axes=(1, 2))]
TABLE["roll"] = [smooth(f(3, 4), 2), case(f(3, 4), 1, axis=1), case(f(3, 4), (1, 2), axis=(0, 1))]
TABLE["repeat"] = [
    smooth(f(3, 4), 2),
    case(f(3, 4), 2, axis=1),
    case(f(3, 2), np.array([1, 0, 2]), axis=0, symbolic=False),
]
TABLE["tile"] = [smooth(f(3, 4), 2), case(f(3, 4), (2, 1)), case(f(4), (2, 3))]
TABLE["pad"] = [
    smooth(f(3, 4), ((1, 2), (0, 1))),
    case(f(3, 4), 1, constant_values=7),
    case(f(3, 4), ((1, 1), (2, 2)), mode="reflect"),
    case(f(3, 4), ((1, 1), (0, 0)), mode="symmetric"),
]
TABLE["concatenate"] = [smooth([f(2, 3), f(2, 2)], axis=-1), smooth((f(2, 3), f(1, 3))), case([f(2), i(2)])]
TABLE["stack"] = [smooth([f(2, 3), f(2, 3)]), smooth([f(2, 3), f(2, 3)], axis=-1), case([f(2), i(2)])]
TABLE["hstack"] = TABLE["vstack"] = TABLE["dstack"] = [smooth([f(2, 3), f(2, 3)]), case([f(3), f(3)])]
TABLE["append"] = [smooth(f(2, 3), f(2, 3)), case(f(2, 3), f(1, 3), axis=0), case(i(2), f(2))]
TABLE["split"] = [smooth(f(4, 6), 2), case(f(4, 6), 3, axis=1), case(f(4, 6), [1, 4], axis=-1)]
TABLE["array_split"] = [smooth(f(4, 6), 3, axis=0), case(f(2, 7), 3, axis=1)]
TABLE["hsplit"] = [smooth(f(4, 6), 2), case(f(4, 6), [1, 2])]
TABLE["vsplit"] = [smooth(f(4, 6), 2), case(f(4, 6), [1, 2])]
TABLE["dsplit"] = [smooth(f(2, 3, 4), 2), case(f(2, 3, 4), [1, 2])]
TABLE["meshgrid"] = [smooth(f(3), f(2)), case(f(3), f(2), f(4), indexing="ij")]
TABLE["diag"] = [smooth(f(3)), case(f(3), k=1), case(f(3, 4), k=-1)]
TABLE["diagflat"] = [smooth(f(3)), case(f(2, 2), k=-1)]
TABLE["diagonal"] = [smooth(f(3, 4)), case(f(2, 3, 4), offset=1, axis1=1, axis2=2)]
TABLE["trace"] = [smooth(f(3, 4)), smooth(f(2, 3, 4), offset=1, axis1=1, axis2=2), case(i(3, 3).astype("int8"))]
TABLE["tril"] = TABLE["triu"] = [smooth(f(3, 4)), smooth(f(2, 3, 4), k=-1)]
TABLE["ndim"] = TABLE["size"] = [case(f(2, 3), symbolic=False)]
TABLE["array"] = [case([[1, 2], [3, 4]]), smooth(f(2), dtype="float16"), case(2.5)]

# Arrays out of numbers.
TABLE["zeros"] = TABLE["ones"] = [case((2, 3)), case((2,), dtype="int32"), case((), dtype=bool)]
TABLE["empty"] = [case((2, 3), dtype="int32")]
TABLE["full"] = [case((2, 3), 7), case((2,), 1.5, dtype="float16"), smooth((2, 3), f(3))]
TABLE["zeros_like"] = TABLE["ones_like"] = [smooth(f(2, 3)), case(i(2, 3)), case(f(2), dtype="int8")]
TABLE["empty_like"] = [smooth(f(2, 3))]
TABLE["full_like"] = [case(f(2, 3), 2), case(i(2, 3), 2.5), smooth(f(2, 3), f(3))]
TABLE["eye"] = [case(3), case(3, 4, k=1), case(2, dtype="int32")]
TABLE["identity"] = [case(3), case(2, dtype="int32")]
TABLE["tri"] = [case(3), case(3, 4, k=1, dtype="int32")]
TABLE["vander"] = [smooth(f(3)), case(f(3), N=4, increasing=True)]
TABLE["arange"] = [case(5), case(1, 7, 2), case(0.0, 1.0, 0.25), case(3, dtype="float32"), case(5, 1, -2), case(1, 3.5)]
TABLE["linspace"] = [
    case(0, 1, 5),
    smooth(f(3), f(3), 4, axis=-1),
    case(0.0, 1.0, num=4, endpoint=False, retstep=True),
    case(0, 10, 6, dtype="int32"),
]
TABLE["logspace"] = [case(0, 2, 5), smooth(f(3), f(3), 4, base=2), case(0.0, 1.0, num=4, endpoint=False)]
TABLE["geomspace"] = [case(1.0, 1000.0, 4), smooth(pos(3), pos(3), 4, axis=1)]
for name in "bartlett blackman hamming hanning".split():
    TABLE[name] = [case(7, symbolic=False), case(8, symbolic=False)]
TABLE["kaiser"] = [case(7, 4.0, symbolic=False)]

# Places.
TABLE["get_item"] = [
    smooth(f(3, 4), 1),
    smooth(f(3, 4), (slice(None), 2)),
    case(f(3, 4), (slice(None), None, slice(0, 4, 2))),
    case(f(3, 4), (Ellipsis, -1)),
    case(f(3, 4), (slice(None), np.array([0, 2]))),
]
TABLE["take"] = [smooth(f(3, 4), i(2, high=3), axis=0), case(f(3, 4), [0, 5]), case(f(3, 4), [[0, -1]], axis=1)]
TABLE["take"].append(case(f(3, 4), i(2, 2, high=4), axis=-1))
TABLE["take_along_axis"] = [smooth(f(3, 4), i(3, 2, high=4), axis=1), case(f(3, 4), i(5, high=12))]
TABLE["where"] = [
    smooth(b(3, 4), f(3, 4), f(4)),
    case(b(3), 1, 2.5),
    case(b(3), i(3), 0.5),
    case(b(3, 4), symbolic=False),
]
TABLE["select"] = [smooth([b(3), b(3)], [f(3), f(3)], 7.0), case([b(3)], [i(3)])]
TABLE["nonzero"] = [case(i(3, 4, high=2), symbolic=False)]
TABLE["unravel_index"] = [case(i(4, high=12), (3, 4))]
TABLE["sort"] = [smooth(f(3, 4)), smooth(f(3, 4), axis=0)]
TABLE["argsort"] = [case(f(3, 4)), case(f(3, 4), axis=0), case(i(9, high=3))]
TABLE["argpartition"] = [case(f(7), 2), case(f(3, 4), 1, axis=0), case(f(2, 3), 1, axis=None)]
TABLE["searchsorted"] = [case(np.sort(f(5)), f(3)), case(np.sort(i(5)), i(4), side="right")]
TABLE["digitize"] = [case(f(3, 4), np.array([-1.0, 0.0, 1.0], "float32"))]
TABLE["isin"] = [case(i(3, 4), [1, 3]), case(i(3, 4), i(2), invert=True)]
TABLE["unique"] = [
    case(i(9), symbolic=False),
    case(i(9), return_index=True, return_inverse=True, return_counts=True, symbolic=False),
    case(i(4, 2, high=2), axis=0, symbolic=False),
    case(i(9), size=7, fill_value=-1),
]
TABLE["vectorize"] = [case(lambda x: x + 1)]

# Tensors, slices, branches, loops.
TABLE["convert_to_tensor"] = [smooth(f(2, 3)), case([[1, 2]], dtype="float16"), case(2.5), case([True])]
TABLE["convert_to_numpy"] = [case(f(2, 3), symbolic=False), case([1, 2], symbolic=False)]
TABLE["cast"] = [case(f(2, 3), "int32"), smooth(f(2, 3), "bfloat16"), case(i(2, 3), "bool"), case(2, "float32")]
TABLE["saturate_cast"] = [
    case(f(9, low=-400, high=400), "uint8"),
    case(f(4, low=-9e9, high=9e9), "int32"),
    case(i(4, low=-300, high=300), "int8"),
    smooth(f(4, low=-9e9, high=9e9), "float16"),
]
TABLE["is_tensor"] = [case(f(2), symbolic=False), case(3, symbolic=False)]
TABLE["shape"] = TABLE["dtype"] = [case(f(2, 3), symbolic=False)]
TABLE["stop_gradient"] = [smooth(f(2, 3))]
TABLE["unstack"] = [smooth(f(3, 2)), smooth(f(2, 3), axis=-1), case(f(3, 2), num=3)]
TABLE["slice"] = [smooth(f(3, 4), (1, 0), (2, 3)), case(f(3, 4), [0, 1], [-1, 2])]
TABLE["slice_update"] = [smooth(f(3, 4), (1, 2), f(2, 2))]
TABLE["scatter"] = [smooth(i(4, 1, high=3), f(4, 2), (3, 2)), case(np.array([[0, 1], [1, 1]]), i(2), (2, 2))]
TABLE["scatter_update"] = [smooth(f(3, 4), i(2, 2, high=3), f(2))]
TABLE["scatter_update"] += [case(f(4), [[0], [2], [0]], f(3), reduction=r) for r in ("add", "max", "min", "mul")]
TABLE["cond"] = [case(True, lambda: jnp.ones(2), lambda: jnp.zeros(2)), case(np.array(False), lambda: 1, lambda: 2)]
TABLE["switch"] = [smooth(1, [jnp.sin, jnp.cos], f(3)), case(7, [jnp.sin, jnp.cos], f(3))]
TABLE["while_loop"] = [
    case(lambda x: x < 10, lambda x: 2 * x, 1),
    case(lambda n, x: n < 3, lambda n, x: (n + 1, x * 2), (0, f(2))),
    case(lambda n, x: n < 9, lambda n, x: [n + 1, x * 2], [0, f(2)], maximum_iterations=2),
]
TABLE["fori_loop"] = [smooth(0, 4, lambda n, x: x + n, f(2))]
TABLE["scan"] = [
    smooth(lambda c, x: (c + x, c * x), np.float32(1), f(4)),
    case(lambda c, x: (c + x[0], x[1]), f(2), (f(4, 2), f(4, 3)), reverse=True),
    case(lambda c, x: (c * 2, c), np.float32(1), None, length=3, unroll=2),
]
TABLE["associative_scan"] = [smooth(lambda x, y: x + y, f(5)), case(lambda x, y: x * y, f(2, 4), axis=1, reverse=True)]
TABLE["map"] = [smooth(lambda x: x * 2, f(3, 2))]
TABLE["vectorized_map"] = [smooth(lambda x: x * 2, f(3, 2)), case(lambda x: x[0] + x[1], (f(3, 2), f(3, 2)))]
TABLE["custom_gradient"] = [case(lambda x: (x, lambda upstream: upstream))]
TABLE["rearrange"] = [
    smooth(f(2, 3, 4), "b h w -> b w h"),
    case(f(2, 3, 4), "b h w -> (b h) w", compiled=False),
    case(f(2, 6, 4), "b (h p) (w q) -> b (p q) h w", p=2, q=2, compiled=False),
]

# Mathematics.
TABLE["logdet"] = [smooth(spd(3))]
TABLE["top_k"] = [smooth(f(3, 6), 2), case(i(3, 6), 3, sorted=False)]
TABLE["in_top_k"] = [case(i(4), f(4, 5), 2), case(i(2), holes(2, 5), 3)]
TABLE["cdist"] = [smooth(f(3, 4), f(2, 4)), case(f(2, 3, 4), f(2, 5, 4))]
TABLE["view_as_complex"] = [smooth(f(3, 2))]
TABLE["view_as_real"] = [case(f(3) + 1j * f(3)), smooth(f(3))]
for name in "segment_sum segment_prod segment_max segment_min".split():
    TABLE[name] = [
        smooth(f(5, 2), i(5, high=3), num_segments=4),
        case(f(4), np.sort(i(4)), num_segments=5, sorted=True),
    ]
TABLE["segment_prod"][0].grad = False  # JAX has none
TABLE["fft"] = [smooth((f(2, 8), f(2, 8)))]
TABLE["fft2"] = TABLE["ifft2"] = [smooth((f(2, 4, 4), f(2, 4, 4)))]
TABLE["rfft"] = [smooth(f(2, 8)), case(f(2, 8), fft_length=6), case(f(2, 8), fft_length=12)]
TABLE["irfft"] = [smooth((f(2, 5), f(2, 5))), case((f(2, 5), f(2, 5)), fft_length=7)]
TABLE["extract_sequences"] = [smooth(f(2, 16), 4, 2), case(f(2, 3, 17), 5, 3)]
TABLE["stft"] = [
    smooth(f(2, 64), 16, 8, 16),
    case(f(64), 10, 4, 16, window="hamming"),
    case(f(2, 64), 16, 8, 16, window=None, center=False),
    case(f(2, 64), 12, 5, 16, window=pos(12)),
]
TABLE["istft"] = [
    smooth((f(2, 9, 9), f(2, 9, 9)), 16, 4, 16, atol=1e-4),
    case((f(9, 9), f(9, 9)), 10, 4, 16, length=30, atol=1e-4),
    case((f(9, 9), f(9, 9)), 16, 8, 16, window=None, center=False, atol=1e-4),
]

# Linear algebra.
TABLE["cholesky"] = [smooth(spd(3)), case(spd(3), upper=True)]
TABLE["cholesky_inverse"] = [smooth(np.linalg.cholesky(spd(3))), case(np.linalg.cholesky(spd(3)).T.copy(), upper=True)]
TABLE["det"] = TABLE["inv"] = [smooth(spd(3)), case(f(2, 3, 3), rtol=1e-4)]
TABLE["eig"] = [case(f(3, 3))]
TABLE["eigh"] = [smooth(spd(3))]
TABLE["lu_factor"] = [smooth(f(3, 3)), case(f(2, 4, 3))]
TABLE["norm"] = [
    smooth(f(3, 4)),
    smooth(f(3, 4), axis=1),
    case(f(3, 4), ord=1, axis=(0, 1)),
    case(i(3, 4), keepdims=True),
]
TABLE["norm"] += [case(f(3, 4), ord=o) for o in ("fro", "nuc", np.inf, 2)] + [case(f(3, 4), ord=3, axis=1)]
TABLE["qr"] = [smooth(f(4, 3)), case(f(4, 3), mode="complete")]
TABLE["solve"] = [smooth(spd(3), f(3, 2)), smooth(spd(3), f(3)), case(f(2, 3, 3), f(2, 3, 1), rtol=1e-4)]
TABLE["solve_triangular"] = [smooth(spd(3), f(3, 2)), smooth(spd(3), f(3), lower=True)]
TABLE["svd"] = [case(f(4, 3)), smooth(f(4, 3), full_matrices=False), case(f(4, 3), compute_uv=False)]
TABLE["lstsq"] = [smooth(f(4, 3), f(4)), case(f(4, 3), f(4, 2), rcond=0.1)]
TABLE["matrix_rank"] = [case(f(4, 3)), case(np.ones((2, 3, 3), "float32"), tol=0.1)]
TABLE["pinv"] = [smooth(f(4, 3)), case(f(4, 3), rcond=0.5)]
TABLE["jvp"] = [smooth(lambda x, y: x * jnp.sin(y), (f(3), f(3)), (f(3), f(3)))]

# Layers.
TABLE["conv"] = [
    smooth(f(2, 7, 3), f(3, 3, 4)),
    smooth(f(2, 7, 6, 3), f(3, 2, 3, 4), strides=2, padding="same"),
    smooth(f(2, 3, 7, 6), f(3, 2, 3, 4), data_format="channels_first", dilation_rate=2),
    smooth(f(2, 7, 6, 4), f(3, 3, 2, 4), strides=(2, 1)),
    smooth(f(1, 5, 5, 5, 2), f(2, 2, 2, 2, 3), strides=2),
]
TABLE["depthwise_conv"] = [
    smooth(f(2, 7, 3), f(3, 3, 2)),
    smooth(f(2, 7, 6, 3), f(3, 2, 3, 2), strides=2, padding="same"),
    smooth(f(2, 3, 7, 6), f(3, 2, 3, 2), data_format="channels_first"),
]
TABLE["separable_conv"] = [
    smooth(f(2, 7, 6, 3), f(3, 2, 3, 2), f(1, 1, 6, 4), padding="same"),
    smooth(f(2, 3, 7, 6), f(3, 2, 3, 2), f(1, 1, 6, 4), data_format="channels_first", strides=2),
]
TABLE["conv_transpose"] = [
    smooth(f(2, 5, 3), f(3, 4, 3), strides=2),
    smooth(f(2, 5, 4, 3), f(3, 2, 4, 3), strides=(2, 3), padding="same"),
    smooth(f(2, 3, 5, 4), f(3, 3, 4, 3), strides=2, output_padding=1, data_format="channels_first"),
    smooth(f(2, 5, 4, 3), f(3, 2, 4, 3), dilation_rate=2),
]
for name in "max_pool average_pool".split():
    TABLE[name] = [
        smooth(f(2, 6, 7, 3), 2, strides=2),
        smooth(f(2, 7, 3), 3, strides=2, padding="same"),
        smooth(f(2, 3, 6, 7), (2, 3), strides=(1, 2), data_format="channels_first"),
        case(f(1, 4, 4, 4, 2), 2, strides=1, padding="SAME"),
    ]
for name in "adaptive_max_pool adaptive_average_pool".split():
    TABLE[name] = [
        smooth(f(2, 7, 3), 3),
        smooth(f(2, 3, 7, 5), (3, 4), data_format="channels_first"),
        case(f(1, 5, 4, 3, 2), (2, 3, 2)),
    ]
TABLE["moments"] = [smooth(f(3, 4, 2), axes=[0, 1]), smooth(f(3, 4), axes=(1,), keepdims=True)]
TABLE["moments"].append(case(f(3, 4).astype("float16"), axes=[0], rtol=2e-3, atol=2e-3))
TABLE["batch_normalization"] = [
    smooth(f(3, 4), f(4), pos(4), -1),
    smooth(f(3, 4, 2), f(4), pos(4), 1, offset=f(4), scale=f(4), epsilon=0.1),
]
TABLE["layer_normalization"] = [
    smooth(f(3, 4), atol=1e-4),
    smooth(f(3, 4), f(4), f(4), epsilon=0.1),
    smooth(f(3, 4, 2), f(4, 2), f(4, 2), axis=[1, 2]),
    smooth(f(3, 4, 2), f(4), axis=1),
    case(f(3, 4).astype("float16"), f(4).astype("float16"), rtol=2e-3, atol=2e-3),
]
TABLE["rms_normalization"] = [smooth(f(3, 4)), smooth(f(3, 4), f(4), epsilon=0.1), smooth(f(3, 4, 2), axis=(1, 2))]
TABLE["normalize"] = [smooth(f(3, 4)), smooth(f(3, 4), axis=0, order=1), case(f(3, 4), order=3, epsilon=2.0)]
TABLE["one_hot"] = [case(i(3, 4), 5), case(i(3), 4, axis=0, dtype="int32"), case([-1, 9, 0], 3)]
TABLE["multi_hot"] = [case(i(3, 4), 5), case(i(4), 6, dtype="bool"), case(i(3, 4), num_tokens=5)]
for name in "binary_crossentropy categorical_crossentropy".split():
    TABLE[name] = [
        smooth(probabilities(3, 4), probabilities(3, 4)),
        smooth(probabilities(3, 4), f(3, 4), from_logits=True),
    ]
TABLE["categorical_crossentropy"].append(smooth(probabilities(3, 4), pos(3, 4), axis=0))
TABLE["sparse_categorical_crossentropy"] = [
    smooth(i(3, high=4), probabilities(3, 4)),
    smooth(i(3, 1, high=4), f(3, 4), from_logits=True),
    case(i(3, 2, high=4), pos(3, 2, 4)),
]
TABLE["ctc_loss"] = [smooth(i(2, 3, low=1), f(2, 9, 5), np.array([3, 2]), np.array([9, 7]), atol=1e-4)]
TABLE["ctc_decode"] = [
    smooth(f(2, 9, 5), np.array([9, 6])),
    case(f(2, 9, 5), np.array([9, 6]), merge_repeated=False, mask_index=4),
    case(f(2, 6, 4), np.array([6, 4]), strategy="beam_search", beam_width=12, top_paths=3, mask_index=2),
]
TABLE["psnr"] = [smooth(pos(2, 4, 4, 3), pos(2, 4, 4, 3), 3.0)]
TABLE["polar"] = [smooth(pos(3), f(3))]
TABLE["unfold"] = [smooth(f(2, 3, 6, 5), 2), case(f(2, 3, 6, 5), (2, 3), dilation=2, padding=1, stride=2)]
TABLE["fold"] = [
    smooth(f(2, 12, 20), (6, 5), 2),
    case(f(2, 18, 9), (5, 7), (2, 3), dilation=2, padding=1, stride=2),
]
TABLE["depth_to_space"] = [smooth(f(2, 3, 4, 8), 2), case(f(2, 8, 3, 4), 2, data_format="channels_first")]
TABLE["space_to_depth"] = [smooth(f(2, 4, 6, 2), 2), case(f(2, 2, 4, 6), 2, data_format="channels_first")]
TABLE["dot_product_attention"] = [
    smooth(f(2, 5, 3, 4), f(2, 6, 3, 4), f(2, 6, 3, 4)),
    smooth(f(2, 5, 3, 4), f(2, 5, 3, 4), f(2, 5, 3, 4), is_causal=True, scale=0.3),
    case(f(2, 5, 3, 4), f(2, 6, 3, 4), f(2, 6, 3, 4), bias=f(2, 3, 5, 6), mask=np.tril(np.ones((2, 3, 5, 6), bool))),
]

# Pictures.
IMAGE_TABLE = {
    "rgb_to_grayscale": [
        smooth(f(2, 4, 4, 3)),
        case(i(3, 4, 4, high=255).astype("uint8"), data_format="channels_first"),
    ],
    "rgb_to_hsv": [smooth(pos(2, 4, 4, 3)), case(pos(3, 4, 4), data_format="channels_first")],
    "hsv_to_rgb": [smooth(pos(2, 4, 4, 3)), case(pos(3, 4, 4), data_format="channels_first")],
    "resize": [
        smooth(f(2, 4, 5, 3), (7, 6)),
        case(f(4, 5, 3), (3, 3), interpolation="nearest"),
        case(f(2, 3, 4, 5), (3, 9), interpolation="bicubic", antialias=True, data_format="channels_first"),
        case(i(2, 4, 5, 3, high=255).astype("uint8"), (6, 7), interpolation="lanczos3"),
        case(f(2, 4, 7, 3), (5, 5), crop_to_aspect_ratio=True),
        case(f(2, 4, 8, 3), (6, 6), pad_to_aspect_ratio=True, fill_value=2.0),
        case(f(8, 4, 3), (6, 6), pad_to_aspect_ratio=True),
    ],
    "scale_and_translate": [
        smooth(
            f(4, 4, 2), (6, 6, 2), np.array([1.5, 1.5], "float32"), np.array([0.5, 0.0], "float32"), (0, 1), "linear"
        )
    ],
    "pad_images": [
        smooth(f(2, 4, 4, 3), 1, 2, target_height=7, target_width=9),
        case(f(3, 4, 4), 1, 2, 1, 2, data_format="channels_first"),
    ],
    "crop_images": [
        smooth(f(2, 6, 6, 3), 1, 2, target_height=3, target_width=3),
        case(f(3, 6, 6), 1, 2, 1, 2, data_format="channels_first"),
    ],
    "extract_patches": [
        smooth(f(2, 6, 6, 3), 2),
        case(f(6, 6, 3), (3, 2), strides=1, padding="same"),
        case(f(1, 3, 6, 6), 2, strides=2, dilation_rate=1, data_format="channels_first"),
        case(f(1, 4, 4, 4, 2), (2, 2, 2)),
    ],
    "extract_patches_3d": [smooth(f(1, 4, 4, 4, 2), 2), case(f(4, 4, 4, 2), (2, 2, 1), strides=(1, 2, 1))],
    "map_coordinates": [
        case(f(5, 6), f(2, 4, low=-2.0, high=7.0), 1, grad=mode in ("constant", "mirror"), fill_mode=mode)
        for mode in ("constant", "nearest", "wrap", "mirror", "reflect")
    ]
    + [case(f(5, 6), pos(2, 3, 2), 0, fill_value=9.0)],
    "affine_transform": [
        smooth(f(2, 3, 5, 6), [[1, 0.2, -1, 0.1, 1.1, 0.5, 0, 0]] * 2, data_format="channels_first"),
        case(f(5, 6, 3), np.array([0, 1, 0, -1, 0, 4, 0, 0], "float32"), interpolation="nearest", fill_mode="reflect"),
    ],
    "perspective_transform": [
        smooth(
            f(2, 6, 6, 3),
            np.array([[[0, 0], [5, 0], [0, 5], [5, 5]]] * 2, "float32"),
            np.array([[[1, 0], [5, 1], [0, 4], [4, 5]]] * 2, "float32"),
            atol=1e-3,
        ),
        case(
            f(3, 6, 6),
            np.array([[0, 0], [5, 0], [0, 5], [5, 5]], "float32"),
            np.array([[1, 0], [5, 1], [0, 4], [4, 5]], "float32"),
            interpolation="nearest",
            data_format="channels_first",
        ),
    ],
    "elastic_transform": [
        case(f(2, 5, 4, 1), alpha=3.0, sigma=1.0, seed=3, data_format="channels_last", compiled=False),
        case(f(3, 8, 8), sigma=1.0, seed=3, fill_mode="constant", data_format="channels_first", compiled=False),
    ],
    "gaussian_blur": [
        smooth(f(2, 6, 6, 3), data_format="channels_last"),
        case(f(3, 6, 6), kernel_size=(3, 5), sigma=(1.0, 2.0), data_format="channels_first"),
    ],
    "sobel_edges": [smooth(f(2, 6, 6, 3)), case(f(2, 3, 6, 6), data_format="channels_first")],
    "ssim": [
        smooth(pos(2, 12, 12, 3), pos(2, 12, 12, 3), max_val=3.0),
        case(pos(1, 2, 9, 9), pos(1, 2, 9, 9), filter_size=5, data_format="channels_first"),
    ],
}

_SIZES = "the argument is a size, a Python number"
_NO_ARRAYS = "no arrays go in"
_FACTS = "says something about an array, or takes it out of the engine"
_DEPENDS = "the shape of the result depends on the values"
_NOTHING = "zeros ones empty eye identity tri arange"
_WINDOWS = "bartlett blackman hamming hanning kaiser"
_ABOUT = "convert_to_numpy is_tensor shape dtype ndim size"

# Why a function is not tested in some way. One that is excused and could be tested, or the other way round, fails.
EXCUSED = {
    "differentiated": {
        "whole numbers or truth values go in or come out": (
            "signbit logical_not isreal isfinite isinf isnan isneginf isposinf equal not_equal less less_equal greater "
            "greater_equal logical_and logical_or logical_xor isclose allclose all any isin in_top_k view "
            "bitwise_invert bitwise_not bitwise_and bitwise_or bitwise_xor bitwise_left_shift left_shift "
            "bitwise_right_shift right_shift gcd lcm argmax argmin nanargmax nanargmin count_nonzero nonzero "
            "unravel_index argsort argpartition searchsorted digitize unique matrix_rank one_hot multi_hot"
        ),
        _NO_ARRAYS: f"{_NOTHING} {_WINDOWS}",
        _FACTS: _ABOUT,
        "functions go in, and no arrays that they depend on": "cond vectorize custom_gradient",
        "JAX knows no derivative": "nextafter segment_prod eig while_loop",
        "its parts are: gaussian_blur and map_coordinates": "elastic_transform",
    },
    "compiled": {
        _DEPENDS: "bincount nonzero",
        _SIZES: _WINDOWS,
        _FACTS: _ABOUT,
        "Keras's own cannot be compiled; ours is compiled where it is vmapped": "elastic_transform",
    },
    "symbolic": {
        _NO_ARRAYS: f"{_NOTHING} vectorize custom_gradient",
        _DEPENDS: "bincount nonzero",
        _SIZES: _WINDOWS,
        _FACTS: _ABOUT,
    },
    "vmapped": {
        _NO_ARRAYS: f"{_NOTHING} vectorize custom_gradient",
        _DEPENDS: "bincount nonzero",
        _SIZES: _WINDOWS,
        _FACTS: _ABOUT,
    },
}
