"""Step 2: builds the parts of a study, its market and its policies, and checks the file against the data."""

from dataclasses import dataclass, replace

from statefolio.backtest.market import Market
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.parts.market import StudyData, read_data
from statefolio.commands.studies.parts.policies import make_policies
from statefolio.commands.studies.parts.windows import check_dates, check_windows
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.schema.study import Study
from statefolio.portfolio.policy import Policy


@dataclass(frozen=True, eq=False)
class BuiltStudy:
    """A study with its data and its policies, unfitted."""

    file: StudyFile
    data: StudyData
    policies: dict[str, Policy]

    @property
    def study(self) -> Study:
        """The tables of the file."""
        return self.file.study

    @property
    def market(self) -> Market:
        """The market that the study is walked over."""
        return self.data.market


def build_study(file: StudyFile) -> BuiltStudy:
    """Read the data and make the policies.

    Raises
    ------
    StatefolioError
        If the data cannot be read, or the file does not fit the data; the message begins with the field.
    """
    data = read_data(file.study.data, file.folder)
    policies = make_policies(file.study, data.market, file.folder)
    check_dates(file.study, data.market.dates)
    return BuiltStudy(file, data, policies)


def before_holdout(built: BuiltStudy, holdout: Holdout | None) -> BuiltStudy:
    """Return the study on the dates before the holdout alone.

    Raises
    ------
    InputError
        If these dates are too few for the windows or the folds of the validation.
    """
    market = built.market if holdout is None else holdout.development
    check_windows(built.study, market.dates)
    return replace(built, data=replace(built.data, market=market))
