"""Risk budgets over assets and factors, and what became of them."""
