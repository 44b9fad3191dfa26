"""The true loadings of a tutorial beside a team's estimates, once they are revealed."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from statefolio.challenge.service.pages.drawings import lines
from statefolio.challenge.store.teams import Team

TRUTH_FILE = "true_loadings.json"


def truth_view(truth: Any, team: Team | None) -> dict[str, Any] | None:
    """Return one picture per factor, of the asset with the most movement, or None where nothing is revealed.

    Parameters
    ----------
    truth : object
        The content of the public file.
    team : Team, optional
        Whose estimates are drawn; those of the first entry if the team has none.
    """
    if not isinstance(truth, dict) or not truth:
        return None
    own = {team.id, team.name} if team else set()
    entry = next((each for each in truth.values() if each.get("team") in own), next(iter(truth.values())))
    asset, factors = max(entry["assets"].items(), key=lambda each: _movement(each[1]))
    ends = (str(entry["dates"][0]), str(entry["dates"][-1]))
    errors = entry.get("error") or {}
    return {
        "asset": asset,
        "name": entry.get("name", ""),
        "own": entry.get("team") in own,
        "drawings": [(factor, errors.get(factor), _drawing(paths, ends, factor)) for factor, paths in factors.items()],
    }


def _drawing(paths: Mapping[str, Any], ends: tuple[str, str], factor: str) -> Markup:
    shown = {"estimate": paths["estimate"], "true": paths["true"]}
    return lines(shown, ends, f"Loading on {factor}: true, and estimated", band=(paths["low"], paths["high"]))


def _movement(factors: Mapping[str, Mapping[str, list[float | None]]]) -> float:
    spans = []
    for paths in factors.values():
        known = [value for value in paths["true"] if value is not None]
        spans.append(max(known) - min(known) if known else 0.0)
    return sum(spans)
