"""Step 4: judges a study's results: their significance, the effect of choosing among many, and the windows."""

import pandas as pd

from statefolio.backtest.validation.judgement import LEVEL as LEVEL
from statefolio.backtest.validation.judgement import Judgement as Judgement
from statefolio.backtest.validation.judgement import excess_returns, judge_returns
from statefolio.backtest.validation.trials import Trials
from statefolio.commands.progress import Progress
from statefolio.commands.studies.parts.models import errors_about
from statefolio.commands.studies.parts.windows import make_windows
from statefolio.commands.studies.walking import WalkedStudy


def judge(walked: WalkedStudy, trials: Trials, progress: Progress) -> Judgement:
    """Judge the portfolios of a study, given every configuration tried under its name except the benchmark."""
    progress("judging", 0, 1)
    study = walked.built.study
    excess = excess_returns(walked.results, walked.built.market.cash_rate)
    folds = study.validation.combinatorial
    with errors_about("validation.combinatorial"):
        judgement = judge_returns(
            excess,
            study.backtest.main_benchmark,
            trials,
            make_windows(study, pd.DatetimeIndex(excess.index)),
            measure=study.validation.measure,
            elsewhere=study.validation.trials,
            folds=None if folds is None else folds.model_dump(),
            periods_per_year=walked.built.periods_per_year,
            seed=study.study.seed,
        )
    progress("judging", 1, 1)
    return judgement
