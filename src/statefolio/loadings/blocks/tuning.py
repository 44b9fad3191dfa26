"""Learns what a panel in blocks shares: the tuning and the common volatility level of one call, computed by blocks."""

from dataclasses import dataclass

import numpy as np

from statefolio._arrays.panel import Panel
from statefolio._arrays.types import Array
from statefolio.kalman.blocks import Report
from statefolio.kalman.identified import Unidentified
from statefolio.kalman.learned_filter import LearnedLanes
from statefolio.kalman.tuning_spec import build_pilot
from statefolio.kalman.volatility import level_paths
from statefolio.loadings.blocks.learned import Shared
from statefolio.loadings.blocks.observations import BlockObservations
from statefolio.loadings.blocks.run import Run
from statefolio.loadings.blocks.worker import survey_block
from statefolio.loadings.kalman_model import KalmanModel, with_patience


def learn_shared(run: Run, model: KalmanModel, panel: Panel, tune_rows: int, report: Report | None) -> Shared:
    """Learn from the blocks of a run; `panel` has its labels and regressors, and no returns."""
    unknown = _survey(run, panel.regressors[:tune_rows])
    model._learn_from(panel, tune_rows, unknown, BlockObservations(run, tune_rows))
    learned, options = model._learned, model._options
    levels = np.ones((len(panel.dates) + 1, learned.exponents.size))
    if options.common:
        observed = BlockObservations(run, len(panel.dates)).only(learned.teaches[:-1])
        surprise, surprised = observed.compute(_surprises, _Pilot(options, learned, panel.regressors), report)
        levels = level_paths(np.ascontiguousarray(surprise.T), np.ascontiguousarray(surprised.T), levels[0])
    return Shared(options, learned, model._tuned if model._tuned.vectors.any() else None, levels)


def _survey(run: Run, X: Array) -> Unidentified:
    """Find the directions that the dates of tuning do not identify, of all assets."""
    messages = [(X, len(X), here.stop - here.start) for here in run.blocks]
    found = run.each(survey_block, messages, shared=(X,))
    count, states = len(run.assets), X.shape[1]
    whole = Unidentified(
        np.zeros((count, states), dtype=bool), np.zeros((count, states, states)), np.zeros((count, states))
    )
    for here, part in zip(run.blocks, found, strict=True):
        if isinstance(part, Unidentified):
            for all_of, own in zip(whole, part, strict=True):
                all_of[here] = own
    return whole


@dataclass(frozen=True)
class _Pilot(LearnedLanes):
    """The filter that gives the common volatility level."""

    X: Array

    def shared(self) -> tuple[Array, ...]:
        """Return the regressors."""
        return (self.X,)


def _surprises(at: _Pilot, Y: Array, _report: Report | None) -> tuple[Array, Array]:
    """Return the sum of capped squared standardised innovations, and their number, (T, blocks of lanes)."""
    pilot = with_patience(build_pilot(at.options, at.learned))
    paths = pilot.run(at.X, Y, store="state", note_surprise=True)
    return paths.surprise.T, paths.surprised.T
