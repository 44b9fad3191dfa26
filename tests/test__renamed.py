import pytest

from statefolio._renamed import FormerName, renamed
from statefolio.exceptions import InputError


@renamed("periods_a_year", "periods_per_year")
def scale(value: float, periods_per_year: float = 252.0) -> float:
    """Scale."""
    return value * periods_per_year


def test_the_new_name_works_without_a_warning():
    assert scale(2.0) == 504.0
    assert scale(2.0, 12.0) == 24.0
    assert scale(2.0, periods_per_year=12.0) == 24.0
    assert scale.__doc__ == "Scale."


def test_the_former_name_works_with_a_warning():
    with pytest.warns(DeprecationWarning, match="periods_a_year is now called periods_per_year"):
        assert scale(2.0, periods_a_year=12.0) == 24.0


def test_both_names_at_once_are_refused():
    with pytest.raises(InputError, match="periods_per_year must be given once"):
        scale(2.0, periods_per_year=12.0, periods_a_year=12.0)


def test_an_attribute_is_found_under_its_former_name_with_a_warning():
    class Result:
        periods_per_year = 12.0
        periods_a_year = FormerName("periods_per_year")

    with pytest.warns(DeprecationWarning, match="periods_a_year is now called periods_per_year"):
        assert Result().periods_a_year == 12.0
