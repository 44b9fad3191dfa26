"""Breaks: a slow search, published critical values, simulated breaks."""

from dataclasses import replace

import numpy as np
import pytest

from statefolio.diagnostics.change.breaks import all_breaks, estimate_changes, largest_break
from statefolio.diagnostics.change.condensed import block_edges, condense
from statefolio.diagnostics.change.drawn_scores import draw_scores, running_sums

DATES, STATES, BLOCKS, DRAWS = 600, 3, 30, 400
EDGES = block_edges(DATES, DATES / BLOCKS)
ANDREWS = {1: 8.68, 2: 11.72}  # Andrews 2003, table 1, trim .15, 5 %


def simulate(seed, jumps=(), states=STATES, assets=1):
    """Regressors, and returns whose second loading jumps at some rows."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([np.ones(DATES), rng.standard_normal((DATES, states - 1))])
    Y = rng.standard_normal((DATES, assets)) + X @ np.ones((states, 1))
    for row, size in jumps:
        Y[row:] += size * X[row:, [1]]
    return X, Y


def scores_of(X, Y, asset=0, robust=True, draws=DRAWS):
    condensed = condense(X, Y, np.ones_like(Y), EDGES, robust)
    noise = np.random.default_rng(99).standard_normal((*condensed.values.shape[:2], draws))
    return condensed, draw_scores(condensed, asset, noise)


def test_sup_wald_is_that_of_regressions_on_both_sides_of_every_edge():
    X, Y = simulate(0, [(300, 0.4)])
    condensed, scores = scores_of(X, Y)
    rows = condensed.rows[..., 0].reshape(-1, STATES)
    values = condensed.values[..., 0].ravel()

    def rss(part):
        residual = values[part] - rows[part] @ np.linalg.lstsq(rows[part], values[part], rcond=None)[0]
        return residual @ residual

    whole, best = rss(slice(None)), (-1.0, 0)
    for b in range(1, BLOCKS):
        if min(b, BLOCKS - b) >= 0.15 * BLOCKS:
            apart = rss(slice(0, b * STATES)) + rss(slice(b * STATES, None))
            best = max(best, ((whole - apart) / apart * (len(values) - 2 * STATES), b))
    found = largest_break(scores, 0, BLOCKS)
    assert found.statistic == pytest.approx(best[0], rel=1e-10)
    assert found.at == best[1]


@pytest.mark.parametrize(("states", "value"), ANDREWS.items())
def test_published_critical_values(states, value):
    X, Y = simulate(1, states=states)
    X[:, 0] = X[:, 0] if states > 1 else 1.0
    _, scores = scores_of(X[:, :states], Y, robust=False, draws=4000)
    found = largest_break(scores, 0, BLOCKS)
    above = probability_of(scores, value)
    assert above == pytest.approx(0.05, abs=0.012)  # 30 blocks: a little below the limit of every date
    assert 0.0 < found.p_value <= 1.0


def probability_of(scores, value):
    """Share of simulated sup-Wald statistics above a value, with each draw searched like an asset."""
    above = 0
    for d in range(0, 4000, 8):
        few = {"drawn": scores.drawn[:, :, :30], "drawn_square": scores.drawn_square[:, :30]}
        one = replace(scores, sums=scores.drawn[:, :, d], square=scores.drawn_square[:, d], **few)
        above += largest_break(one, 0, BLOCKS).statistic > value
    return above / 500


def test_size_and_gaps():
    X, Y = simulate(2, assets=150)
    rng = np.random.default_rng(3)
    Y = rng.standard_normal(Y.shape)
    Y[rng.random(Y.shape) < 0.1] = np.nan
    Y[:250, :40] = np.nan
    condensed = condense(X, Y, np.ones_like(Y), EDGES)
    noise = rng.standard_normal((*condensed.values.shape[:2], DRAWS))
    p = np.array([largest_break(draw_scores(condensed, i, noise), 0, BLOCKS).p_value for i in range(150)])
    assert np.mean(p < 0.05) < 0.11
    assert np.mean(p < 0.2) < 0.31
    assert 0.35 < p.mean() < 0.65


def test_two_planted_breaks_are_found_and_dated():
    X, Y = simulate(4, [(213, 1.0), (407, -1.5)])
    _, scores = scores_of(X, Y)
    found = all_breaks(scores, largest_break(scores, 0, BLOCKS), 0.05, 3)
    assert len(found) == 2
    places = [int(EDGES[one.at]) for one in found]
    dated = estimate_changes(X, Y[:, 0], np.ones(DATES), places, 20)
    for one, row, size in zip(dated, (213, 407), (1.0, -1.5), strict=True):
        assert abs(one.row - row) <= 12
        assert one.earliest <= row <= one.latest
        moved, error = one.after - one.before, np.hypot(one.before_error, one.after_error)
        assert abs(moved[1] - size) < 4 * error[1]
        assert (np.abs(moved[[0, 2]]) < 4 * error[[0, 2]]).all()


def test_a_date_is_the_one_that_fits_best():
    X, Y = simulate(5, [(313, 0.8)])
    found = estimate_changes(X, Y[:, 0], np.ones(DATES), [320], 20)[0]

    def rss(row):
        parts = (slice(0, row), slice(row, None))
        return sum(np.linalg.lstsq(X[p], Y[p, 0], rcond=None)[1][0] for p in parts)

    assert found.row == min(range(300, 341), key=rss)
    for part, mean in ((slice(0, found.row), found.before), (slice(found.row, None), found.after)):
        np.testing.assert_allclose(mean, np.linalg.lstsq(X[part], Y[part, 0], rcond=None)[0], rtol=1e-8)


def test_standard_errors_are_whites():
    sm = pytest.importorskip("statsmodels.api")
    X, Y = simulate(6, [(300, 1.0)])
    found = estimate_changes(X, Y[:, 0], np.ones(DATES), [300], 20)[0]
    fit = sm.OLS(Y[: found.row, 0], X[: found.row]).fit(cov_type="HC0")
    np.testing.assert_allclose(found.before_error, fit.bse, rtol=1e-9)


def test_parts_that_are_too_short_have_no_break():
    _, scores = scores_of(*simulate(7))
    assert largest_break(scores, 0, 3) is None


def test_running_sums():
    values = np.random.default_rng(8).standard_normal((5, 2, 3))
    np.testing.assert_allclose(running_sums(values), np.cumsum(values, axis=0), rtol=1e-12)
