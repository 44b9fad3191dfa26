"""Non-linear shrinkage: the authors' numbers, a second implementation, and its properties."""

import numpy as np
import pytest

from statefolio.risk.nonlinear_shrinkage import quadratic_shrinkage, shrink_eigenvalues

# First rows of the estimates, traces, and smallest and largest eigenvalues by the algorithm of the authors' QIS.py
# (github.com/pald22/covShrinkage, eigenvalues in ascending order), in percent returns of the demo data.
PUBLISHED = {
    (100, 8): ([2.21544074, 0.5024031, 0.02646842, 0.94764037], 28.937873667878712, 0.3806841, 13.26220623),
    (10, 14): ([2.09159908, 1.27967551, 0.57701465, 1.88792462], 103.60271400818301, 0.77593459, 74.89044463),
}


@pytest.mark.parametrize("shape", PUBLISHED)
def test_the_authors_numbers_with_more_and_with_fewer_dates_than_assets(demo, shape):
    dates, assets = shape
    sample = np.cov(100 * demo.returns.iloc[:dates, :assets].to_numpy().T)
    found = quadratic_shrinkage(sample, dates - 1)
    first, trace, least, largest = PUBLISHED[shape]
    assert found[0, :4] == pytest.approx(first, abs=1e-8)
    assert np.trace(found) == pytest.approx(trace, rel=1e-12)
    assert np.linalg.eigvalsh(found)[[0, -1]] == pytest.approx([least, largest], abs=1e-7)


def slow(values, n):
    p = len(values)
    c, l = p / n, [1.0 / value for value in values]  # noqa: E741 - the paper's symbol
    h = min(c**2, 1 / c**2) ** 0.35 / p**0.35
    d = []
    for i in range(p):
        theta = sum(l[j] * (l[j] - l[i]) / ((l[j] - l[i]) ** 2 + h**2 * l[j] ** 2) for j in range(p)) / p
        H = sum(l[j] ** 2 * h / ((l[j] - l[i]) ** 2 + h**2 * l[j] ** 2) for j in range(p)) / p
        d.append(1 / ((1 - c) ** 2 * l[i] + 2 * c * (1 - c) * l[i] * theta + c**2 * l[i] * (theta**2 + H**2)))
    return np.array(d) * sum(values) / sum(d)


def test_eigenvalues_equal_those_of_the_formula_in_loops():
    values = np.sort(np.random.default_rng(3).gamma(2.0, 1.0, 20))
    assert shrink_eigenvalues(values, 57.5) == pytest.approx(slow(values, 57.5), rel=1e-12)


def test_it_is_nearer_to_the_truth_than_the_sample():
    rng = np.random.default_rng(1)
    truth = np.diag(np.linspace(0.5, 2.0, 40))
    sample = np.cov((rng.standard_normal((80, 40)) @ np.sqrt(truth)).T)
    error = [np.linalg.norm(matrix - truth) for matrix in (quadratic_shrinkage(sample, 79), sample)]
    assert error[0] < 0.5 * error[1]


def test_negative_eigenvalues_of_pairwise_correlations_become_positive():
    pairwise = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    assert np.linalg.eigvalsh(pairwise)[0] < 0
    assert np.linalg.eigvalsh(quadratic_shrinkage(pairwise, 100.0))[0] > 0


def test_zero_stays_zero_and_scaling_scales():
    sample = np.cov(np.random.default_rng(2).standard_normal((30, 5)).T)
    assert (quadratic_shrinkage(np.zeros((3, 3)), 10) == 0).all()
    assert quadratic_shrinkage(1e-4 * sample, 29) == pytest.approx(1e-4 * quadratic_shrinkage(sample, 29), rel=1e-10)
