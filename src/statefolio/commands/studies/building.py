"""Step 2: builds the parts of a study, its market and its policies, and checks the file against the data."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from statefolio.backtest.market import Market
from statefolio.backtest.periods import read_periods
from statefolio.backtest.validation.holdout import Holdout
from statefolio.commands.studies.parts.dated_tables import read_covariances, read_table
from statefolio.commands.studies.parts.market import StudyData, read_data
from statefolio.commands.studies.parts.models import COVARIANCE
from statefolio.commands.studies.parts.policies import make_policies
from statefolio.commands.studies.parts.views import check_views, views_name
from statefolio.commands.studies.parts.windows import check_dates, check_windows
from statefolio.commands.studies.reading import StudyFile
from statefolio.commands.studies.schema.portfolio_tables import Optimised
from statefolio.commands.studies.schema.risk_tables import FileRisk
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.schema.view_tables import FileViews, ViewsTable
from statefolio.exceptions import InputError
from statefolio.portfolio.policy import Policy


@dataclass(frozen=True, eq=False)
class BuiltStudy:
    """A study with its data and its policies, unfitted.

    `study.backtest.periods_per_year` is the number in the file (`year_given`), or the one that the dates show.
    """

    file: StudyFile
    data: StudyData
    policies: dict[str, Policy]
    year_given: bool

    @property
    def study(self) -> Study:
        """The tables of the file."""
        return self.file.study

    @property
    def periods_per_year(self) -> float:
        """Number of dates per year: the one in the file, or the one that all dates of the data show."""
        return float(self.study.backtest.periods_per_year or np.nan)

    @property
    def groups(self) -> "pd.Series[str] | None":
        """Groups of the assets, of the first constraints or of the risk model that have them; None without groups."""
        for policy in self.policies.values():
            constraints, risk = getattr(policy, "constraints", None), getattr(policy, "risk", None)
            for found in (getattr(constraints, "groups", None), getattr(risk, "groups", None)):
                if found is not None:
                    return pd.Series(found)
        return None

    @property
    def market(self) -> Market:
        """The market that the study is walked over."""
        return self.data.market


def build_study(file: StudyFile, *, least_dates: int = 2) -> BuiltStudy:
    """Read the data and make the policies.

    Parameters
    ----------
    file
        The study.
    least_dates
        Dates that its start must leave: a back-test needs a return, and orders a decision alone.

    Raises
    ------
    StatefolioError
        If the data cannot be read, or the file does not fit the data; the message begins with the field.
    """
    data = read_data(file.study.data, file.folder, file.study.factors, dated_tables(file))
    year_given = file.study.backtest.periods_per_year is not None
    file = replace(file, study=with_periods(file.study, data.market.dates))
    for field, table in _file_views(file.study).items():
        check_views(data.market.others[views_name(field)], table.horizon, data.market, field)
    policies = make_policies(file.study, data.market, file.folder)
    check_dates(file.study, data.market, least_dates)
    return BuiltStudy(file, data, policies, year_given)


def dated_tables(file: StudyFile) -> dict[str, pd.DataFrame]:
    """Read the files of views and covariances, by the names that their models know them under.

    They become tables of the market, so that back-tests reveal them date by date and look-ahead checks cover them.
    """
    study, found = file.study, {}
    for field, table in _file_views(study).items():
        found[views_name(field)] = read_table(file.folder / table.file, table.form, f"{field}.file")
    if isinstance(study.risk, FileRisk):
        found[COVARIANCE] = read_covariances(file.folder / study.risk.file, "risk.file")
    again = sorted(set(found) & set(study.data.others or {}))
    if again:
        raise InputError(f"data.others must not have the name {again[0]!r}, which the study uses itself. Rename it.")
    return found


def _file_views(study: Study) -> dict[str, FileViews]:
    """Return the tables of views that name a file, by field."""
    views: dict[str, ViewsTable | None] = {"views": study.views}
    for name, table in study.portfolio.items():
        if isinstance(table, Optimised):
            views[f"portfolio.{name}.views"] = table.views
    return {field: table for field, table in views.items() if isinstance(table, FileViews)}


def with_periods(study: Study, dates: pd.DatetimeIndex) -> Study:
    """Return the study with the number of dates per year: the one given, or the one that the dates show."""
    year = read_periods(study.backtest.periods_per_year, dates)
    backtest = study.backtest.model_copy(update={"periods_per_year": year})
    return study.model_copy(update={"backtest": backtest})


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
