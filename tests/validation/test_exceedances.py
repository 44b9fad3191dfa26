"""Exceedances of value at risk, against a slow count and the likelihood written out."""

import numpy as np
import pytest
from scipy import stats

from statefolio.exceptions import InputError
from statefolio.validation import count_exceedances


def test_the_count_and_the_likelihood_ratio():
    z = np.append(np.random.default_rng(0).standard_normal(500), np.nan)
    row = count_exceedances(z, {0.95: 1.2}).loc[0.95]
    count = sum(one < -1.2 for one in z)
    assert (row["dates"], row["exceedances"], row["expected"]) == (500, count, pytest.approx(25.0))
    binomial = [stats.binom.logpmf(count, 500, p) for p in (0.05, count / 500)]
    assert row["p_value"] == pytest.approx(stats.chi2.sf(2 * (binomial[1] - binomial[0]), 1))


def test_no_exceedances_are_no_trouble():
    assert count_exceedances([0.1, 0.2], {0.99: 2.0})["p_value"].iloc[0] == pytest.approx(0.841, abs=0.001)
    with pytest.raises(InputError, match="standardised must"):
        count_exceedances([np.nan], {0.99: 2.0})
