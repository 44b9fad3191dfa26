"""A basket followed day by day: its saved state, new prices, what to hold and what changed."""
