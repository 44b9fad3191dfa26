"""The engine that a scorer runs: the scoring of one round, behind four calls."""

from collections.abc import Mapping
from typing import Any, Protocol

from numpy.typing import NDArray

from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.rules.submission import read_submission
from statefolio.challenge.scoring import engine as scoring
from statefolio.challenge.scoring.benchmarks import warm
from statefolio.challenge.scoring.engine_version import ENGINE_VERSION
from statefolio.challenge.scoring.feedback import improves, rank_groups
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.scored_window import series_of

Arrays = Mapping[str, NDArray[Any]]
Result = tuple[dict[str, Any], dict[str, NDArray[Any]]]
"""value, standard_error, details, failed_gates, reasons as JSON has them; and the arrays of the per-date results."""


class Engine(Protocol):
    """What a scorer needs of an engine; tests pass a quick one."""

    version: str

    def warm(self) -> None:
        """Compile and read everything, so that no child does."""

    def score(self, body: str, window: str) -> Result:
        """Score a submission on a window. Runs in a child."""

    def improves(self, track: str, new: Arrays, best: Arrays, benchmark: Arrays | None) -> bool:
        """Return whether a result beats the displayed best; `benchmark`: the one on the board. Runs in a child."""

    def ranks(self, track: str, results: Mapping[str, Arrays]) -> dict[str, int]:
        """Return the rank of each team that can be ranked; ties share one. Runs in a child."""


class RoundEngine:
    """The engine of a round.

    Parameters
    ----------
    data
        The data, hidden dates included.
    rules
        The rules.
    """

    version = ENGINE_VERSION

    def __init__(self, data: RoundData, rules: Rules) -> None:
        self._data, self._rules = data, rules
        self._universe = data.universe

    def warm(self) -> None:
        """Score the benchmarks on the public window."""
        warm(self._data, self._rules)

    def score(self, body: str, window: str) -> Result:
        """Score a stored submission."""
        submission = read_submission(body.encode(), self._universe)
        found = scoring.score(submission, self._data, self._rules, window)  # type: ignore[arg-type]
        content = {
            "value": found.value,
            "standard_error": found.standard_error,
            "details": dict(found.details),
            "failed_gates": list(found.failed_gates),
            "reasons": list(found.reasons),
        }
        return content, found.to_arrays()

    def improves(self, track: str, new: Arrays, best: Arrays, benchmark: Arrays | None) -> bool:
        """Compare two results by the rule of feedback."""
        reference = None if benchmark is None else series_of(benchmark)
        return improves(track, series_of(new), series_of(best), self._rules.feedback, reference)

    def ranks(self, track: str, results: Mapping[str, Arrays]) -> dict[str, int]:
        """Rank by groups that cannot be told apart."""
        series = {team: series_of(arrays) for team, arrays in results.items()}
        return {team: rank for team, rank in rank_groups(track, series).items() if rank is not None}
