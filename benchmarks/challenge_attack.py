"""Attacks on a challenge's feedback: how good a Sharpe ratio a team without skill reaches on the hidden dates.

    python -m benchmarks.challenge_attack [--repetitions 60] [--tries 150] [--dates 252]

A team submits returns without skill (independent normal ones) and learns what the feedback rule tells it. The score is
the annual Sharpe ratio of the last displayed submission on the hidden dates; honest teams submit independent tries.

climb       each try is the displayed best plus a random direction; the best of several sizes is reported
blend       independent tries; the last one is their sum, each with the sign of what was told about it
remember    each try is the displayed best plus a random direction; the last one is the sum of the accepted directions
            minus a part of the refused ones, and is submitted like any other
stairs      each try is the first one plus a very small random direction, and costs a little less than the one before:
            it is better for sure, and its score is shown; the last one is the sum of the directions by the sign of
            their effects. Costs can take a Sharpe ratio of .2 (turnover of 8 % a date at 8 basis points takes .1)

A portfolio must be better by a Sharpe ratio of .05 too. The column "stairs, no least step" is without that rule.
"""

import argparse
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from statefolio.challenge.rules.settings import FeedbackTable
from statefolio.challenge.scoring.feedback import Comparison
from statefolio.challenge.scoring.sharpe_difference import linearised_sharpe
from statefolio.validation.equal_accuracy import diebold_mariano

Returns = npt.NDArray[np.float64]
Beats = Callable[[Returns, Returns], bool]
LEAST_SHARPE = FeedbackTable().least_sharpe
VOLATILITY = 0.01
CLIMB = (0.1, 0.3, 1.0)
REMEMBER = (0.01, 0.1, 0.3)
STAIRS = (0.0002, 0.001, 0.005)
LEAST_WEIGHT = 0.02
COSTS = 0.2


def sharpe(returns: Returns) -> float:
    """Annual Sharpe ratio."""
    return float(np.sqrt(252.0) * returns.mean() / returns.std(ddof=1))


def rule(errors: float | None, least: float = LEAST_SHARPE) -> Beats:
    """The feedback rule: whether a try beats the displayed best; None tells every score."""
    if errors is None:
        return lambda new, best: sharpe(new) > sharpe(best)

    def beats(new: Returns, best: Returns) -> bool:
        first, second = linearised_sharpe(new), linearised_sharpe(best)
        if first is None or second is None:
            return False
        test = diebold_mariano(first - second)
        found = Comparison(test.difference, test.statistic)
        return found.beats(errors) and found.difference * np.sqrt(252.0) >= least

    return beats


def honest(draw: Callable[[], Returns], tries: int) -> float:
    """The best of independent tries."""
    return max(sharpe(draw()) for _ in range(tries))


def climb(draw: Callable[[], Returns], tries: int, beats: Beats, size: float) -> float:
    """Keep each random step that is accepted."""
    best = draw()
    for _ in range(tries - 1):
        new = best + size * best.std() / VOLATILITY * draw()
        if beats(new, best):
            best = new
    return sharpe(best)


def blend(draw: Callable[[], Returns], tries: int, beats: Beats, all_told: bool) -> float:
    """Sum independent tries by the sign of what was told about each: of its score, or whether it was accepted."""
    best = first = draw()
    told = []
    for _ in range(tries - 2):
        new = draw()
        accepted = beats(new, best)
        told.append((new, np.sign(sharpe(new)) if all_told else 1.0 if accepted else -1.0))
        best = new if accepted else best
    share = np.mean([sign > 0.0 for _, sign in told])
    last = first + sum((1.0 - share if sign > 0.0 else -share) * each for each, sign in told)
    return sharpe(last if beats(last, best) else best)


def remember(draw: Callable[[], Returns], tries: int, beats: Beats, size: float) -> float:
    """Sum the accepted directions, minus a part of the refused ones."""
    best = draw()
    accepted, refused = np.zeros_like(best), np.zeros_like(best)
    count = 0
    for _ in range(tries - 2):
        direction = draw()
        new = best + size * direction
        if beats(new, best):
            best, accepted, count = new, accepted + direction, count + 1
        else:
            refused = refused + direction
    last = accepted - max(count / tries, LEAST_WEIGHT) * refused
    return sharpe(last if beats(last, best) else best)


def stairs(draw: Callable[[], Returns], tries: int, beats: Beats, size: float) -> float:
    """Read the score of each try off a staircase of falling costs."""
    first = draw()
    unit = VOLATILITY / np.sqrt(252.0)
    best, known = first - COSTS * unit, []
    for step in range(tries - 2):
        direction, costs = draw(), COSTS * (1.0 - (step + 1.0) / tries)
        new = first + size * direction - costs * unit
        if beats(new, best):
            best = new
            known.append((sharpe(new) - sharpe(first - costs * unit), direction))
    if not known:
        return sharpe(best)
    last = sum(np.sign(effect) * direction for effect, direction in known)
    return sharpe(last if beats(last, best) else best)


def measure(errors: float | None, repetitions: int, tries: int, dates: int) -> dict[str, tuple[float, float]]:
    """Mean Sharpe ratio of each attack, and its standard error; the largest over the attack's sizes."""
    beats = rule(errors)
    attacks: dict[str, list[Callable[[Callable[[], Returns]], float]]] = {
        "climb": [lambda draw, size=size: climb(draw, tries, beats, size) for size in CLIMB],  # type: ignore[misc]
        "blend": [lambda draw: blend(draw, tries, beats, errors is None)],
        "remember": [lambda draw, size=size: remember(draw, tries, beats, size) for size in REMEMBER],  # type: ignore[misc]
        "stairs": [lambda draw, size=size: stairs(draw, tries, beats, size) for size in STAIRS],  # type: ignore[misc]
        "stairs, no least step": [
            lambda draw, size=size: stairs(draw, tries, rule(errors, 0.0), size)  # type: ignore[misc]
            for size in STAIRS
        ],
    }
    return {name: max(_mean(each, repetitions, dates) for each in variants) for name, variants in attacks.items()}


def _mean(attack: Callable[[Callable[[], Returns]], float], repetitions: int, dates: int) -> tuple[float, float]:
    found = []
    for seed in range(repetitions):
        random = np.random.default_rng(seed)
        found.append(attack(lambda random=random: VOLATILITY * random.standard_normal(dates)))  # type: ignore[misc]
    return float(np.mean(found)), float(np.std(found) / np.sqrt(repetitions))


def main() -> None:
    """Print a table of rules and attacks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--tries", type=int, default=150)
    parser.add_argument("--dates", type=int, default=252)
    given = parser.parse_args()
    mean, error = _mean(lambda draw: honest(draw, given.tries), given.repetitions, given.dates)
    print(f"honest best of {given.tries} on {given.dates} dates: {mean:.2f} ({error:.2f})")
    print("| feedback | climb | blend | remember | stairs | stairs, no least step |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for errors in (None, 1.0, 2.0, 2.5):
        row = measure(errors, given.repetitions, given.tries, given.dates)
        name = "every score" if errors is None else f"{errors:g} standard errors"
        print(f"| {name} | {' | '.join(f'{mean:.2f} ({error:.2f})' for mean, error in row.values())} |", flush=True)


if __name__ == "__main__":
    main()
