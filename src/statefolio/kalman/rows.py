"""Views of arrays whose rows are lanes, so that kernels read like the textbook: `a[j] += gain * v`.

    a = rows(array)                a view of an array (..., WIDTH)
    y = columns(array, first)      the lanes from column `first` on, of an array (..., N)
    y[t]                           sixty-four numbers, one for each lane
    level[:]                       the same where the array has no other axis
    a[j, lane]                     one number

Both functions also take a record (a NamedTuple) and view each of its arrays of floats. Indexes are not checked.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,attr-defined,misc"
import operator

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.errors import TypingError
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic

from statefolio.kalman.lanes import DOUBLES, LANES, WIDTH, LanesType, inner, spread, spread_value

_LINE = 8  # doubles in a cache line
_NUMBER = (types.Float, types.Integer, types.Boolean)


class _Rows(types.Type):
    """A view of `array`; `whole` where its last axis is one block of lanes."""

    def __init__(self, array, whole) -> None:
        self.array, self.whole = array, whole
        super().__init__(name=f"rows({array}, {whole})")


@register_default(_Rows)
class _RowsModel(models.StructModel):
    def __init__(self, manager, kind) -> None:
        super().__init__(manager, kind, [("array", kind.array), ("column", types.intp)])


def _index_of(view, index):
    """The type of an index with its integers made alike, and of what it finds; None where there is no such index."""
    if not isinstance(view, _Rows):
        return None
    if isinstance(index, types.SliceType):
        return (index, LANES) if view.array.ndim == 1 else None
    parts = index.types if isinstance(index, types.BaseTuple) else (index,)
    if not all(isinstance(part, types.Integer) for part in parts) or view.array.ndim - len(parts) not in (0, 1):
        return None
    kind = types.UniTuple(types.intp, len(parts)) if isinstance(index, types.BaseTuple) else types.intp
    return kind, types.float64 if len(parts) == view.array.ndim else LANES


def _address(context, builder, kind, view, index_kind, index):
    """Pointer to the doubles at an index, and whether it is one number rather than lanes."""
    view = cgutils.create_struct_proxy(kind)(context, builder, value=view)
    array = context.make_array(kind.array)(context, builder, view.array)
    extents = cgutils.unpack_tuple(builder, array.shape)
    if kind.whole:
        extents[-1] = ir.Constant(extents[-1].type, WIDTH)
    places = [] if isinstance(index_kind, types.SliceType) else [index]
    if isinstance(index_kind, types.BaseTuple):
        places = cgutils.unpack_tuple(builder, index)
    one = len(places) == len(extents)
    lane, offset = (places.pop() if one else None), None
    for place, extent in zip(places, extents[1:], strict=True):
        whole = place if offset is None else builder.add(offset, place, flags=("nsw",))
        offset = builder.mul(whole, extent, flags=("nsw",))
    for more in (view.column, lane):
        if more is not None:
            offset = more if offset is None else builder.add(offset, more, flags=("nsw",))
    pointer = builder.gep(array.data, [offset])
    return (pointer if one else builder.bitcast(pointer, DOUBLES.as_pointer())), one


@infer_global(operator.getitem)
class _TypedGet(AbstractTemplate):
    def generic(self, args, kws):
        found = _index_of(*args)
        return None if found is None else signature(found[1], args[0], found[0])


@infer_global(operator.setitem)
class _TypedSet(AbstractTemplate):
    def generic(self, args, kws):
        view, index, value = args
        found = _index_of(view, index)
        if found is None or not isinstance(value, (LanesType, *_NUMBER)):
            return None
        kind, target = found
        return signature(types.none, view, kind, value if target is LANES else target)


@infer_global(len)
class _TypedLength(AbstractTemplate):
    def generic(self, args, kws):
        return signature(types.intp, *args) if isinstance(args[0], _Rows) else None


@lower_builtin(operator.getitem, _Rows, types.Any)
def _get(context, builder, sig, args):
    pointer, _ = _address(context, builder, sig.args[0], args[0], sig.args[1], args[1])
    return builder.load(pointer, align=8)


@lower_builtin(operator.setitem, _Rows, types.Any, types.Any)
def _set(context, builder, sig, args):
    pointer, one = _address(context, builder, sig.args[0], args[0], sig.args[1], args[1])
    value = args[2] if one else spread_value(context, builder, args[2], sig.args[2])
    builder.store(value, pointer, align=8)
    return context.get_dummy_value()


@lower_builtin(len, _Rows)
def _length(context, builder, sig, args):
    view = cgutils.create_struct_proxy(sig.args[0])(context, builder, value=args[0])
    array = context.make_array(sig.args[0].array)(context, builder, view.array)
    return cgutils.unpack_tuple(builder, array.shape)[0]


def _viewed(kind, whole):
    """The type of the view of an array, or of a record."""
    if isinstance(kind, types.BaseNamedTuple):
        parts = [_viewed(part, whole) if _is_doubles(part) else part for part in kind.types]
        return types.NamedTuple(parts, kind.instance_class)
    if not _is_doubles(kind):
        raise TypingError(f"lanes are viewed in C-contiguous float64 arrays, not in {kind}")
    return _Rows(kind, whole)


def _is_doubles(kind) -> bool:
    return isinstance(kind, types.Array) and kind.layout == "C" and kind.dtype == types.float64


def _view(context, builder, kind, target, value, column):
    """Emit the view of an array, or of a record."""
    if kind == target:
        context.nrt.incref(builder, kind, value)
        return value
    if isinstance(kind, types.BaseNamedTuple):
        parts = cgutils.unpack_tuple(builder, value)
        whole = zip(kind.types, target.types, parts, strict=True)
        return context.make_tuple(builder, target, [_view(context, builder, *part, column) for part in whole])
    view = cgutils.create_struct_proxy(target)(context, builder)
    view.array, view.column = value, column
    context.nrt.incref(builder, kind, value)
    return view._getvalue()


@intrinsic
def rows(typing_context, array):
    """View the rows of a contiguous float64 array (..., WIDTH), or of every such array of a record, as lanes."""
    target = _viewed(array, whole=True)

    def emit(context, builder, sig, args):
        return _view(context, builder, array, target, args[0], context.get_constant(types.intp, 0))

    return target(array), emit


@intrinsic
def columns(typing_context, array, first):
    """View the columns from `first` on of a contiguous float64 array (..., N), or of those of a record, as lanes."""
    target = _viewed(array, whole=False)

    def emit(context, builder, sig, args):
        return _view(context, builder, array, target, *args)

    return target(array, types.intp), emit


@intrinsic
def stream(typing_context, view, index, value):
    """Write lanes that are not read soon past the caches; the array begins on a cache line (`aligned_empty`)."""
    kind, _ = _index_of(view, index)

    def emit(context, builder, sig, args):
        pointer, _ = _address(context, builder, view, args[0], kind, args[1])
        written = builder.store(args[2], pointer, align=8 * _LINE)
        written.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(view, kind, value), emit


@intrinsic
def prefetch(typing_context, view, index):
    """Ask for lanes that will be read soon; an index outside the array is harmless."""
    kind, _ = _index_of(view, index)

    def emit(context, builder, sig, args):
        pointer, _ = _address(context, builder, view, args[0], kind, args[1])
        start = builder.bitcast(pointer, ir.IntType(8).as_pointer())
        flag = ir.IntType(32)
        function = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer(), flag, flag, flag])
        ask = cgutils.get_or_insert_function(builder.module, function, "llvm.prefetch.p0")
        for line in range(0, 8 * WIDTH, 64):
            place = builder.gep(start, [ir.Constant(ir.IntType(64), line)])
            builder.call(ask, [place, flag(0), flag(3), flag(1)])
        return context.get_dummy_value()

    return types.void(view, kind), emit


@inner
def regressors(X, first):
    """Make X[t, j] a number where X (T, K) is shared, or the lanes from column `first` on of X (T, K, N)."""
    return columns(X, first) if X.ndim == 3 else X


@inner
def copy(source, target):
    """Copy all rows of lanes."""
    for row in range(len(target)):
        target[row] = source[row]


@inner
def fill(target, number):
    """Write the same number to every row and lane."""
    for row in range(len(target)):
        target[row] = spread(number)
