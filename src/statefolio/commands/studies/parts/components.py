"""Factors of a study by principal components of its returns."""

from dataclasses import replace

from statefolio._arrays.text import show
from statefolio.backtest.market import Market
from statefolio.commands.inputs import PanelInputs
from statefolio.commands.studies.schema.data_tables import StatisticalFactorsTable
from statefolio.exceptions import StatefolioError
from statefolio.factors.statistical import StatisticalFactors


def with_components(inputs: PanelInputs, market: Market, table: StatisticalFactorsTable) -> PanelInputs:
    """Return the inputs with principal components as factors: those of a date use earlier dates alone."""
    model = StatisticalFactors(**table.model_dump(exclude={"kind"}))
    try:
        model.fit(market.model_data()[0])
    except StatefolioError as error:
        raise type(error)(f"factors: {error}") from error
    found = model.factor_returns_.complete().returns
    explained = float(model.refits_["explained"].iloc[-1])
    note = (
        f"{table.n_factors} factors by principal components of the returns, known from {show(found.index[0])} on; the "
        f"last of {len(model.refits_):,} estimates explains {explained:.0%} of the variance."
    )
    facts = {**inputs.facts, "factors": f"{table.n_factors} principal components"}
    return replace(inputs, factors=found, facts=facts, notes=(*inputs.notes, note))
