"""The result of a study: what the steps from the walk to the judgement found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.studies.judging import Judgement
from statefolio.commands.studies.walking import OpenedHoldout, WalkedStudy


@dataclass(frozen=True, eq=False)
class StudyResult:
    """The result of a study, with the folder it is written to, and the texts of the warnings on the way."""

    folder: Path
    walked: WalkedStudy
    trials: Trials
    judgement: Judgement
    holdout: Holdout | None
    opened: OpenedHoldout | None
    warned: list[str]

    @property
    def results(self) -> Mapping[str, BacktestResult]:
        """The back-test of each portfolio."""
        return self.walked.results
