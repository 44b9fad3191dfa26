"""Lists the single changes of a syntax tree that `mutation.py` tries: operators, numbers, conditions, statements."""

import ast
from collections.abc import Callable, Collection, Iterator
from typing import Any, NamedTuple

SWAPS: dict[type, type] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_PAIRS = ("min max", "any all", "argmin argmax", "minimum maximum", "fmin fmax", "logical_and logical_or", "left right")
NAMES = {a: b for pair in _PAIRS for a, b in (pair.split(), reversed(pair.split()))}
NOT_CHANGED = {"stacklevel", "example"}


class Mutant(NamedTuple):
    line: int
    lines: Collection[int]  # of the statement, or those that use the constant
    text: str
    apply: Callable[[], None]


def mutants_of(tree: ast.Module) -> Iterator[Mutant]:
    """Yield each change of a tree; `apply` makes it in place."""
    uses: dict[str, list[int]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            uses.setdefault(node.id, []).append(node.lineno)
    yield from _visit(tree, uses, (), False)


def _visit(node: ast.AST, uses: dict[str, list[int]], lines: Collection[int], inside: bool) -> Iterator[Mutant]:
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "format_spec", "decorator_list") or (
            isinstance(node, ast.keyword) and node.arg in NOT_CHANGED
        ):
            continue
        for place, child in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(child, ast.AST) or (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                continue
            if isinstance(child, ast.stmt):
                header = child.body[0].lineno - 1 if hasattr(child, "body") else child.end_lineno
                own: Collection[int] = range(child.lineno, max(header, child.lineno) + 1)
                if not inside:
                    names = [part.id for part in ast.walk(child) if isinstance(part, ast.Name)]
                    own = [line for name in names for line in uses[name]]
            else:
                own = lines
            target = value if isinstance(value, list) else None
            for new in _changes(node, name, child):
                yield _mutant(node, name, target, place, child, new, own)
            is_function = isinstance(child, ast.FunctionDef | ast.Lambda)
            body_only = inside or is_function
            yield from _visit(child, uses, own, body_only)


def _mutant(node: Any, name: str, target: Any, place: int, old: Any, new: ast.AST, lines: Any) -> Mutant:
    ast.copy_location(new, old if hasattr(old, "lineno") else node)

    def apply() -> None:
        if target is None:
            setattr(node, name, new)
        else:
            target[place] = new

    shown = [" ".join(ast.unparse(part).split()) for part in (old, new)]
    line = getattr(old, "lineno", getattr(node, "lineno", 0))
    return Mutant(line, lines, " -> ".join(shown), apply)


def _changes(parent: ast.AST, name: str, node: ast.AST) -> Iterator[Any]:
    """Yield what may stand in the place of a node."""
    if isinstance(node, ast.expr):
        yield from _other_expressions(node)
    elif isinstance(node, ast.AugAssign) and type(node.op) in SWAPS:
        yield ast.AugAssign(node.target, SWAPS[type(node.op)](), node.value)
    elif isinstance(node, ast.Return) and node.value is not None and not _is_none(node.value):
        yield ast.Return(ast.Constant(None))
    elif _can_be_left_out(node):
        yield ast.Pass()
    if name == "test" and isinstance(parent, ast.If | ast.IfExp | ast.While) and not isinstance(node, ast.UnaryOp):
        yield ast.UnaryOp(ast.Not(), node)


def _can_be_left_out(node: ast.AST) -> bool:
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom)
    if isinstance(node, ast.Assign):
        return isinstance(node.targets[0], ast.Subscript)
    return isinstance(node, ast.Continue | ast.Break)


def _other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.Compare):
        for i, op in enumerate(node.ops):
            yield ast.Compare(node.left, [*node.ops[:i], SWAPS[type(op)](), *node.ops[i + 1 :]], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(SWAPS[type(node.op)](), node.values)
        for i in range(len(node.values)):
            rest = [*node.values[:i], *node.values[i + 1 :]]
            yield ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.UAdd):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield ast.Name(NAMES[node.id], node.ctx)
    elif isinstance(node, ast.Attribute) and node.attr in NAMES:
        yield ast.Attribute(node.value, NAMES[node.attr], node.ctx)


def _constants(value: Any) -> Iterator[ast.Constant]:
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
        yield ast.Constant(value - 1)
    elif isinstance(value, float):
        yield ast.Constant(value * 2.0 if value else 1.0)
        yield ast.Constant(value / 2.0 if value else -1.0)
    elif isinstance(value, str) and value in NAMES:
        yield ast.Constant(NAMES[value])


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
