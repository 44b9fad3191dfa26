"""A small study on three years of the bundled data, and a progress callback for it."""

from statefolio.commands.studies.reading import StudyFile, parse_study

SMALL = """
[study]
name = "small"
[data]
source = "demo"
from = 2018-01-02
to = 2020-06-30
[loadings]
tuning = "fixed"
state_variance = 1e-3
[risk]
residual_structure = "none"
[views]
kind = "factor_premia"
[portfolio.budget]
objective = "risk_budget"
[portfolio.kelly]
objective = "kelly"
[portfolio.kelly.constraints]
upper = 0.1
net = [0, 1]
[portfolio.even]
objective = "equal_weight"
[backtest]
start = 2019-01-02
rebalance = "monthly"
benchmark = "even"
[backtest.costs]
proportional = 0.0005
[validation]
look_ahead_cuts = 2
combinatorial = { folds = 4, test_folds = 2, embargo = 5 }
[validation.windows]
count = 2
embargo = 5
[validation.holdout]
share = 0.2
"""


class Recorded:
    """A progress callback that remembers its calls, and may interrupt."""

    def __init__(self, interrupt_at=None):
        self.said, self.stages, self.interrupt_at = [], {}, interrupt_at

    def say(self, text):
        self.said.append(text)

    def __call__(self, stage, done, total):
        self.stages[stage] = (done, total)
        if stage == "walking" and self.interrupt_at is not None and done >= self.interrupt_at:
            raise KeyboardInterrupt


def study_of(text, folder):
    return StudyFile("small.toml", text, folder, parse_study(text, "small.toml"))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}
