"""The organiser's file `challenge.toml`: its tables, checked, and the part of them that everyone may read."""

import datetime as dt
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from statefolio._options import Number, Whole
from statefolio.challenge.rules.text_fields import text
from statefolio.commands.studies.schema.backtest_tables import CostsTable, RebalanceOption
from statefolio.commands.studies.schema.data_tables import DataTable
from statefolio.commands.studies.schema.field_types import (
    Count,
    CountOrZero,
    Invalid,
    NotNegative,
    Positive,
    Table,
    valid,
)
from statefolio.commands.studies.schema.messages import explain
from statefolio.exceptions import FileFormatError

FILE = "challenge.toml"
Track = Literal["forecast", "portfolio", "forward"]
Weight = Annotated[float, valid(Number(above=0.0, at_most=1.0))]
_URL = r"https?://[^\s/?#]+(/[^\s?#]*)?"
_NOT_PUBLISHED = {"data": True, "synthetic": True, "server": True}


def _moment(value: object) -> object:
    if not isinstance(value, dt.datetime) or value.tzinfo is None:
        raise Invalid("a date and time with its time zone, such as 2027-03-01T17:00:00Z")
    return value.astimezone(dt.UTC).replace(microsecond=0)


def _start(value: object) -> object:
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if Number(above=0.0, below=1.0).accepts(value):
        return value
    raise Invalid("a date such as 2015-12-31 (the first one), or a share of the dates between 0 and 1")


def _tracks(value: object) -> object:
    words = ("forecast", "portfolio", "forward")
    if isinstance(value, list) and value and len(set(map(str, value))) == len(value) and set(value) <= set(words):
        return value
    raise Invalid('a list of "forecast", "portfolio" and "forward", each at most once')


Moment = Annotated[dt.datetime, BeforeValidator(_moment)]
Start = Annotated[dt.date | float, BeforeValidator(_start)]


class ChallengeTable(Table):
    """[challenge]: the name, a description, and whether it is a tutorial.

    In a tutorial every score is shown, and mistakes are repaired with a warning.
    """

    name: Annotated[str, text("text of 1 to 80 characters", least=1, most=80)]
    description: Annotated[str, text("text of at most 2,000 characters", most=2_000)] = ""
    tutorial: bool = False


class SyntheticTable(Table):
    """[synthetic]: a market made from a secret seed, whose loadings move and are revealed at the end."""

    assets: Annotated[int, valid(Whole(at_least=10, at_most=500))] = 10
    factors: Annotated[int, valid(Whole(at_least=1, at_most=10))] = 3
    dates: Annotated[int, valid(Whole(at_least=750, at_most=10_000))] = 1_500


class WindowsTable(Table):
    """[windows]: the last parts of the data, which participants do not see, with an embargo before each."""

    validation: Start = 0.2
    final: Start = 0.2
    embargo: CountOrZero = 21


class LimitsTable(Table):
    """[limits]: submissions of a team per day and per round, and finalists."""

    per_day: Count = 5
    per_round: Count = 150
    finalists: Annotated[int, valid(Whole(at_least=1, at_most=10))] = 2


class FeedbackTable(Table):
    """[feedback]: by what a submission must beat the displayed best before its score is shown.

    Standard errors of the paired difference; and, where these are above 0, a least annual Sharpe ratio for a portfolio
    and a least log score a return for a forecast.
    """

    standard_errors: NotNegative = 2.5
    least_sharpe: NotNegative = 0.05
    least_log_score: NotNegative = 0.002


class ScheduleTable(Table):
    """[schedule]: when submissions are taken. Without them: from `open` to `close`."""

    opens: Moment | None = None
    closes: Moment | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "ScheduleTable":
        if self.opens is not None and self.closes is not None and self.opens >= self.closes:
            raise ValueError(f"must have opens before closes, got {self.opens:%Y-%m-%dT%H:%M:%SZ} and later")
        return self


class TradingTable(Table):
    """[backtest]: how every portfolio is traded; fields of a study's [backtest]."""

    rebalance: RebalanceOption = "weekly"
    costs: CostsTable = CostsTable(proportional=0.0005, half_spread=0.0003, borrow=0.005, financing=0.01)
    capital: Positive = 1_000_000.0
    lag: Count = 1
    periods_per_year: Positive | None = None


class GatesTable(Table):
    """[gates]: what a portfolio must keep to on the scored dates."""

    daily_turnover: Weight = 0.08
    weight: Weight = 0.1
    holdings: Count = 10


class ServerTable(Table):
    """[server]: the database, the address, and single sign-on by a header that a trusted proxy sets."""

    database: Annotated[str, text("the URL of a database", least=1)] | None = None
    host: Annotated[str, text("a host name or address", least=1)] = "127.0.0.1"
    port: Annotated[int, valid(Whole(at_least=1, at_most=65_535))] = 8_000
    public_url: Annotated[str, text("such as https://challenge.example.org", pattern=_URL)] | None = None
    trusted_header: Annotated[str, text("the name of an HTTP header", pattern="[A-Za-z0-9-]+")] | None = None
    trusted_proxies: list[str] = Field(default_factory=lambda: ["127.0.0.1"])


class ScoringTable(Table):
    """[scoring]: limits of one scoring."""

    cpu_seconds: Positive = 60.0
    memory_gb: Positive = 2.0
    attempts: Count = 3
    lease_seconds: Positive = 10.0


class Rules(Table):
    """All tables of `challenge.toml`.

    Examples
    --------
    >>> rules = parse_rules(example_rules(), "challenge.toml")
    >>> rules.limits.per_day, rules.gates.weight
    (5, 0.1)
    """

    challenge: ChallengeTable
    data: DataTable | None = None
    synthetic: SyntheticTable | None = None
    tracks: Annotated[list[Track], BeforeValidator(_tracks)] = Field(
        default_factory=lambda: ["forecast", "portfolio"]  # type: ignore[arg-type]
    )
    windows: WindowsTable = WindowsTable()
    limits: LimitsTable = LimitsTable()
    feedback: FeedbackTable = FeedbackTable()
    schedule: ScheduleTable = ScheduleTable()
    backtest: TradingTable = TradingTable()
    gates: GatesTable = GatesTable()
    server: ServerTable = ServerTable()
    scoring: ScoringTable = ScoringTable()

    @model_validator(mode="after")
    def _one_source(self) -> "Rules":
        if (self.data is None) == (self.synthetic is None):
            raise ValueError("the file must have either the table [data] or the table [synthetic], and not both")
        return self


def read_rules(path: str | Path) -> Rules:
    """Read `challenge.toml`.

    Parameters
    ----------
    path
        The file, or the folder that has it.

    Raises
    ------
    FileFormatError
        If the file cannot be read or is not TOML.
    InputError
        If a field is unknown, missing or not valid.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = (Path(folder) / "challenge.toml").write_text(example_rules())
    ...     read_rules(folder).challenge.tutorial
    False
    """
    file = Path(path) / FILE if Path(path).is_dir() else Path(path)
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileFormatError(
            f"{file} does not exist. Check the path, or write one with `statefolio challenge init`."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileFormatError(f"{file} must be a UTF-8 file that can be read, got {error}. Check it.") from None
    return parse_rules(text, str(file))


def parse_rules(text: str, name: str) -> Rules:
    """Check the text of `challenge.toml`; messages begin with `name`.

    Examples
    --------
    >>> parse_rules(example_rules(tutorial=True), "challenge.toml").limits.per_day
    20
    """
    try:
        return Rules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise FileFormatError(f"{name} must be TOML: {error}. Correct that line.") from None
    except ValidationError as error:
        raise explain(error, name) from None


def example_rules(tutorial: bool = False) -> str:
    """Return the commented text of a `challenge.toml` that runs on bundled data, or on synthetic ones.

    Examples
    --------
    >>> example_rules().splitlines()[0]
    '# A challenge of statefolio: teams submit models, and are scored on dates that nobody sees.'
    """
    file = "tutorial.toml" if tutorial else "challenge.toml"
    return resources.files("statefolio.challenge.rules").joinpath(file).read_text(encoding="utf-8")


def published(rules: Rules) -> dict[str, Any]:
    """Return what everyone may read of the rules: all tables except the data's files and the server's.

    Examples
    --------
    >>> sorted(published(parse_rules(example_rules(), "challenge.toml")))[:4]
    ['backtest', 'challenge', 'feedback', 'gates']
    """
    return rules.model_dump(mode="json", exclude=_NOT_PUBLISHED)


def rules_text(rules: Rules) -> str:
    """Return the published rules as JSON with sorted names: the text that the commitment hashes."""
    return json.dumps(published(rules), sort_keys=True, separators=(",", ":"))
