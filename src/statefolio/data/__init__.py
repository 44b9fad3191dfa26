"""Readers of prices and returns, checks of them, and bundled real data."""

from statefolio.data.bundled import BundledData, load_demo, load_demo_prices, load_stocks_and_index
from statefolio.data.by_asset import read_groups, read_weights
from statefolio.data.french import french_blocks, read_french
from statefolio.data.returns import Alignment, align, to_returns
from statefolio.data.suspicious import find_suspicious_cells
from statefolio.data.tables import read_prices, read_returns

__all__ = [
    "Alignment",
    "BundledData",
    "align",
    "find_suspicious_cells",
    "french_blocks",
    "load_demo",
    "load_demo_prices",
    "load_stocks_and_index",
    "read_french",
    "read_groups",
    "read_prices",
    "read_returns",
    "read_weights",
    "to_returns",
]
