"""The chapter that comes first: whether what is held reverts, or the tuning fooled itself."""

from statefolio.pairs.verdict.verdict import Verdict
from statefolio.report.chapters import Chapter, Exhibit, drawn
from statefolio.report.pairs.calibration_figure import calibration_figure

DRAWN = {
    "adf_held": ("Value held", "What somebody earns who holds the hedge under predicted ratios; this one decides."),
    "adf_predicted": (
        "Spread under predicted ratios",
        "Nobody earns it: its weights move so that it looks still.",
    ),
}
"""Statistics that are drawn among their draws."""
COLUMNS = {"value": "value", "nominal_p": "nominal p", "calibrated_p": "calibrated p", "false_alarms": "false alarms"}
NAMES = {
    "adf_held": "ADF, value held: decides",
    "half_life_held": "half-life of value held, dates",
    "adf_predicted": "ADF, spread, predicted: not earned",
    "adf_filtered": "ADF, spread, filtered: not tradable",
}
NOTE = (
    "Calibrated: the share of baskets of the same price changes that are not cointegrated, each tuned in the same way, "
    "that reach as low a value. Nominal: as if nothing had been tuned and no weight moved; false alarms: how often the "
    "nominal one calls such baskets stationary."
)


def verdict_chapter(verdict: Verdict) -> Chapter:
    """What was found, its table, and where the basket stands among those that do not revert."""
    table = verdict.table[list(COLUMNS)].rename(index=NAMES, columns=COLUMNS).rename_axis("measure").reset_index()
    formats = {"value": ",.2f", "nominal p": ".2g", "calibrated p": ".2g", "false alarms": ".0%"}
    exhibits = [Exhibit("", NOTE, table=table, formats=formats, wide=True)]
    for name, (title, note) in DRAWN.items():
        exhibits.append(_among_draws(verdict, name, title, note))
    lead = f"{verdict.outcome[:1].upper()}{verdict.outcome[1:]}: calibrated p = {verdict.p_value:.2g}."
    return Chapter("Verdict", lead, tuple(exhibits))


def _among_draws(verdict: Verdict, name: str, title: str, note: str) -> Exhibit:
    observed = float(verdict.table["value"][name])
    statistic = "Dickey-Fuller statistic with one lag; to the left: more stationary"
    return drawn(
        title,
        note,
        lambda: calibration_figure(verdict.draws[name], observed, level=verdict.level, name=statistic),
    )
