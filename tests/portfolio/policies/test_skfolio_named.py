"""Optimisers of skfolio by name: made as their constructors make them, or refused with the nearest name."""

import pytest
from skfolio import RiskMeasure
from skfolio.cluster import HierarchicalClustering, LinkageMethod
from skfolio.moments import LedoitWolf
from skfolio.optimization import HierarchicalRiskParity, MeanRisk, ObjectiveFunction

from statefolio.exceptions import InputError, UnknownNameError
from statefolio.portfolio.policies.skfolio_named import make_optimiser, optimisers


def test_every_optimiser_has_a_name():
    assert {"MeanRisk", "HierarchicalRiskParity", "NestedClustersOptimization", "RiskBudgeting"} <= set(optimisers())


def test_words_and_tables_become_what_the_constructor_takes():
    found = make_optimiser(
        "MeanRisk",
        {
            "risk_measure": "CVaR",
            "objective_function": "maximize_ratio",
            "max_weights": 0.3,
            "prior_estimator": {"name": "EmpiricalPrior", "covariance_estimator": {"name": "LedoitWolf"}},
        },
    )
    assert isinstance(found, MeanRisk)
    assert found.risk_measure is RiskMeasure.CVAR
    assert found.objective_function is ObjectiveFunction.MAXIMIZE_RATIO
    assert isinstance(found.prior_estimator.covariance_estimator, LedoitWolf)
    clustering = {"name": "HierarchicalClustering", "linkage_method": "single"}
    found = make_optimiser("HierarchicalRiskParity", {"hierarchical_clustering_estimator": clustering})
    assert isinstance(found, HierarchicalRiskParity)
    assert isinstance(found.hierarchical_clustering_estimator, HierarchicalClustering)
    assert found.hierarchical_clustering_estimator.linkage_method is LinkageMethod.SINGLE


@pytest.mark.parametrize(
    ("name", "options", "error", "text"),
    [
        (
            "HRP",
            {},
            UnknownNameError,
            "must be an optimiser of skfolio, got 'HRP'. Did you mean HierarchicalRiskParity?",
        ),
        ("MeanRsk", {}, UnknownNameError, "Did you mean MeanRisk?"),
        ("xyz", {}, UnknownNameError, "'MeanRisk'"),
        ("LedoitWolf", {}, UnknownNameError, "must be an optimiser of skfolio"),
        ("MeanRisk", {"max_wieghts": 1}, UnknownNameError, "got 'max_wieghts'. Did you mean max_weights?"),
        (
            "MeanRisk",
            {"risk_measure": "CVAR1"},
            UnknownNameError,
            "risk_measure must be a word of skfolio, got 'CVAR1'",
        ),
        (
            "MeanRisk",
            {"prior_estimator": {"name": "EmpirialPrior"}},
            UnknownNameError,
            "prior_estimator.name must be an estimator of skfolio, got 'EmpirialPrior'. Did you mean EmpiricalPrior?",
        ),
        ("StackingOptimization", {}, InputError, "must have the option estimators"),
    ],
)
def test_wrong_names_suggest_the_nearest(name, options, error, text):
    with pytest.raises(error) as raised:
        make_optimiser(name, options, "portfolio.x.optimiser")
    assert str(raised.value).count("portfolio.x.optimiser") == 1
    assert text in str(raised.value)
