"""Writes a program in the standard form of a conic solver: least 1/2 x'Px + q'x with A x + s = b, s in cones.

x holds the weights w, y = F'w (so that the N x N matrix F F' is never formed), and, where needed, t >= |w - previous|,
g >= |w| and one r >= |deviation * w| per uncertain factor limit.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from statefolio._arrays.types import Array
from statefolio.portfolio.optimisation.quadratic_program import QuadraticProgram

Places = NDArray[np.integer[Any]]
EQUAL, LESS, CONE = "equal", "less", "cone"


@dataclass(frozen=True, eq=False)
class Block:
    """Rows of A and b of one kind and one name: A x = b, A x <= b, or b - A x in a second-order cone."""

    name: str
    kind: str
    rows: sparse.csr_array
    bounds: Array


@dataclass(frozen=True, eq=False)
class Columns:
    """Positions of the parts of x."""

    assets: int
    factors: int
    trades: bool
    absolutes: bool
    bands: int

    @property
    def trade(self) -> int:
        """The first column of t."""
        return self.assets + self.factors

    @property
    def absolute(self) -> int:
        """The first column of g."""
        return self.trade + self.assets * self.trades

    @property
    def band(self) -> int:
        """The first column of r."""
        return self.absolute + self.assets * self.absolutes

    @property
    def count(self) -> int:
        """The length of x."""
        return self.band + self.bands


@dataclass(frozen=True, eq=False)
class ConicProgram:
    """A program in standard form.

    Attributes
    ----------
    curvature : (n,) array
        The diagonal of P; all other elements are zero.
    slope : (n,) array
        q.
    blocks : list of Block
        In the order equal, less, cone.
    columns : Columns
    """

    curvature: Array
    slope: Array
    blocks: list[Block]
    columns: Columns = field(repr=False)


def conic_form(program: QuadraticProgram) -> ConicProgram:
    """Write a program in standard form."""
    limits = program.limits
    count, factors = len(program.diagonal), len(program.factors)
    # without short positions absolute weights sum to the net weight
    shorts = bool((limits.lower < 0.0).any())
    columns = Columns(
        count,
        factors,
        bool(program.cost.any()) or np.isfinite(limits.turnover),
        bool(np.isfinite(limits.gross)) and shorts,
        len(limits.cones),
    )
    curvature, slope = np.zeros(columns.count), np.zeros(columns.count)
    curvature[:count], curvature[count : count + factors] = program.diagonal, 1.0
    slope[:count] = -program.gain
    if columns.trades:
        slope[columns.trade : columns.trade + count] = program.cost
    blocks = [*_equal(program, columns), *_less(program, columns), *_cones(program, columns)]
    if not blocks:  # the solver needs at least one row: 0 <= 1
        blocks = [Block("", LESS, sparse.csr_array((1, columns.count)), np.ones(1))]
    return ConicProgram(curvature, slope, blocks, columns)


def _equal(program: QuadraticProgram, columns: Columns) -> list[Block]:
    limits = program.limits
    count, factors = columns.assets, columns.factors
    own = _at(-np.ones(factors), np.arange(factors), count + np.arange(factors), (factors, columns.count))
    blocks = [Block("", EQUAL, _widen(program.factors, columns) + own, np.zeros(factors))] if factors else []
    blocks += [
        Block(row.name, EQUAL, _widen(row.coefficients[None], columns), np.array([row.most]))
        for row in limits.rows
        if row.least == row.most
    ]
    fixed = np.flatnonzero(limits.lower == limits.upper)
    if len(fixed):
        blocks.append(Block("lower and upper", EQUAL, _picked(fixed, 1.0, columns), limits.upper[fixed]))
    return blocks


def _less(program: QuadraticProgram, columns: Columns) -> list[Block]:
    limits = program.limits
    blocks = []
    for row in limits.rows:
        if row.least < row.most:
            wide = _widen(row.coefficients[None], columns)
            blocks += [Block(row.name, LESS, wide, np.array([row.most]))] if np.isfinite(row.most) else []
            blocks += [Block(row.name, LESS, -wide, np.array([-row.least]))] if np.isfinite(row.least) else []
    free = limits.lower < limits.upper
    for name, bound, sign in (("upper", limits.upper, 1.0), ("lower", limits.lower, -1.0)):
        places = np.flatnonzero(np.isfinite(bound) & free)
        if len(places):
            blocks.append(Block(name, LESS, _picked(places, sign, columns), sign * bound[places]))
    if columns.trades:
        blocks += _absolute(columns, columns.trade, limits.previous, "turnover", limits.turnover)
    if columns.absolutes:
        blocks += _absolute(columns, columns.absolute, np.zeros(columns.assets), "gross", limits.gross)
    elif np.isfinite(limits.gross):
        whole = _widen(np.ones((1, columns.assets)), columns)
        blocks.append(Block("gross", LESS, whole, np.array([limits.gross])))
    return blocks


def _absolute(columns: Columns, first: int, centre: Array, name: str, most: float) -> list[Block]:
    """T >= |w - centre| in columns from `first` on, and the limit on their sum."""
    places = np.arange(columns.assets)
    shape = (columns.assets, columns.count)
    above = -_at(np.ones(columns.assets), places, first + places, shape)
    own = _at(np.ones(columns.assets), places, places, shape)
    blocks = [Block("", LESS, above + own, centre), Block("", LESS, above - own, -centre)]
    if np.isfinite(most):
        row = _at(np.ones(columns.assets), np.zeros_like(places), first + places, (1, columns.count))
        blocks.append(Block(name, LESS, row, np.array([most])))
    return blocks


def _cones(program: QuadraticProgram, columns: Columns) -> list[Block]:
    """Both sides as rows with r, and r >= |deviation * w| as a cone."""
    rows, cones = [], []
    for place, cone in enumerate(program.limits.cones):
        wide = _widen(cone.coefficients[None], columns)
        error = _at(np.array([cone.z]), np.array([0]), np.array([columns.band + place]), (1, columns.count))
        for bound, sign in ((cone.most, 1.0), (-cone.least, -1.0)):
            if np.isfinite(bound):
                rows.append(Block(cone.name, LESS, sign * wide + error, np.array([bound])))
        places = np.arange(columns.assets)
        norm = _at(-cone.deviation, 1 + places, places, (1 + columns.assets, columns.count))
        top = _at(-np.ones(1), np.array([0]), np.array([columns.band + place]), (1 + columns.assets, columns.count))
        cones.append(Block("", CONE, norm + top, np.zeros(1 + columns.assets)))
    return rows + cones


def _widen(rows: Array, columns: Columns) -> sparse.csr_array:
    """Coefficients of weights as rows of A."""
    height, count = rows.shape
    starts = np.arange(height + 1) * count
    places = np.tile(np.arange(count), height)
    return sparse.csr_array((rows.ravel(), places, starts), shape=(height, columns.count))


def _picked(places: Places, sign: float, columns: Columns) -> sparse.csr_array:
    return _at(np.full(len(places), sign), np.arange(len(places)), places, (len(places), columns.count))


def _at(values: Array, rows: Places, places: Places, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((values, (rows, places)), shape=shape)
