"""What a study came to."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from statefolio.backtest.result import BacktestResult
from statefolio.backtest.validation.holdout import Holdout
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.studies.holdout import Opened
from statefolio.commands.studies.judging import Judgement


@dataclass(frozen=True, eq=False)
class StudyOutcome:
    """Portfolios walked forward, their measures (measure x portfolio), and how far they can be trusted."""

    folder: Path
    results: dict[str, BacktestResult]
    measures: pd.DataFrame
    judgement: Judgement
    trials: Trials
    holdout: Holdout | None
    opened: Opened | None
