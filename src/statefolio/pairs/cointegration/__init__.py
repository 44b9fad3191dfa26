"""Tests of cointegration and of unit roots."""
