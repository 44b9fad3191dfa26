"""Sixty-four assets side by side: a Numba value that holds one number for each.

The filters are written once, as the textbook writes them for one asset; every name that stands for an
asset's number is a `lanes` value, and the compiler turns each line into vector instructions. Nothing is
shared between lanes, so a result does not depend on which neighbours an asset happens to have.

    p = load(P, row)                 sixty-four doubles from a flat float64 array
    store(P, row, p - g * m)         and back
    ok = y == y                      a mask, one bit a lane
    v = select(ok, y - fit, 0.0)     a choice, lane by lane

Offsets count doubles. A number on either side of an operator is meant for every lane.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,type-arg,attr-defined,misc"
import math
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.errors import TypingError
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic
from numpy.typing import NDArray

from statefolio.kalman.stale import forget_stale_code

WIDTH = 64
_LINE = 8  # doubles in a cache line

compiled: Callable[..., Any] = njit(nogil=True, cache=True, error_model="numpy", boundscheck=False)
inner: Callable[..., Any] = njit(
    nogil=True, cache=True, error_model="numpy", boundscheck=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""For what only compiled code calls: it has no entry from Python, which would take as long to compile as the rest."""

_DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)
_BITS = ir.VectorType(ir.IntType(1), WIDTH)
_WORDS = ir.VectorType(ir.IntType(64), WIDTH)


class _Lanes(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"lanes{WIDTH}")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"mask{WIDTH}")


_lanes, _mask = _Lanes(), _Mask()
_NUMBER = (types.Float, types.Integer)


@register_default(_Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _DOUBLES)


@register_default(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _BITS)


def _constant(kind: ir.VectorType, number: Any) -> ir.Constant:
    return ir.Constant(kind, [number] * WIDTH)


def _spread(context, builder, value, kind):
    """A lanes value as it is; a number copied into every lane."""
    if isinstance(kind, _Lanes):
        return value
    number = context.cast(builder, value, kind, types.float64)
    undefined = ir.Constant(_DOUBLES, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, _constant(ir.VectorType(ir.IntType(32), WIDTH), 0))


def _define(operators, emit, result, operands) -> None:
    """Give Python operators a meaning where one side is `result`'s kind of lanes."""
    pairs = [(a, b) for a in operands for b in operands if a in (_Lanes, _Mask) or b in (_Lanes, _Mask)]

    def implement(context, builder, sig, args):
        if _Mask in operands:
            return emit(builder, *args)
        return emit(builder, *(_spread(context, builder, v, k) for v, k in zip(args, sig.args, strict=True)))

    for op in operators:

        @infer_global(op)
        class _Typed(AbstractTemplate):
            def generic(self, args, kws):
                if any(len(args) == 2 and isinstance(args[0], a) and isinstance(args[1], b) for a, b in pairs):
                    return signature(result, *args)
                return None

        for left, right in pairs:
            lower_builtin(op, left, right)(implement)


def _arithmetic(name: str):
    return lambda builder, a, b: getattr(builder, name)(a, b, flags=("contract",))


def _comparison(name: str):
    return lambda builder, a, b: builder.fcmp_ordered(name, a, b)


for _plain, _in_place, _name in (
    (operator.add, operator.iadd, "fadd"),
    (operator.sub, operator.isub, "fsub"),
    (operator.mul, operator.imul, "fmul"),
    (operator.truediv, operator.itruediv, "fdiv"),
):
    _define((_plain, _in_place), _arithmetic(_name), _lanes, (_Lanes, *_NUMBER))
for _op, _name in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.eq, "==")):
    _define((_op,), _comparison(_name), _mask, (_Lanes, *_NUMBER))
_define((operator.and_,), lambda builder, a, b: builder.and_(a, b), _mask, (_Mask,))


def _address(context, builder, array_type, array, offset):
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [offset]), _DOUBLES.as_pointer())


def _check_contiguous(array) -> None:
    if array.layout != "C" or array.dtype != types.float64:
        raise TypingError(f"lanes are read from C-contiguous float64 arrays, not from {array}")


@intrinsic
def load(typing_context, array, offset):
    """The lanes that start at `offset` of a contiguous float64 array, whatever its shape."""
    _check_contiguous(array)

    def emit(context, builder, sig, args):
        return builder.load(_address(context, builder, array, *args), align=8)

    return _lanes(array, types.intp), emit


@intrinsic
def store(typing_context, array, offset, value):
    """Write lanes at `offset` of a contiguous float64 array."""
    _check_contiguous(array)

    def emit(context, builder, sig, args):
        builder.store(args[2], _address(context, builder, array, args[0], args[1]), align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


@intrinsic
def stream(typing_context, array, offset, value):
    """Write lanes that nobody reads soon past the caches; `array` begins on a cache line (`aligned_empty`)."""
    _check_contiguous(array)

    def emit(context, builder, sig, args):
        written = builder.store(args[2], _address(context, builder, array, args[0], args[1]), align=8 * _LINE)
        written.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(array, types.intp, value), emit


@intrinsic
def prefetch(typing_context, array, offset):
    """Ask for lanes that will be loaded soon; an offset outside the array is harmless."""
    _check_contiguous(array)

    def emit(context, builder, sig, args):
        start = builder.bitcast(_address(context, builder, array, *args), ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), flag, flag, flag])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        for line in range(0, 8 * WIDTH, 64):
            place = builder.gep(start, [ir.Constant(ir.IntType(64), line)])
            builder.call(ask, [place, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp), emit


@intrinsic
def select(typing_context, mask, yes, no):
    """`yes` in the lanes where the mask is set, `no` in the others."""

    def emit(context, builder, sig, args):
        return builder.select(args[0], _spread(context, builder, args[1], yes), _spread(context, builder, args[2], no))

    return _lanes(mask, yes, no), emit


@intrinsic
def spread(typing_context, number):
    """One number in every lane."""

    def emit(context, builder, sig, args):
        return _spread(context, builder, args[0], number)

    return _lanes(number), emit


@intrinsic
def mantissa(typing_context, value):
    """The factor in [1, 2) of a positive normal number: value = mantissa x 2**exponent, exactly."""

    def emit(context, builder, sig, args):
        bits = builder.bitcast(args[0], _WORDS)
        bits = builder.and_(bits, _constant(_WORDS, (1 << 52) - 1))
        return builder.bitcast(builder.or_(bits, _constant(_WORDS, 1023 << 52)), _DOUBLES)

    return _lanes(value), emit


@intrinsic
def exponent(typing_context, value):
    """The power of two of a positive normal number, as a float."""

    def emit(context, builder, sig, args):
        power = builder.lshr(builder.bitcast(args[0], _WORDS), _constant(_WORDS, 52))
        return builder.fsub(builder.uitofp(power, _DOUBLES), _constant(_DOUBLES, 1023.0))

    return _lanes(value), emit


@compiled
def scratch(rows):
    """Zeros of shape (rows, WIDTH) that begin on a cache line, so that no vector straddles two."""
    memory = np.zeros(rows * WIDTH + _LINE)
    first = (-memory.ctypes.data % (8 * _LINE)) // 8
    return memory[first : first + rows * WIDTH].reshape((rows, WIDTH))


forget_stale_code(Path(scratch.stats.cache_path))


def aligned_empty(shape: tuple[int, ...]) -> NDArray[np.float64]:
    """`np.empty` that begins on a cache line."""
    size = math.prod(shape)
    memory = np.empty(size + _LINE)
    first = -memory.ctypes.data % (8 * _LINE) // 8
    return memory[first : first + size].reshape(shape)


@inner
def regressor(X, t, j, column):
    """Regressor j of date t: a number where X (T, K) is shared, lanes from `column` on where X is (T, K, N)."""
    if X.ndim == 3:
        return load(X, (t * X.shape[1] + j) * X.shape[2] + column)
    return X[t, j]


@inner
def gather(source, first, target):
    """Copy the lanes from column `first` on of source (rows, N) to target (rows, WIDTH)."""
    for row in range(target.shape[0]):
        store(target, row * WIDTH, load(source, row * source.shape[1] + first))


@inner
def fill(target, number):
    """The same number in every lane of target (rows, WIDTH)."""
    for row in range(target.shape[0]):
        store(target, row * WIDTH, spread(number))
