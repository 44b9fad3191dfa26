"""Times the back-test of given daily weights in statefolio, qis, vectorbt, skfolio, cvxportfolio and bt.

    python benchmarks/backtest_engine.py [--assets 500] [--dates 2520] [--repeats 7] [--peers qis vectorbt]

The case has weights on every date, costs of 0.1 % of turnover, and 1 % of prices missing. Each library receives its own
kind of input, prepared in advance; only the run up to the value on every date is timed. bt and cvxportfolio run on the
first dates only, and their times are scaled to all dates. Each peer's account is compared with ours on the part of the
case that the peer supports: statefolio receives the weights that the peer held after costs and must reproduce its
value. Finally, statefolio is timed by the number of assets, dates and rebalances. Prints tables and writes them to
benchmarks/results/backtest_engine.md.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from engine_case import Case, make_case
from engine_peers import PEERS, Account, Peer

from statefolio.backtest.costs import TradingCosts
from statefolio.backtest.market import Market
from statefolio.backtest.simulation import simulate

TABLE = Path(__file__).resolve().parent / "results" / "backtest_engine.md"
TOLERANCE = 1e-10
ENOUGH_SECONDS = 10.0  # entries that have run this long are not repeated
SIZES = (
    (100, 2520, 1),
    (500, 2520, 1),
    (2000, 2520, 1),
    (500, 630, 1),
    (500, 10080, 1),
    (500, 2520, 5),
    (500, 2520, 21),
)


def prepare_ours(case: Case) -> Callable[[], Any]:
    market, costs = Market(case.returns), TradingCosts(case.rate)
    return lambda: simulate(case.weights, market, costs=costs, capital=case.capital)


def gap_to_ours(case: Case, account: Account) -> float:
    """Return the largest relative difference in value after a trade, with the peer's weights after costs."""
    value, held = account
    ours = simulate(held, Market(case.returns), costs=TradingCosts(case.rate), capital=case.capital)
    after = (ours.value - ours.ledger["trading_cost"].shift(-1)).iloc[:-1]
    return float(np.abs(after / value.loc[after.index] - 1.0).max())


@dataclass
class Entry:
    """One library with its input, its times and its difference from statefolio."""

    name: str
    prepare: Callable[[Case], Callable[[], Any]]
    case: Case
    peer: Peer | None = None
    seconds: list[float] = field(default_factory=list)
    scale: float = 1.0
    gap: float = 0.0
    skipped: str = ""

    def check(self) -> None:
        """Run once without timing and compare accounts; an error in one library does not stop the others."""
        part = self.peer.checked(self.case) if self.peer else self.case
        try:
            done = self.prepare(part)()
            self.gap = gap_to_ours(part, self.peer.read(done, part)) if self.peer else 0.0
            if not self.gap <= TOLERANCE:
                raise ArithmeticError(f"its value is {self.gap:.1e} from ours: it does not do this case")
        except Exception as error:  # noqa: BLE001
            self.skipped = f"{type(error).__name__}: {error}"[:120]

    def run(self) -> None:
        """Time one run on a new input."""
        once = self.prepare(self.case)
        gc.collect()
        started = time.perf_counter()
        once()
        self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds) * self.scale

    def row(self, ours: float) -> str:
        if self.skipped:
            return f"| {self.name} | not measured: {self.skipped} | | | | |"
        spread = f"{len(self.seconds)} times {min(self.seconds):.3g} to {max(self.seconds):.3g} s"
        if self.scale != 1.0:
            spread += f" for {len(self.case.returns)} dates"
        gap, lacks = (f"{self.gap:.0e}", self.peer.lacks) if self.peer else ("", "")
        return f"| {self.name} | {self.median:.4g} | {self.median / ours:,.1f} | {spread} | {gap} | {lacks} |"


def make_entries(case: Case, names: list[str]) -> list[Entry]:
    found = [Entry("statefolio", prepare_ours, case)]
    for peer in PEERS:
        if peer.name in names:
            dates = min(peer.dates or len(case.returns), len(case.returns))
            name = f"{peer.name} {version(peer.name)}"
            found.append(Entry(name, peer.prepare, case.head(dates), peer, scale=len(case.returns) / dates))
    return found


def version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def compare(case: Case, repeats: int, names: list[str]) -> list[str]:
    """Return each library's median seconds for all dates, timed in turns."""
    entries = make_entries(case, names)
    for entry in entries:
        entry.check()
        print(f"{entry.name}: {entry.skipped or f'checked, {entry.gap:.1e}'}", flush=True)
    for _ in range(repeats):
        for entry in entries:
            if not entry.skipped and sum(entry.seconds) < ENOUGH_SECONDS:
                entry.run()
    head = ["| library | seconds | times ours | runs | off ours | what it has no word for |", "| --- " * 6 + "|"]
    table = head + [entry.row(entries[0].median) for entry in entries]
    print("\n".join(table), flush=True)
    return table


def scaling(repeats: int) -> list[str]:
    """Time statefolio by assets, dates and rebalances, with the sizes in turns."""
    entries = [Entry(f"{n:,} | {t:,} | {every}", prepare_ours, make_case(t, n, every)) for n, t, every in SIZES]
    for entry in entries:
        entry.check()
    for _ in range(repeats):
        for entry in entries:
            entry.run()
    lines = ["| assets | dates | decided every | milliseconds | ns an asset and date |", "| --- " * 5 + "|"]
    for entry in entries:
        each = entry.median / entry.case.returns.size * 1e9
        lines.append(f"| {entry.name} | {entry.median * 1e3:.1f} | {each:.1f} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assets", type=int, default=500)
    parser.add_argument("--dates", type=int, default=2520)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--peers", nargs="*", default=[peer.name for peer in PEERS])
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    title = f"{given.assets} assets, {given.dates} dates, weights of every date, costs and gaps"
    table = compare(make_case(given.dates, given.assets), given.repeats, given.peers)
    alone = scaling(given.repeats)
    print("\n".join(["", *alone]))
    text = "\n".join([f"## {title}", "", *table, "", "## statefolio by size", "", *alone, ""])
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
