"""Figures of a fitted model, and the report as one self-contained HTML file."""

from statefolio.report.calibration_figures import autocorrelation_figure, coverage_figure, innovations_figure
from statefolio.report.chapters import Chapter, Exhibit
from statefolio.report.heat_maps import loadings_heat_map, movement_heat_map
from statefolio.report.loadings_figure import loadings_figure
from statefolio.report.writing import write_report

__all__ = [
    "Chapter",
    "Exhibit",
    "autocorrelation_figure",
    "coverage_figure",
    "innovations_figure",
    "loadings_figure",
    "loadings_heat_map",
    "movement_heat_map",
    "write_report",
]
