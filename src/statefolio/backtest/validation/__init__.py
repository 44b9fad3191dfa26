"""Tests of back-tests for luck: windows, counted trials, tests that account for their number, and a holdout."""
