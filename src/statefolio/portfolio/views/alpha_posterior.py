"""What is left of alphas once it is known how far they are spread: their posterior under an empirical prior."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import brentq
from scipy.special import ndtri

from statefolio._arrays.text import listed
from statefolio._arrays.types import Array
from statefolio._options import is_number
from statefolio.exceptions import InputError

ALPHAS = ("none", "both", "long", "short")
CENTRES = ("zero", "cross_section")


@dataclass(frozen=True, eq=False)
class AlphaPosterior:
    """Alphas (N,) given their estimates and a normal prior that the estimates themselves suggest.

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
        """Where the alpha is on the side wanted ("both", "long" or "short") with at least this probability."""
        distance = np.sqrt(np.maximum(self.variance, 0.0)) * ndtri(confidence)
        long, short = self.mean > distance, self.mean < -distance
        taken: npt.NDArray[np.bool_] = {"both": long | short, "long": long, "short": short}[side]
        return taken


def check_alpha(side: str, centre: str, confidence: float) -> None:
    """Raise InputError for options of `FactorPremia` on alpha that do not exist."""
    for name, given, known in (("alpha", side, ALPHAS), ("alpha_prior", centre, CENTRES)):
        if given not in known:
            raise InputError(f"{name}={given!r}; one of {listed(list(known), 4)} was expected. Pass one of them.")
    if not is_number(confidence) or not 0.5 <= confidence < 1.0:
        raise InputError(
            f"alpha_confidence={confidence!r}; a probability from .5 to below 1 was expected. Pass e.g. .8."
        )


def alpha_posterior(estimate: Array, variance: Array, centre: str) -> AlphaPosterior:
    """Shrink alphas towards zero, or towards their mean across assets, as far as their spread says.

    tau^2 solves sum (a_i - m)^2 / (v_i + tau^2) = N (N - 1 with a mean to find), its expectation, with m the mean
    weighted by 1 / (v_i + tau^2); it is zero where the estimates are no further apart than their errors alone would
    put them, and then no alpha is left. Paule and Mandel (1982), Journal of Research of the National Bureau of
    Standards 87. Errors count as independent: with one filter an asset they are, given the factors, but for what
    residuals have in common, which makes tau^2 noisier and leaves its expectation.

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
