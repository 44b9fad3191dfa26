"""The arrays of a model's results as a store has them."""

from collections.abc import Iterator

from statefolio._arrays.types import Array
from statefolio.kalman.weighted_least_squares import without_unidentified
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.results import pieces_of

KALMAN = (
    *("predicted", "predicted_variance", "filtered", "filtered_variance"),
    *("innovation", "innovation_variance", "log_density"),
)
LEAST_SQUARES = KALMAN[:-1]


def result_pieces(model: LoadingsModel, names: tuple[str, ...], step: int) -> Iterator[tuple[str, int, Array]]:
    """Give the arrays of `loadings_` and `innovations_` by pieces of dates: name, first date and values.

    Predicted loadings are computed piece by piece. Where factors are collinear, what is not identified is NaN, as in
    the results.
    """
    run, dates = model._results(), len(model.dates_)
    pieces = [range(first, min(first + step, dates)) for first in range(0, dates, step)]
    for mean in ("predicted", "filtered"):
        wanted = [name for name in (mean, f"{mean}_variance") if name in names]
        if run.partly_unknown is None:
            for name in wanted:
                for rows, values in zip(pieces, pieces_of(getattr(run, name), pieces), strict=True):
                    yield name, rows.start, values
        elif wanted:
            both = (pieces_of(getattr(run, name), pieces) for name in (mean, f"{mean}_variance"))
            for rows, means, variances in zip(pieces, *both, strict=True):
                found = dict(zip((mean, f"{mean}_variance"), without_unidentified(means, variances), strict=True))
                for name in wanted:
                    yield name, rows.start, found[name]
    for name in KALMAN[4:]:
        if name in names:
            for rows, values in zip(pieces, pieces_of(getattr(run, name), pieces), strict=True):
                yield name, rows.start, values


def result_arrays(model: LoadingsModel, names: tuple[str, ...]) -> dict[str, Array]:
    """Return the arrays of `loadings_` and `innovations_`."""
    return {name: values for name, _, values in result_pieces(model, names, len(model.dates_))}
