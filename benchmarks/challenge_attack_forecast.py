"""Attacks on the forecast track's feedback: how much log score a team without insight reads off the hidden dates.

    python -m benchmarks.challenge_attack_forecast [--repetitions 60] [--tries 150] [--dates 252] [--difference 0]

A submission is a vector of log factors on the variances of Gaussian residuals. By default hidden and public variances
are equal, so that a search finds noise alone; with `--difference 0.4` each asset's differs by a random log factor of
this size, and a search finds out something that is true of these dates. The score is the mean log density a return. The
rule of feedback is the library's own. The table has the score of the displayed submission above the benchmark's (public
variances), in thousandths: of independent tries that are all told (honest), and of the attacks of challenge_attack.py.
The last line is the most that the vector can fit on those dates.

A staircase multiplies all variances by a falling factor, a certain loss, and reads the effect of a small random
direction off each score that is shown. It fits the curve of its own scores in the factor, and submits the sum of the
directions by the signs of their effects at last.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from statefolio.challenge.rules.settings import FeedbackTable
from statefolio.challenge.scoring.feedback import improves

Vector = npt.NDArray[np.float64]
SIZE = 0.15
"""Standard deviation of a direction, per asset."""
RULES = {
    "every score": FeedbackTable(standard_errors=0.0),
    "2.5 standard errors": FeedbackTable(least_log_score=0.0),
    "2.5 standard errors, least step": FeedbackTable(),
}


@dataclass
class Hidden:
    """Hidden returns in units of their public standard deviations, and the rule of feedback."""

    returns: Vector
    rules: FeedbackTable
    random: np.random.Generator
    whole: bool
    best: "pd.Series[float] | None" = None

    def series(self, x: Vector) -> "pd.Series[float]":
        """Mean log density per date."""
        values = -0.5 * (np.log(2.0 * np.pi) + x + self.returns**2 * np.exp(-x)).mean(axis=1)
        return pd.Series(values, index=pd.bdate_range("2020-01-01", periods=len(values)))

    def submit(self, x: Vector) -> float | None:
        """Submit; return the score if the board moves, and None otherwise."""
        new = self.series(x)
        benchmark = self.series(np.zeros_like(x)) if self.whole else None
        if not improves("forecast", new, self.best, self.rules, benchmark):
            return None
        self.best = new
        return float(new.mean())

    def direction(self) -> Vector:
        """A random direction."""
        return SIZE * self.random.standard_normal(self.returns.shape[1])


def honest(hidden: Hidden, tries: int) -> float:
    """The best of independent tries."""
    return max(float(hidden.series(hidden.direction()).mean()) for _ in range(tries))


def climb(hidden: Hidden, tries: int) -> None:
    """Keep each random step that is accepted."""
    best = np.zeros(hidden.returns.shape[1])
    hidden.submit(best)
    for _ in range(tries - 1):
        new = best + 0.5 * hidden.direction()
        best = best if hidden.submit(new) is None else new


def remember(hidden: Hidden, tries: int) -> None:
    """Climb, and submit the accepted directions, minus a part of the refused ones, at last."""
    best = np.zeros(hidden.returns.shape[1])
    hidden.submit(best)
    accepted, refused = np.zeros_like(best), np.zeros_like(best)
    for _ in range(tries - 2):
        step = 0.3 * hidden.direction()
        if hidden.submit(best + step) is None:
            refused = refused + step
        else:
            best, accepted = best + step, accepted + step
    hidden.submit(_long(accepted - 0.02 * refused))


def stairs(height: float) -> Callable[[Hidden, int], None]:
    """Return an attack that reads scores off a staircase of variances that are too large."""

    def attack(hidden: Hidden, tries: int) -> None:
        known = []
        for step in range(tries - 1):
            rung, direction = height * (1.0 - step / (tries - 1)), 0.1 * hidden.direction()
            value = hidden.submit(direction + rung)
            if value is not None:
                known.append((rung, value, direction))
        if len(known) > 3:
            rungs, values = np.array([each[0] for each in known]), np.array([each[1] for each in known])
            curve = np.column_stack([np.ones_like(rungs), rungs, np.exp(-rungs)])
            effects = values - curve @ np.linalg.lstsq(curve, values, rcond=None)[0]
            found = np.sum([np.sign(effect) * each[2] for effect, each in zip(effects, known, strict=True)], axis=0)
            hidden.submit(_long(found))

    return attack


ATTACKS: dict[str, list[Callable[[Hidden, int], None]]] = {
    "climb": [climb],
    "remember": [remember],
    "stairs": [stairs(0.3), stairs(1.0), stairs(3.0), stairs(10.0)],
}


def _long(x: Vector) -> Vector:
    length = float(np.linalg.norm(x))
    return x if length == 0.0 else 1.5 * x * SIZE * np.sqrt(len(x)) / length


def _returns(seed: int, dates: int, assets: int, difference: float) -> Vector:
    draw = np.random.default_rng(seed)
    level: Vector = np.exp(0.5 * difference * draw.standard_normal(assets)) * draw.standard_normal((dates, assets))
    return level


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--tries", type=int, default=150)
    parser.add_argument("--dates", type=int, default=252)
    parser.add_argument("--assets", type=int, default=24)
    parser.add_argument("--difference", type=float, default=0.0)
    given = parser.parse_args()

    def made(seed: int, rules: FeedbackTable, whole: bool) -> Hidden:
        return Hidden(
            _returns(seed, given.dates, given.assets, given.difference),
            rules,
            np.random.default_rng(1_000 + seed),
            whole,
        )

    def gain(hidden: Hidden, value: float) -> float:
        return 1_000.0 * (value - float(hidden.series(np.zeros(given.assets)).mean()))

    def shown(values: list[float]) -> str:
        return f"{np.mean(values):.1f} ({np.std(values) / np.sqrt(len(values)):.1f})"

    seeds = range(given.repetitions)
    found = [made(seed, FeedbackTable(), True) for seed in seeds]
    print(f"honest best of {given.tries}: {shown([gain(each, honest(each, given.tries)) for each in found])}")
    print("| feedback | climb | remember | stairs |\n| --- | ---: | ---: | ---: |")
    for name, rules in RULES.items():
        row = []
        for variants in ATTACKS.values():
            results = []
            for attack in variants:
                values = []
                for seed in seeds:
                    hidden = made(seed, rules, rules.least_log_score > 0.0)
                    attack(hidden, given.tries)
                    values.append(gain(hidden, float(hidden.best.mean())))  # type: ignore[union-attr]
                results.append(values)
            row.append(shown(max(results, key=np.mean)))
        print(f"| {name} | {' | '.join(row)} |", flush=True)
    most = [gain(each, float(each.series(np.log((each.returns**2).mean(axis=0))).mean())) for each in found]
    print(f"fitted to the hidden dates: {shown(most)}")


if __name__ == "__main__":
    main()
