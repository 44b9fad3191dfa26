"""The final results in the words and pictures of the results page."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from statefolio.challenge.service.pages.drawings import lines, slopes
from statefolio.challenge.service.pages.rendering import DASH, score

_CURVES = {
    "forecast": "Log score gained on the benchmark, summed",
    "portfolio": "Value on the final window, net of costs",
}
_MOST_LINES = 8
_MOST_SLOPES = 20


def results_view(results: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Return what the results page shows of each track."""
    tracks = (results or {}).get("tracks", {})
    return [_track(name, table) for name, table in tracks.items() if table.get("rows")]


def _track(track: str, table: Mapping[str, Any]) -> dict[str, Any]:
    rows: Sequence[Mapping[str, Any]] = table["rows"]
    names = _names(rows)
    deflated = any(row.get("deflated") is not None for row in rows)
    columns = ["Final score", "Standard error", "Validation", "Change of place"]
    if deflated:
        columns.insert(3, "Deflated Sharpe")
    places = {
        names[row["submission"]]: (int(row["validation_place"]), int(row["final_place"]))
        for row in rows
        if row.get("validation_place") is not None and row.get("final_place") is not None
    }
    shown = dict(list(places.items())[:_MOST_SLOPES])
    return {
        "name": track,
        "columns": columns,
        "rows": [_row(track, row, names, deflated) for row in rows],
        "sentence": _significance(table),
        "slopes": slopes(shown, ("validation", "final"), "Places on the validation and the final window"),
        "curve_title": _CURVES[track],
        "curves": _curves(table.get("curves") or {}, names, _CURVES[track]),
    }


def _names(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return a name for each submission: its team's, and its own where a team has two."""
    count = Counter(row["team"] for row in rows)
    return {
        row["submission"]: str(row["team"]) if count[row["team"]] == 1 else f"{row['team']}: {row['name']}"
        for row in rows
    }


def _row(track: str, row: Mapping[str, Any], names: Mapping[str, str], deflated: bool) -> dict[str, Any]:
    cells = [score(row.get(each), track) for each in ("final", "standard_error", "validation")]
    if deflated:
        probability = row.get("deflated")
        cells.append(DASH if probability is None else f"{probability:.3f}")
    return {
        "rank": row.get("rank") or DASH,
        "team": names[row["submission"]],
        "benchmark": bool(row.get("is_benchmark")),
        "cells": [*cells, _shift(row.get("shake_up"))],
        "note": " ".join(_notes(row, names)),
    }


def _notes(row: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    notes = []
    if row.get("in_confidence_set"):
        notes.append("In the model confidence set: the data cannot tell it from the best.")
    if row.get("duplicate_of") is not None:
        other = names.get(row["duplicate_of"], "another entry")
        kind = "The opposite bet of" if "opposite" in str(row.get("relation")) else "Nearly the same as"
        notes.append(f"{kind} {other}.")
    return [*notes, *(str(reason) for reason in row.get("reasons", []))]


def _significance(table: Mapping[str, Any]) -> str:
    """Return the reality check against the benchmark in a sentence."""
    found = table.get("reality_check") or {}
    count = f"{table.get('submissions', 0):,} submissions were made on this track."
    p_value = found.get("p_value")
    if p_value is None:
        return f"{count} Reality check against the benchmark: not computed. {found.get('reason') or ''}".strip()
    shown = "p < .001" if p_value < 0.001 else f"p = {p_value:.3f}".replace("0.", ".", 1)
    verdict = "at least one entry beats it" if p_value < 0.05 else "no entry is shown to beat it"
    return f"{count} Reality check against the benchmark over all entries: {shown}, so {verdict}."


def _curves(curves: Mapping[str, Any], names: Mapping[str, str], title: str) -> Any:
    dates = curves.get("dates") or []
    known = [(names[each], values) for each, values in (curves.get("entries") or {}).items() if each in names]
    if len(dates) < 2 or not known:
        return ""
    return lines(dict(known[:_MOST_LINES]), (str(dates[0]), str(dates[-1])), title)


def _shift(places: int | None) -> str:
    if places is None:
        return DASH
    return "0" if not places else f"{places:+d}".replace("-", "\u2212")
