import numpy as np

from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.validation.losses import LOSSES, adjustment_series, date_series, losses_dataset
from statefolio.validation.predictions import predict_all
from statefolio.validation.scores import score_loadings

MODELS = {"rolling": RollingLoadings(100), "static": StaticLoadings()}


def losses(stocks, burn_in=0):
    return losses_dataset(predict_all(MODELS, *stocks, "2019-01-01", burn_in))


def test_losses_by_their_formulas(stocks):
    found = losses(stocks)
    fitted = {name: model.fit(*stocks).innovations_.sel(date=found.date) for name, model in MODELS.items()}
    both = np.isfinite(fitted["rolling"]["innovation"] + fitted["static"]["innovation"]).to_numpy()
    for name, one in fitted.items():
        v, S = (np.where(both, one[f"innovation{what}"].to_numpy(), np.nan) for what in ("", "_variance"))
        mine = found.sel(model=name)
        np.testing.assert_allclose(mine["squared_error"], v**2, rtol=1e-12)
        np.testing.assert_allclose(mine["qlike"], np.log(S) + v**2 / S, rtol=1e-12)
        np.testing.assert_allclose(mine["negative_log_score"], 0.5 * (np.log(2 * np.pi * S) + v**2 / S), rtol=1e-12)
        np.testing.assert_array_equal(mine["innovation"], v)


def test_scores_are_means_of_losses(stocks):
    found = losses(stocks, burn_in=20)
    table = score_loadings(MODELS, *stocks, "2019-01-01", burn_in=20).set_index(["model", "asset"])
    means = found.mean("date")
    for name in MODELS:
        mine, scores = means.sel(model=name), table.loc[name]
        np.testing.assert_allclose(scores.error_variance, mine["squared_error"], rtol=1e-12)
        np.testing.assert_allclose(scores.log_score, -mine["negative_log_score"], rtol=1e-12)
        np.testing.assert_allclose(scores.log_score_common, -mine["negative_log_score_common"], rtol=1e-12)


def test_series_by_date_are_means_over_the_assets_scored(stocks):
    returns, factors = stocks[0].copy(), stocks[1]
    returns.loc["2019-03-04":"2019-03-06"] = np.nan
    found = losses((returns, factors))
    for loss in LOSSES:
        series = date_series(found, loss)
        assert not series.index.isin(returns.loc["2019-03-04":"2019-03-06"].index).any()
        assert len(series) == len(found.date) - 3
        date = series.index[200]
        plain = [np.nanmean(found[loss].sel(model=name, date=date)) for name in MODELS]
        np.testing.assert_allclose(series.loc[date], plain, rtol=1e-12)
    e1, e2 = (found["innovation"].sel(model=name, date=date).to_numpy() for name in ("static", "rolling"))
    adjusted = adjustment_series(found, "static", "rolling")
    y = returns.loc[date].to_numpy()
    difference = (y - e1) - (y - e2)
    np.testing.assert_allclose(adjusted[date], np.nanmean(e1**2 - (e2**2 - difference**2)), rtol=1e-9)
