import numpy as np
import pandas as pd
import pytest
from scipy import stats

from statefolio.data import load_demo
from statefolio.exceptions import DataTypeError, InputError
from statefolio.loadings.least_squares import ExponentialLoadings, RollingLoadings, StaticLoadings
from statefolio.validation.losses import common_density
from statefolio.validation.scores import score_loadings, summarise_scores

FROM = "2010-09-01"
MODELS = {"static": StaticLoadings(), "fast": ExponentialLoadings(10), "rolling": RollingLoadings(60)}


def test_against_a_plain_implementation(returns, factors):
    table = score_loadings(MODELS, returns, factors, FROM, burn_in=5)
    assert list(table.columns) == [
        "model",
        "asset",
        "returns_scored",
        "error_variance",
        "log_score",
        "log_score_common",
    ]
    assert len(table) == 3 * 40
    fitted = {name: model.fit(returns, factors).innovations_ for name, model in MODELS.items()}
    known = np.logical_and.reduce([~np.isnan(f.innovation.to_numpy()) for f in fitted.values()])
    informative = np.logical_and.reduce([model.fit(returns, factors).informative_ for model in MODELS.values()])
    first = int((factors.index < FROM).sum())
    tested = known & informative
    tested[: first + 5] = False
    table = table.set_index(["model", "asset"])
    for name, found in fitted.items():
        v, S = found.innovation.to_numpy(), found.innovation_variance.to_numpy()
        for i in (0, 5, 7):
            row, rows = table.loc[name, f"A{i}"], tested[:, i]
            assert row.returns_scored == rows.sum() > 0
            np.testing.assert_allclose(row.error_variance, np.mean(v[rows, i] ** 2), rtol=1e-12)
            own = stats.norm.logpdf(v[rows, i], scale=np.sqrt(S[rows, i]))
            np.testing.assert_allclose(row.log_score, own.mean(), rtol=1e-10)
            common = plain_common(v[first:, i], known[first:, i], np.mean(v[:first, i][known[:first, i]] ** 2))
            np.testing.assert_allclose(row.log_score_common, common[rows[first:]].mean(), rtol=1e-10)


def test_first_predictions_of_a_late_listing_are_not_scored():
    demo = load_demo()
    returns, factors = demo.returns.iloc[:600].copy(), demo.factors.iloc[:600]
    returns.loc[:"2015-09-01", "AAPL"] = np.nan
    table = score_loadings({"static": StaticLoadings()}, returns, factors, "2015-07-01").set_index("asset")
    assert table.loc["AAPL", "error_variance"] < 2.0 * returns["AAPL"].var()
    assert 0 < table.loc["AAPL", "returns_scored"] < returns["AAPL"].count() - 7


def plain_common(v: np.ndarray, known: np.ndarray, start: float) -> np.ndarray:
    S, out = start, np.full(len(v), np.nan)
    for t in range(len(v)):
        if not known[t]:
            continue
        out[t] = stats.t.logpdf(v[t], 6, scale=np.sqrt(S * 4 / 6))
        S = max(0.98 * S + 0.02 * min(v[t] ** 2 / S, 9) * S, 1e-4 * start)
    return out


def test_assets_without_returns_are_nan_and_counted_nowhere(returns, factors):
    table = score_loadings(MODELS, returns, factors, FROM)
    lost = table[table.asset.isin(["A2", "A3", "A4"])]
    assert (lost.returns_scored == 0).all()
    assert lost.error_variance.isna().all()
    summary = summarise_scores(table)
    assert list(summary.index) == list(MODELS)
    assert summary.notna().all(axis=None)
    shares = summary.filter(like="share_best")
    np.testing.assert_allclose(shares.sum(), 1.0)


def test_late_listings_are_scored_where_all_predict(returns, factors):
    table = score_loadings(MODELS, returns, factors, FROM).set_index(["asset", "model"])
    counts = table.loc["A1"].returns_scored
    assert counts.nunique() == 1
    assert 0 < counts.iloc[0] < table.loc["A0"].returns_scored.iloc[0]
    assert table.loc["A1"].log_score_common.notna().all()


def test_shares_of_best():
    table = pd.DataFrame(
        {
            "model": ["a", "a", "a", "b", "b", "b"],
            "asset": [1, 2, 3, 1, 2, 3],
            "error_variance": [1.0, 2.0, np.nan, 2.0, 1.0, 5.0],
            "log_score": [1.0, 2.0, 3.0, 0.0, 1.0, 2.0],
            "log_score_common": [1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
        }
    )
    summary = summarise_scores(table)
    assert summary.loc["a", "error_variance"] == 1.5
    assert list(summary.share_best_error_variance) == [0.5, 0.5]
    assert list(summary.share_best_log_score) == [1.0, 0.0]
    assert list(summary.share_best_log_score_common) == [0.5, 0.5]


def test_models_learn_nothing_from_the_test(returns, factors):
    seen = []

    class Spy(StaticLoadings):
        def _learn(self, panel, tune_rows):
            seen.append(tune_rows)

    score_loadings([Spy()], returns, factors, FROM)
    assert seen == [int((factors.index < FROM).sum())]


def test_lists_get_names(returns, factors):
    model = StaticLoadings()
    table = score_loadings([model, RollingLoadings(30), RollingLoadings(60)], returns, factors, FROM)
    assert list(table.model.unique()) == ["StaticLoadings", "RollingLoadings 1", "RollingLoadings 2"]
    assert not hasattr(model, "last_date_")


def test_a_common_start_that_is_unknown():
    density = common_density(np.array([[0.1], [0.2]]), np.array([np.nan]))
    assert np.isnan(density).all()


@pytest.mark.parametrize(
    ("models", "options", "kind", "word"),
    [
        ([], {}, InputError, "empty"),
        (StaticLoadings(), {}, DataTypeError, "mapping"),
        ({"x": 3}, {}, DataTypeError, "models.'x'. must be a model of loadings, got 3"),
        (MODELS, {"burn_in": -1}, InputError, "burn_in must be .* got -1"),
        (MODELS, {"test_from": "1999-01-01"}, InputError, "0 dates are before it"),
        (MODELS, {"test_from": "2050-01-01"}, InputError, "0 from it on"),
        (MODELS, {"test_from": "soon"}, InputError, "test_from must be a date, got 'soon'"),
    ],
)
def test_bad_input(models, options, kind, word, returns, factors):
    with pytest.raises(kind, match=word):
        score_loadings(models, returns, factors, **{"test_from": FROM, **options})
