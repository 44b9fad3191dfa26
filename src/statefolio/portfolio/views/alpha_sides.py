"""Moments and probabilities of alphas by side, and the alphas that each side's evidence supports."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from statefolio._arrays.types import Array

_ROOT = np.sqrt(2.0 * np.pi)


@dataclass(frozen=True)
class Side:
    """Settings of one side.

    Parameters
    ----------
    scale
        Share of a forecast alpha that is realised on the first date.
    remaining
        Mean share of it that remains over the holding period.
    confidence
        Least probability of a gain.
    """

    scale: float
    remaining: float
    confidence: float

    @property
    def earned(self) -> float:
        """The share of a forecast alpha that is earned per date."""
        return self.scale * self.remaining


def remaining_share(half_life: float | None, dates: float) -> float:
    """Mean of 2^(-j / half_life) over j = 0 ... dates - 1; 1 without a half-life.

    >>> remaining_share(None, 21)
    1.0
    >>> round(remaining_share(1, 2), 3)
    0.75
    """
    if half_life is None:
        return 1.0
    ratio = 2.0 ** (-1.0 / half_life)
    return float((1.0 - ratio**dates) / (dates * (1.0 - ratio)))


def gains(mean: Array, deviation: Array) -> tuple[Array, Array]:
    """Return E[max(alpha, 0)] and E[max(-alpha, 0)] of normal alphas: what each side can expect if it knew the sign."""
    spread = np.where(deviation > 0.0, deviation, 1.0)
    z = mean / spread
    density = np.exp(-0.5 * z * z) / _ROOT
    known = deviation > 0.0
    long = np.where(known, mean * ndtr(z) + spread * density, np.maximum(mean, 0.0))
    short = np.where(known, spread * density - mean * ndtr(-z), np.maximum(-mean, 0.0))
    return long, short


def probabilities(mean: Array, deviation: Array, short: Side, charge: Array) -> tuple[Array, Array]:
    """Return the probability that a long earns something, and that a short earns more than its charge per date."""
    with np.errstate(divide="ignore", invalid="ignore"):
        z = mean / deviation, (-mean - _needed(charge, short)) / deviation
    return tuple(np.where(np.isnan(each), 0.0, ndtr(each)) for each in z)  # type: ignore[return-value]


def supported(mean: Array, deviation: Array, long: Side, short: Side, charge: Array) -> Array:
    """Return each asset's alpha per date after charges on the side its evidence supports; 0 where it supports none.

        long:   k_L d_L a       where P(alpha > 0) > c_L
        short:  k_S d_S a + q   where P(-k_S d_S alpha > q) > c_S

    With equal sides and no charge, that is k d a wherever the sign is sure enough: the symmetric view.

    Parameters
    ----------
    mean, deviation : (N,) arrays
        a and its standard deviation.
    long, short : Side
    charge : (N,) array
        q: borrow and squeeze risk per date of a unit short.
    """
    buys = mean > deviation * ndtri(long.confidence)
    sells = -mean - _needed(charge, short) > deviation * ndtri(short.confidence)
    found: Array = np.where(buys, long.earned * mean, np.where(sells, short.earned * mean + charge, 0.0))
    return found


def _needed(charge: Array, short: Side) -> Array:
    """The alpha of a short that earns its charge; infinite where shorts earn nothing."""
    with np.errstate(divide="ignore"):
        found: Array = np.divide(charge, short.earned, out=np.zeros_like(charge), where=charge > 0.0)
    return found
