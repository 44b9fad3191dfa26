"""Finds values that are probably not what a table is said to hold: one list for every public function."""
