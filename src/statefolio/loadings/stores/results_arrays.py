"""The arrays of a model's results as a store has them."""

from collections.abc import Iterator

from statefolio._arrays.types import Array
from statefolio.loadings import datasets
from statefolio.loadings.base import LoadingsModel
from statefolio.loadings.results import Labels

KALMAN = (
    *("predicted", "predicted_variance", "filtered", "filtered_variance"),
    *("innovation", "innovation_variance", "log_density"),
)
LEAST_SQUARES = KALMAN[:-1]


def result_arrays(model: LoadingsModel, names: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    """Give the arrays of `loadings_` and `innovations_` by name; those computed for it are not kept.

    Where factors are collinear, what is not identified is NaN, as in the results.
    """
    run, labels = model._results(), Labels(model.dates_, model.assets_, model.factors_, {})
    for pair in (KALMAN[:2], KALMAN[2:4], KALMAN[4:]):
        wanted = [name for name in pair if name in names]
        if not wanted:
            continue
        build = datasets.innovations_dataset if pair == KALMAN[4:] else datasets.loadings_dataset
        dataset = build(run, labels)
        for name in wanted:
            yield name, dataset[name].to_numpy()
