"""How well models predict on dates they learned nothing from, and whether a difference between them is real."""
