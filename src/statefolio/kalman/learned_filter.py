"""The filter of a panel at learned hyper-parameters, which computations by blocks of assets can cut into parts."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from statefolio.kalman.panel import Filter
from statefolio.kalman.records import Dates
from statefolio.kalman.specification import Floats
from statefolio.kalman.tuning_spec import Learned, TuningSpec, build


@dataclass(frozen=True)
class LearnedLanes:
    """Options and hyper-parameters of a panel's assets."""

    options: TuningSpec
    learned: Learned

    def part(self, first: int, last: int) -> Self:
        """Return those of the lanes [first, last), and the last column."""
        columns = np.append(np.arange(first, min(last, self.learned.level.size - 1)), -1)
        return replace(self, options=self.options.select(columns), learned=self.learned.select(columns))


@dataclass(frozen=True)
class LearnedFilter(LearnedLanes):
    """The filter at these, with its inputs by date."""

    dates: Dates

    def shared(self) -> tuple[Floats, ...]:
        """Return the inputs of each date."""
        return tuple(self.dates)

    def build(self) -> Filter:
        """Build the filter before its first date."""
        return build(self.options, self.learned)
