"""Tables that the job of `pairs` writes."""

from pathlib import Path

import numpy as np
import pandas as pd

from statefolio.commands.csv_tables import write_csv
from statefolio.pairs.hedges.kalman_hedge import KalmanHedge
from statefolio.pairs.trading.today import Today
from statefolio.pairs.trading.walk_forward import BasketWalk
from statefolio.report.pairs.basket_results import BasketResults


def hedge_table(found: BasketResults) -> pd.DataFrame:
    """Ratios with standard errors, level, spreads, value of the held basket, innovation and z-score, by date."""
    hedge = found.hedge
    ratios = hedge.hedge_ratios_
    columns: dict[str, object] = {}
    for name in ratios["asset"].to_numpy():
        one = ratios.sel(asset=name)
        columns[f"ratio_{name}"] = one["predicted"].to_numpy()
        columns[f"standard_error_{name}"] = np.sqrt(one["predicted_variance"].to_numpy())
        columns[f"filtered_ratio_{name}"] = one["filtered"].to_numpy()
    columns["level"] = hedge.level_["predicted"].to_numpy()
    columns["spread_predicted"] = hedge.spread_["predicted"].to_numpy()
    columns["spread_filtered"] = hedge.spread_["filtered"].to_numpy()
    columns["held_value"] = hedge.held_value_.to_numpy()
    columns["innovation"] = hedge.innovations_["innovation"].to_numpy()
    columns["innovation_deviation"] = np.sqrt(hedge.innovations_["innovation_variance"].to_numpy())
    columns["z_score"] = found.z_score.to_numpy()
    return pd.DataFrame(columns, index=found.z_score.index.rename("date"))


def value_table(walk: BasketWalk) -> pd.DataFrame:
    """Value after costs by date: one column per hedge."""
    values = {name: result.value for name, result in walk.results.items()}
    return pd.DataFrame(values).rename_axis("date")


def weight_table(walk: BasketWalk) -> pd.DataFrame:
    """Target weights: date, hedge, and one column per asset."""
    parts = []
    for name, result in walk.results.items():
        wanted = result.decisions.rename_axis("date").reset_index()
        wanted.insert(1, "hedge", name)
        parts.append(wanted)
    return pd.concat(parts, ignore_index=True)


def level_table(now: Today) -> pd.DataFrame:
    """Distances to the levels of the rule, with the date and the present z-score."""
    return now.distances.assign(date=f"{now.date:%Y-%m-%d}", z_score_now=now.z_score, units_now=now.units)


def write_tables(folder: Path, found: BasketResults) -> None:
    """Write every number of the report to files."""
    write_csv(hedge_table(found), folder / "hedge.csv")
    if isinstance(found.hedge, KalmanHedge):
        write_csv(found.hedge.parameters_, folder / "parameters.csv")
    write_csv(found.walk.table, folder / "walk.csv")
    write_csv(value_table(found.walk), folder / "value.csv")
    write_csv(weight_table(found.walk), folder / "weights.csv", index=False)
    write_csv(found.targets, folder / "positions.csv")
    write_csv(level_table(found.today), folder / "levels.csv")
    if found.tests is not None:
        write_csv(found.tests.to_frame(), folder / "tests.csv", index=False)
    if found.trace is not None:
        write_csv(found.trace, folder / "trace.csv")
    if found.verdict is not None:
        write_csv(found.verdict.table, folder / "verdict.csv")
        write_csv(found.verdict.draws, folder / "draws.csv")
        (folder / "verdict.txt").write_text(found.verdict.sentence + "\n", encoding="utf-8")
