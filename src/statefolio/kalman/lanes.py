"""Sixty-four numbers side by side, one for each asset of a block, as one Numba value.

The filters are written once, as the textbook writes them for one asset. Every name that stands for an asset's
number is a `lanes` value, and the compiler turns each line into vector instructions. Nothing is shared between lanes,
so a result does not depend on the neighbours of an asset.

    a[j] += gain * v                 arithmetic, lane by lane (`a` is a view of rows.py)
    ok = y == y                      a mask: one bit per lane
    v = select(ok, y - fit, 0.0)     a choice, lane by lane

A plain number on either side of an operator stands for that number in every lane.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,type-arg,attr-defined,misc"
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models, register_default
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

from statefolio.kalman.compiled_code import cached

WIDTH = 64

compiled: Callable[..., Any] = cached(nogil=True, error_model="numpy", boundscheck=False)
inner: Callable[..., Any] = cached(
    nogil=True, error_model="numpy", boundscheck=False, no_cpython_wrapper=True, no_cfunc_wrapper=True
)
"""For functions that only compiled code calls: without an entry from Python they compile in half the time."""

DOUBLES = ir.VectorType(ir.DoubleType(), WIDTH)
_BITS = ir.VectorType(ir.IntType(1), WIDTH)
_WORDS = ir.VectorType(ir.IntType(64), WIDTH)


class LanesType(types.Type):
    """The Numba type of sixty-four numbers."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes{WIDTH}")


class _Mask(types.Type):
    def __init__(self) -> None:
        super().__init__(name=f"mask{WIDTH}")


LANES, _mask = LanesType(), _Mask()
_NUMBER = (types.Float, types.Integer)


@register_default(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, DOUBLES)


@register_default(_Mask)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, _BITS)


def _constant(kind: ir.VectorType, number: Any) -> ir.Constant:
    return ir.Constant(kind, [number] * WIDTH)


def spread_value(context, builder, value, kind):
    """Return a lanes value unchanged, a number copied into every lane."""
    if isinstance(kind, LanesType):
        return value
    number = context.cast(builder, value, kind, types.float64)
    undefined = ir.Constant(DOUBLES, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(first, undefined, _constant(ir.VectorType(ir.IntType(32), WIDTH), 0))


def _define(operators, emit, result, operands) -> None:
    """Implement Python operators where at least one operand is lanes (or a mask)."""
    pairs = [(a, b) for a in operands for b in operands if a in (LanesType, _Mask) or b in (LanesType, _Mask)]

    def implement(context, builder, sig, args):
        if _Mask in operands:
            return emit(builder, *args)
        return emit(builder, *(spread_value(context, builder, v, k) for v, k in zip(args, sig.args, strict=True)))

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
    _define((_plain, _in_place), _arithmetic(_name), LANES, (LanesType, *_NUMBER))
for _op, _name in ((operator.lt, "<"), (operator.le, "<="), (operator.gt, ">"), (operator.eq, "==")):
    _define((_op,), _comparison(_name), _mask, (LanesType, *_NUMBER))
_define((operator.and_,), lambda builder, a, b: builder.and_(a, b), _mask, (_Mask,))


@intrinsic
def select(typing_context, mask, yes, no):
    """Return `yes` in the lanes where the mask is set and `no` in the others."""

    def emit(context, builder, sig, args):
        return builder.select(
            args[0], spread_value(context, builder, args[1], yes), spread_value(context, builder, args[2], no)
        )

    return LANES(mask, yes, no), emit


@intrinsic
def spread(typing_context, number):
    """Return one number in every lane."""

    def emit(context, builder, sig, args):
        return spread_value(context, builder, args[0], number)

    return LANES(number), emit


@intrinsic
def mantissa(typing_context, value):
    """The factor in [1, 2) of a positive normal number: value = mantissa x 2**exponent, exactly."""

    def emit(context, builder, sig, args):
        bits = builder.bitcast(args[0], _WORDS)
        bits = builder.and_(bits, _constant(_WORDS, (1 << 52) - 1))
        return builder.bitcast(builder.or_(bits, _constant(_WORDS, 1023 << 52)), DOUBLES)

    return LANES(value), emit


@intrinsic
def exponent(typing_context, value):
    """The power of two of a positive normal number, as a float."""

    def emit(context, builder, sig, args):
        power = builder.lshr(builder.bitcast(args[0], _WORDS), _constant(_WORDS, 52))
        return builder.fsub(builder.uitofp(power, DOUBLES), _constant(DOUBLES, 1023.0))

    return LANES(value), emit
