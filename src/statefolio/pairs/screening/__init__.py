"""All pairs of a panel: which are cointegrated, at which false-discovery rate, and hold later."""
