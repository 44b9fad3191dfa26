"""The table of trades: largest gains and losses first, a note that counts, and rows that sort in a browser."""

from dataclasses import replace

import pytest

from statefolio.report import Chapter, write_report
from statefolio.report.backtest.trade_table import trades_exhibit


@pytest.fixture(scope="module")
def closed(long_only):
    """The same account without its last decisions: some trades are closed."""
    from statefolio.backtest.costs import TradingCosts
    from statefolio.backtest.simulation import simulate

    wanted = long_only.decisions.iloc[:60].copy()
    wanted[wanted < 0.03] = 0.0
    return simulate(wanted, long_only.market, costs=TradingCosts(0.001), end=long_only.ledger.index[320])


def test_the_largest_come_first_and_the_note_counts(closed):
    exhibit, trades = trades_exhibit(closed), closed.trades
    net = exhibit.table["Net of costs"]
    assert net.abs().is_monotonic_decreasing
    assert net.sum() == pytest.approx((trades["profit"] - trades["cost"]).sum())
    count = int(trades["open"].sum())
    assert exhibit.note.startswith(f"{len(trades):,} round trips, {count} still open.")
    assert (exhibit.table["Left"] == "still open").sum() == count
    assert "trades.csv" in exhibit.note


def test_without_trades_or_a_market_the_reason_is_said(all_cash):
    assert trades_exhibit(all_cash).note == "None."
    assert "trades need the market" in trades_exhibit(replace(all_cash, market=None)).note


def test_rows_sort_by_heading_and_by_choice(browse, closed, tmp_path):
    page = write_report(tmp_path / "page.html", None, chapters=[Chapter("One", "", (trades_exhibit(closed),))])
    script = """
      const table = document.querySelector("table.sorts"), find = (name) => [...table.tHead.rows[0].cells].findIndex(
        (cell) => cell.textContent === name);
      const column = (name) => [...table.tBodies[0].rows].map((row) => row.cells[find(name)].textContent);
      const before = column("Profit");
      const click = (name) => table.tHead.rows[0].cells[find(name)].querySelector("button").click();
      click("Profit");
      const rising = column("Profit"), mark = table.tHead.rows[0].cells[find("Profit")].getAttribute("aria-sort");
      click("Profit");
      const falling = column("Profit");
      click("Entry");
      const dates = column("Entry");
      const select = document.querySelector(".sort-by select");
      const visible = getComputedStyle(select.parentElement).display;
      select.value = "";
      select.dispatchEvent(new Event("change"));
      const overflow = document.documentElement.scrollWidth - window.innerWidth;
      const shown = () => [...table.tBodies[0].rows].filter((row) => row.offsetHeight > 0).length, few = shown();
      document.querySelector(".show-all")?.click();
      const cards = [few, shown()];
      return { cards, before, rising, mark, falling, dates, visible, again: column("Profit"), overflow };
    """

    def numbers(texts):
        return [float(text.replace("\u2212", "-").replace(",", "")) for text in texts]

    wide, narrow = browse(page, script), browse(page, script, width=390)
    assert numbers(wide["rising"]) == sorted(numbers(wide["before"]))
    assert numbers(wide["falling"]) == sorted(numbers(wide["before"]), reverse=True)
    assert wide["dates"] == sorted(wide["dates"])
    assert wide["mark"] == "ascending"
    assert wide["again"] == wide["before"] != wide["rising"]
    assert (wide["visible"], narrow["visible"]) == ("none", "block")
    rows = len(wide["before"])
    assert rows > 8
    assert (wide["cards"], narrow["cards"]) == ([rows, rows], [8, rows])
    assert max(wide["overflow"], narrow["overflow"]) <= 0
