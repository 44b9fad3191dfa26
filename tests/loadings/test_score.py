"""The score of a fitted model, and the searches of scikit-learn and Optuna that call it."""

import numpy as np
import optuna
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit

import statefolio as sf


@pytest.fixture(scope="module")
def panel():
    demo = sf.load_demo()
    returns = demo.returns.iloc[:300, :4].copy()
    returns.iloc[:50, 2] = np.nan
    return returns, demo.factors[["market"]].iloc[:300]


MODELS = [
    sf.KalmanLoadings(tuning="fixed", state_variance=1e-4),
    sf.ExponentialLoadings(half_life=60),
]


@pytest.mark.parametrize("model", MODELS)
def test_the_scored_dates_continue_from_the_fitted_state(panel, model):
    returns, factors = panel
    first, last = slice(0, 200), slice(200, None)
    fitted = clone(model).fit(returns.iloc[first], factors.iloc[first])
    before = fitted.next_
    found = fitted.score(returns.iloc[last], factors.iloc[last])
    assert fitted.next_.equals(before)  # not changed
    assert len(fitted.dates_) == 200
    whole = clone(model).fit(returns, factors, tune_until=returns.index[199]).innovations_.isel(date=last)
    if "log_density" in whole:
        density = whole["log_density"].to_numpy()
    else:
        v, S = whole["innovation"].to_numpy(), whole["innovation_variance"].to_numpy()
        density = -0.5 * (np.log(2 * np.pi) + np.log(S) + v * v / S)
    assert found == pytest.approx(np.nanmean(density), rel=1e-12)


def test_seen_dates_are_scored_in_sample(panel):
    returns, factors = panel
    model = sf.ExponentialLoadings().fit(returns.iloc[:200], factors)
    both = model.score(returns.iloc[100:], factors)
    early, late = model.score(returns.iloc[100:200], factors), model.score(returns.iloc[200:], factors)
    counts = returns.iloc[100:200].count().sum(), returns.iloc[200:].count().sum()
    assert both == pytest.approx(np.average([early, late], weights=counts), rel=1e-12)


def test_a_grid_search_scores_each_fold_after_its_training_dates(panel):
    returns, factors = panel
    grid = {"half_life": [5.0, 60.0]}
    search = GridSearchCV(sf.ExponentialLoadings(), grid, cv=TimeSeriesSplit(3), return_train_score=True)
    search.fit(returns, factors)
    expected = []
    for train, test in TimeSeriesSplit(3).split(returns):
        one = sf.ExponentialLoadings(half_life=5.0).fit(returns.iloc[train], factors.iloc[train])
        expected.append(one.score(returns.iloc[test], factors.iloc[test]))
    assert search.cv_results_["mean_test_score"][0] == pytest.approx(np.mean(expected), rel=1e-12)
    assert search.best_params_ == {"half_life": 60.0}
    assert search.best_estimator_.last_date_ == returns.index[-1]


def test_folds_that_do_not_follow_their_training_are_refused(panel):
    search = GridSearchCV(sf.StaticLoadings(), {"intercept": [True]}, cv=KFold(3), error_score="raise")
    with pytest.raises(sf.InputError, match="use TimeSeriesSplit"):
        search.fit(*panel)


def test_optuna_searches(panel):
    returns, factors = panel
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def objective(trial):
        model = sf.RollingLoadings(window=trial.suggest_int("window", 20, 120, step=50))
        return model.fit(returns.iloc[:200], factors).score(returns.iloc[200:], factors)

    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.GridSampler({"window": [20, 120]}))
    study.optimize(objective, n_trials=2)
    assert study.best_params == {"window": 120}


def test_nothing_to_score_is_refused(panel):
    returns, factors = panel
    with pytest.raises(sf.NotFittedError):
        sf.StaticLoadings().score(returns, factors)
    model = sf.StaticLoadings().fit(returns.iloc[:200], factors)
    with pytest.raises(sf.InputError, match="at least one with a forecast"):
        model.score(returns.iloc[200:] * np.nan, factors)
