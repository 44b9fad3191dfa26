"""From hedges to positions: trading rules, weights, the position of today, and walk-forward tests."""
