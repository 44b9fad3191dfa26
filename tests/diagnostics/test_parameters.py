import numpy as np
import pytest

from statefolio.diagnostics import parameter_count
from statefolio.exceptions import InputError


def test_published_example():
    assert parameter_count(1000, 10) == (500_500, 11_055)


def test_against_counting():
    n, m = 7, 3
    full = len(np.tril_indices(n)[0])
    model = np.zeros((n, m)).size + len(np.tril_indices(m)[0]) + n
    assert parameter_count(np.int64(n), m) == (full, model)
    assert parameter_count(n, 0).factor_model == n


@pytest.mark.parametrize(("n", "m"), [(0, 1), (2.5, 1), (True, 1), (3, -1)])
def test_invalid_counts(n, m):
    with pytest.raises(InputError, match="whole number"):
        parameter_count(n, m)
