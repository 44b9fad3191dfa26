"""Risk budgets: portfolios with given contributions to risk, and the tracking of realised contributions."""
