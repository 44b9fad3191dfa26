"""When a tuned filter has stopped estimating and begun to memorise: five ways, each with its threshold.

A pass tunes the measurement variance to the residuals that the pass before it left, so it falls from pass to pass.
Once it is gone the filter reproduces every price, and whatever is said of its spread is said of nothing.
"""

from dataclasses import dataclass

from statefolio.pairs.compiled import compiled

# mypy: disable-error-code="no-untyped-def,no-untyped-call"

SOUND, PERSISTENCE, MEASUREMENT, GAIN, OWN_INPUT, START = range(6)

NO_REVERSION = "persistence"
REASONS = ("", NO_REVERSION, "measurement variance", "gain of one", "spread is its own input", "start covariance")

SMALLEST_MEASUREMENT = 1e-10  # of the price's variance
SMALLEST_REMAINDER = 1e-8  # of a surprise, on average over dates, that the filter does not take over
SMALLEST_RESIDUAL = 1e-10  # of the spread's variance
SMALLEST_START_SHARE = 1e-10  # of the first surprise's variance


@dataclass(frozen=True)
class Collapse:
    """Where the passes stopped being an estimate.

    Attributes
    ----------
    reason : str
        "measurement variance", "gain of one", "spread is its own input", "start covariance" or "persistence".
    at_pass : int
        The first pass that is not sound, counted from 1.
    last_sound : int
        The pass before it; 0 if there is none.
    detail : str
        A sentence with the numbers.
    """

    reason: str
    at_pass: int
    last_sound: int
    detail: str


@compiled
def judge(persistence, observation_variance, residual_variance, price_variance, spread_variance, left, start_share):
    """SOUND, or the first way in which a pass has collapsed.

    Parameters
    ----------
    persistence : float
        The recipe's ratio, not held at one.
    observation_variance, residual_variance : float
        R of the pass, and the mean square that it leaves: the next pass's R.
    price_variance, spread_variance : float
        Of x_1, and of the filtered spread.
    left, start_share : float
        As in `Fit`.
    """
    if not abs(persistence) < 1.0:
        return PERSISTENCE
    if not min(observation_variance, residual_variance) >= SMALLEST_MEASUREMENT * price_variance:
        return MEASUREMENT
    if not left >= SMALLEST_REMAINDER:
        return GAIN
    if not residual_variance >= SMALLEST_RESIDUAL * spread_variance:
        return OWN_INPUT
    if not start_share >= SMALLEST_START_SHARE:
        return START
    return SOUND


def describe(
    code: int,
    *,
    persistence: float,
    observation_variance: float,
    residual_variance: float,
    price_variance: float,
    spread_variance: float,
    left: float,
    start_share: float,
) -> str:
    """Say in a sentence, with its numbers, how a pass has collapsed; arguments as in `judge`."""
    return {
        PERSISTENCE: (
            f"the level's autoregression is {persistence:.6g}, so 1 - a^2 is no variance: "
            "the level does not revert, and the recipe has no next step"
        ),
        MEASUREMENT: (
            f"the measurement variance went from {observation_variance:.3g} to {residual_variance:.3g}, "
            f"{residual_variance / price_variance:.1g} of the price's variance {price_variance:.4g}: "
            "the filter reproduces the price"
        ),
        GAIN: f"of a surprise the filter takes over all but {left:.1g}: the price is its own forecast",
        OWN_INPUT: (
            f"the filtered spread differs from the level the filter fed it by a variance of {residual_variance:.3g}, "
            f"{residual_variance / spread_variance:.1g} of the spread's own: the spread is its own input"
        ),
        START: (
            f"of the first surprise's variance {start_share:.1g} is due to the start covariance: "
            "where the passes start from no longer matters"
        ),
    }[code]
