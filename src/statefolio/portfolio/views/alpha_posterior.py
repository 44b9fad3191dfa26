"""Shrinks alphas by empirical Bayes: their posterior under a prior estimated from the cross-section."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtri

from statefolio._arrays.types import Array


@dataclass(frozen=True, eq=False)
class AlphaPosterior:
    """Posterior of alphas (N,), given their estimates and a normal prior that is estimated from them.

        a_i | alpha_i ~ N(alpha_i, v_i)        alpha_i ~ N(m, tau^2)
        alpha_i | a_i ~ N(m + s_i (a_i - m), s_i v_i),   s_i = tau^2 / (tau^2 + v_i)

    Efron and Morris (1973), Journal of the American Statistical Association 68; Morris (1983), ibid. 78. Harvey and
    Liu (2018), Review of Financial Studies 31, on alphas.

    Attributes
    ----------
    mean, variance : (N,) arrays
    prior_mean, prior_variance : float
        m and tau^2.
    """

    mean: Array
    variance: Array
    prior_mean: float
    prior_variance: float

    def on_side(self, side: str, confidence: float) -> npt.NDArray[np.bool_]:
        """Return whether each alpha is on a side ("both", "long" or "short") with at least this probability."""
        distance = np.sqrt(np.maximum(self.variance, 0.0)) * ndtri(confidence)
        long, short = self.mean > distance, self.mean < -distance
        taken: npt.NDArray[np.bool_] = {"both": long | short, "long": long, "short": short}[side]
        return taken


def alpha_posterior(estimate: Array, variance: Array, centre: str) -> AlphaPosterior:
    """Shrink alphas towards zero, or towards their mean across assets, by an amount that their spread determines.

    tau^2 solves sum (a_i - m)^2 / (v_i + tau^2) = N (N - 1 with an estimated mean), the expectation of the sum, with m
    the mean weighted by 1 / (v_i + tau^2). It is zero if the estimates are no further apart than their errors alone
    imply, and then all alphas are shrunk completely. Paule and Mandel (1982), Journal of Research of the National
    Bureau of Standards 87. Errors count as independent. With one filter per asset they are, given the factors, except
    for common components of the residuals, which make tau^2 noisier but do not bias it.

    Parameters
    ----------
    estimate, variance : (N,) arrays
        a and v.
    centre : {"zero", "cross_section"}
        m.
    """
    free = centre == "cross_section"
    wanted = len(estimate) - int(free)

    def centred(spread: float) -> float:
        weight = 1.0 / (variance + spread)
        return float(weight @ estimate / weight.sum()) if free else 0.0

    def excess(spread: float) -> float:
        return float(((estimate - centred(spread)) ** 2 / (variance + spread)).sum()) - wanted

    spread = 0.0
    if wanted > 0 and excess(0.0) > 0.0:
        most = float(((estimate - estimate.mean() * free) ** 2).sum()) / wanted
        spread = float(brentq(excess, 0.0, 2.0 * most, xtol=1e-12 * most))
    m = centred(spread)
    share = spread / (spread + variance)
    return AlphaPosterior(m + share * (estimate - m), share * variance, m, spread)
