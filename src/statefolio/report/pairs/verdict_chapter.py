"""Builds the chapter on the verdict: whether the held value of a basket reverts to its mean."""

from statefolio._display.numbers import MISSING, P_VALUE
from statefolio.pairs.verdict.verdict import Verdict
from statefolio.report.chapters import Chapter, Exhibit, figure_exhibit
from statefolio.report.pairs.calibration_figure import calibration_figure

DRAWN = {
    "adf_held": (
        "Held value",
        "The profit of holding the hedge under predicted ratios. The verdict depends on this statistic.",
    ),
    "adf_predicted": (
        "Spread under predicted ratios",
        "Not the profit of a trader: time-varying weights make almost any spread look stationary.",
    ),
}
"""Titles and notes of the statistics drawn with their distributions under the null hypothesis."""
COLUMNS = {
    "value": "Value",
    "nominal_p": "Nominal p-value",
    "calibrated_p": "Calibrated p-value",
    "false_alarms": "False-alarm rate",
}
NAMES = {
    "adf_held": "ADF, held value (decides)",
    "half_life_held": "Half-life of the held value, dates",
    "adf_predicted": "ADF, predicted spread (not earned)",
    "adf_filtered": "ADF, filtered spread (not tradable)",
}
NOTE = (
    "Calibrated p-value: the share of simulated baskets that reach as low a value. They resample the same price "
    "changes, are not cointegrated and are tuned in the same way. Nominal p-value: ignores the tuning and the moving "
    "weights. False-alarm rate: how often the nominal test finds the simulated baskets stationary."
)


def verdict_chapter(verdict: Verdict) -> Chapter:
    """Return the chapter with the verdict, its statistics and their distributions under the null hypothesis."""
    table = verdict.table[list(COLUMNS)].rename(index=NAMES, columns=COLUMNS).rename_axis("measure").reset_index()
    formats = {"Value": ",.2f", "Nominal p-value": P_VALUE, "Calibrated p-value": P_VALUE, "False-alarm rate": ".0%"}
    why_missing = f"{MISSING}: a half-life has no nominal test."
    exhibits = [Exhibit("", NOTE, table=table, formats=formats, wide=True, why_missing=why_missing)]
    for name, (title, note) in DRAWN.items():
        exhibits.append(_among_draws(verdict, name, title, note))
    return Chapter("Verdict", verdict.sentence, tuple(exhibits))


def _among_draws(verdict: Verdict, name: str, title: str, note: str) -> Exhibit:
    observed = float(verdict.table["value"][name])
    statistic = "Dickey-Fuller statistic with one lag (lower: more stationary)"
    return figure_exhibit(
        title,
        note,
        lambda: calibration_figure(verdict.draws[name], observed, level=verdict.level, name=statistic),
    )
