"""Attacks through the real API: a service and a scorer in this process, and teams without skill that search.

    OPENBLAS_NUM_THREADS=1 python benchmarks/challenge_api_attack.py [--repetitions 60] [--tries 150] [--seconds 3600]
        [--dates 252] [--tracks portfolio forecast] [--no-step]

Each repetition opens a challenge on 24 simulated assets and the default rules, and lets teams
play 150 tries each, five a day by a clock of this script. Every try is posted to /v1/submissions, scored by the scorer
in its child, and read from /v1/submissions/ID: a team knows what the service tells it and no more. The result is the
true validation score of its displayed submission, which the script reads from the database.

Portfolio track: returns have no mean, so that no portfolio has skill; a try is a vector of fixed weights (lower =
upper) within the gates, bought once and held. Forecast track: a try is a vector of factors on the observation variance
of each asset, and on the state variance; each asset's variance differs between public and hidden dates. The attacks are
those of challenge_attack.py. The tries of blend are independent: the best of their true scores is what an honest team
reaches with every score shown. A staircase of portfolios lowers the financing of a leverage; one of forecasts lowers
variances that are too large, and the team fits the curve of its own scores. `--no-step` switches the least steps of
[feedback] off.
"""

import argparse
import contextlib
import json
import secrets
import sys
import tempfile
import time
from collections import defaultdict
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from sqlalchemy import select
from starlette.testclient import TestClient

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.opening import open_challenge
from statefolio.challenge.organiser.teams import invite_teams
from statefolio.challenge.service.app import make_app
from statefolio.challenge.service.settings import ServiceSettings
from statefolio.challenge.store import clock
from statefolio.challenge.store.tables import board, scores, submissions, teams
from statefolio.challenge.worker.process import make_scorer

ASSETS, PUBLIC, FINAL, EMBARGO = 24, 400, 63, 21
RULES = """
[challenge]
name = "attacked"
[data]
source = "files"
returns = "returns.csv"
factors = "factors.csv"
[windows]
validation = {validation}
final = {final}
[backtest]
rebalance = 1_000
[feedback]
least_sharpe = {sharpe}
least_log_score = {log_score}
"""
PLAYERS = ("climb", "blend", "remember", "stairs")
RISK = {"residual_structure": "none"}


class Clock:
    """The time of service and scorer: the machine's, moved ahead day by day."""

    def __init__(self):
        self.ahead, self._real = timedelta(), clock.now

    def __call__(self):
        return self._real() + self.ahead


class Game:
    """A challenge, its service and its scorer."""

    def __init__(self, place, seed, hidden_dates, steps, now):
        draw = np.random.default_rng(seed)
        dates = pd.bdate_range("2015-01-01", periods=PUBLIC + hidden_dates + FINAL + 2 * EMBARGO, name="date")
        factor = 0.01 * draw.standard_normal(len(dates))
        self.level = 0.012 * np.exp(0.3 * draw.standard_normal(ASSETS))
        hidden = self.level * np.exp(0.2 * draw.standard_normal(ASSETS))
        level = np.where(np.arange(len(dates))[:, None] < PUBLIC, self.level, hidden)
        returns = np.outer(factor, 1.0 + 0.3 * draw.standard_normal(ASSETS))
        returns += level * draw.standard_t(6, (len(dates), ASSETS)) / np.sqrt(1.5)
        self.names = [f"A{number:02d}" for number in range(ASSETS)]
        pd.DataFrame(returns, dates, self.names).to_csv(place / "returns.csv")
        pd.DataFrame({"market": factor}, dates).to_csv(place / "factors.csv")
        first = {"validation": dates[PUBLIC + EMBARGO].date(), "final": dates[-FINAL].date()}
        sharpe, log_score = (0.05, 0.002) if steps else (0.0, 0.0)
        (place / "challenge.toml").write_text(RULES.format(**first, sharpe=sharpe, log_score=log_score))
        self.folder, self.now = ChallengeFolder(place), now
        open_challenge(self.folder)
        self.scorer = make_scorer(self.folder, "1")
        self.scorer.now = now
        self.scorer.engine.warm()
        while self.scorer.step():
            pass
        rules = self.folder.rules
        self.client = TestClient(
            make_app(ServiceSettings(database=self.folder.database, public=self.folder.public, rules=rules)),
            base_url="http://localhost",
        )

    def join(self, name):
        (code,) = invite_teams(self.folder, [name]).values()
        return self.client.post("/v1/join", json={"code": code}).json()["token"]

    def ask(self, token, body):
        """Submit, wait for the score, and return what the team reads: a number, or None."""
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(16)}
        while True:
            answer = self.client.post("/v1/submissions", json=body, headers=headers)
            if answer.status_code != 429:
                break
            self.now.ahead += timedelta(days=1)
        assert answer.status_code == 202, answer.text
        while self.scorer.step():
            pass
        told = self.client.get(f"/v1/submissions/{answer.json()['id']}", headers=headers).json()
        assert told["state"] == "scored", told
        return told.get("value")

    def displayed(self):
        """The true score of each team's displayed submission, and the best true score of its tries, by track."""
        with self.scorer.store.reading() as conn:
            shown = conn.execute(select(teams.c.name, board.c.value).join(board, board.c.team == teams.c.id)).all()
            every = (
                select(teams.c.name, scores.c.value)
                .join(submissions, submissions.c.team == teams.c.id)
                .join(scores, scores.c.submission == submissions.c.id)
            )
            best = defaultdict(lambda: -np.inf)
            for name, value in conn.execute(every):
                best[name] = max(best[name], -np.inf if value is None else value)
        return dict(shown), best

    def portfolio(self, x, leverage=1.0):
        """Weights 1/N plus x, long or short by a tenth at most, that add up to the leverage."""
        weights = 1.0 / ASSETS + 0.02 * (x[:ASSETS] - x[:ASSETS].mean())
        for _ in range(5):
            weights = np.clip(weights, -0.0999, 0.0999)
            weights += (1.0 - weights.sum()) / ASSETS
        weights = np.clip(leverage * weights, -0.0999, 0.0999).round(6)
        fixed = dict(zip(self.names, weights.tolist(), strict=True))
        limits = {"lower": fixed, "upper": fixed, "net": [-3.0, 3.0]}
        table = {"objective": "minimum_variance", "constraints": limits}
        fast = {"tuning": "fixed", "noise": "constant", "tails": "gaussian", "common_volatility": False,
                "state_variance": 1e-6, "observation_variance": 1e-4}  # fmt: skip
        return {"track": "portfolio", "name": "p", "loadings": fast, "risk": RISK, "portfolio": {"p": table}}

    def forecast(self, x, excess=0.0):
        """Observation variances of the public dates times exp of x and of an excess."""
        variances = self.level**2 * np.exp(0.15 * x[:ASSETS] + excess)
        loadings = {
            "tuning": "fixed", "noise": "constant", "tails": "student", "degrees_of_freedom": 6.0,
            "common_volatility": False, "state_variance": float(1e-5 * np.exp(x[ASSETS])),
            "observation_variance": dict(zip(self.names, variances.tolist(), strict=True)),
        }  # fmt: skip
        return {"track": "forecast", "name": "f", "loadings": loadings, "risk": RISK}


def play(game, player, track, tries, seed):
    """Play one team; the first try has no direction."""
    draw = np.random.default_rng(1_000 + seed)
    token = game.join(f"{player} {track}")
    make = getattr(game, track)

    def ask(x, *more):
        return game.ask(token, make(x, *more))

    def direction():
        return draw.standard_normal(ASSETS + 1)

    best = np.zeros(ASSETS + 1)
    ask(best, *([_rung(track, 0, tries)] if player == "stairs" else []))
    accepted, refused, known = np.zeros(ASSETS + 1), np.zeros(ASSETS + 1), []
    for number in range(1, tries - 1):
        new = direction()
        if player == "climb":
            value = ask(best + 0.5 * new)
            best = best if value is None else best + 0.5 * new
        elif player == "blend":
            value = ask(new)
            accepted, refused = (accepted + new, refused) if value is not None else (accepted, refused + new)
        elif player == "remember":
            value = ask(best + 0.2 * new)
            if value is None:
                refused = refused + new
            else:
                best, accepted = best + 0.2 * new, accepted + new
        else:
            rung = _rung(track, number, tries)
            value = ask(0.1 * new, rung)
            if value is not None:
                known.append((rung, value, new))
    if player in ("blend", "remember"):
        _last(ask, accepted - 0.02 * refused)
    elif player == "stairs":
        _last(ask, _read(known))


def _rung(track, number, tries):
    """Leverage from 2.3 to 1, or an excess of log variance from 3 to 0."""
    left = 1.0 - number / tries
    return 1.0 + 1.3 * left if track == "portfolio" else 3.0 * left


def _read(known):
    """The sum of the directions by the sign of their effects: what a smooth curve of the shown scores leaves."""
    if len(known) < 4:
        return sum((each for _, _, each in known), np.zeros(ASSETS + 1))
    rungs, values = np.array([each[0] for each in known]), np.array([each[1] for each in known])
    curve = np.column_stack([np.ones_like(rungs), rungs, np.exp(-rungs)])
    effects = values - curve @ np.linalg.lstsq(curve, values, rcond=None)[0]
    return sum(np.sign(effect) * each[2] for effect, each in zip(effects, known, strict=True))


def _last(ask, x):
    """The last try: the direction that was found, as long as an independent try."""
    length = np.linalg.norm(x)
    ask(x if length == 0.0 else x * np.sqrt(ASSETS + 1) / length)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=60)
    parser.add_argument("--tries", type=int, default=150)
    parser.add_argument("--dates", type=int, default=252, help="hidden dates")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no repetition after so long")
    parser.add_argument("--tracks", nargs="+", default=["portfolio", "forecast"])
    parser.add_argument("--players", nargs="+", default=list(PLAYERS))
    parser.add_argument("--first", type=int, default=0, help="first seed")
    parser.add_argument("--no-step", action="store_true")
    options = parser.parse_args()
    began, found = time.monotonic(), defaultdict(list)
    now = clock.now = Clock()
    for seed in range(options.first, options.first + options.repetitions):
        if time.monotonic() - began > options.seconds:
            break
        with tempfile.TemporaryDirectory() as place, contextlib.redirect_stderr(sys.stdout):
            game = Game(Path(place), seed, options.dates, not options.no_step, now)
            with game.client:
                for track in options.tracks:
                    for player in options.players:
                        play(game, player, track, options.tries, seed)
                shown, best = game.displayed()
            game.scorer.store.close()
        for track in options.tracks:
            first = best[f"blend {track}"] if "blend" in options.players else np.nan
            found[f"honest {track}"].append(first)
            for player in options.players:
                found[f"{player} {track}"].append(shown[f"{player} {track}"])
            gains = {player: round(found[f"{player} {track}"][-1] - first, 4) for player in options.players}
            print(f"seed {seed} {track}: honest {first:.4f}, others above it {json.dumps(gains)}, "
                  f"{time.monotonic() - began:.0f} s", flush=True)  # fmt: skip
    for track in options.tracks:
        for player in ("honest", *options.players):
            gain = np.subtract(found[f"{player} {track}"], found[f"honest {track}"])
            error = np.std(gain, ddof=1) / np.sqrt(len(gain)) if len(gain) > 1 else np.nan
            mean = np.mean(found[f"{player} {track}"])
            print(f"| {track} | {player} | {mean:.4f} | {np.mean(gain):+.4f} ({error:.4f}) |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
