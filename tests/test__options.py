import numpy as np
import pandas as pd
import pytest

from statefolio._options import Flag, HasMethod, Kind, Number, OneOf, Whole, check, check_options, is_number, is_whole
from statefolio.exceptions import DataTypeError, InputError


@pytest.mark.parametrize("value", [0, -3, np.int64(7), np.uint8(1)])
def test_whole_numbers_are_whole_and_numbers(value):
    assert is_whole(value)
    assert is_number(value)


@pytest.mark.parametrize("value", [0.5, np.float32(1.0), np.nan, np.inf])
def test_reals_are_numbers_and_not_whole(value):
    assert is_number(value)
    assert not is_whole(value)


@pytest.mark.parametrize("value", [True, np.True_, None, "1", [1], np.array(1.0), 1j])
def test_what_only_looks_like_a_number_is_not_one(value):
    assert not is_whole(value)
    assert not is_number(value)


@pytest.mark.parametrize(
    ("rule", "valid", "invalid"),
    [
        (Whole(at_least=2), [2, 3, np.int64(9)], [1, 2.0, True, None, "2"]),
        (Whole(at_least=0, at_most=3), [0, 3], [-1, 4]),
        (Number(above=0.0), [1e-9, 5, np.float64(2)], [0.0, -1, np.nan, np.inf, "1", None, True]),
        (Number(at_least=0.0, below=1.0), [0.0, 0.99], [1.0, -1e-9]),
        (Number(above=0.0, infinite=True), [np.inf], [np.nan, -np.inf]),
        (OneOf("a", "b"), ["a", "b"], ["c", None, 1, ["a"]]),
        (Flag(), [True, False, np.True_], [0, 1, "yes", None]),
        (Kind(pd.Series, "a Series", "pd.Series()"), [pd.Series(dtype=float)], [1, None, pd.DataFrame()]),
        (HasMethod("head", "an object with head()", "pd.Series()"), [pd.Series(dtype=float)], [1, None, pd.Series]),
        (Whole(at_least=1) | OneOf("auto") | None, [1, "auto", None], [0, "all", 1.5]),
    ],
)
def test_a_rule_accepts_what_is_valid_and_nothing_else(rule, valid, invalid):
    for value in valid:
        check("option", value, rule)
    for value in invalid:
        with pytest.raises((InputError, DataTypeError), match="option must be"):
            check("option", value, rule)


@pytest.mark.parametrize(
    ("rule", "value", "message"),
    [
        (Whole(at_least=2), 1, "w must be a whole number of at least 2, got 1. Pass e.g. w=2."),
        (Whole(at_least=2, example=60), 1.5, "w must be a whole number of at least 2, got 1.5. Pass e.g. w=60."),
        (Number(above=0.0, example=40), -1, "w must be a finite number above 0, got -1. Pass e.g. w=40."),
        (
            Number(at_least=0.0, at_most=1.0),
            np.float64(2.0),
            "w must be a finite number of at least 0 and at most 1, got 2.0. Pass e.g. w=0.",
        ),
        (OneOf("a", "b", "c"), "d", "w must be 'a', 'b' or 'c', got 'd'. Pass e.g. w='a'."),
        (Flag(), 1, "w must be True or False, got 1. Pass w=True or w=False."),
        (Whole(at_least=1) | None, 0, "w must be a whole number of at least 1 or None, got 0. Pass e.g. w=1."),
        (OneOf("a"), pd.DataFrame(), "w must be 'a', got a DataFrame. Pass e.g. w='a'."),
    ],
)
def test_messages_name_the_option_the_valid_values_the_received_one_and_what_to_do(rule, value, message):
    with pytest.raises(InputError) as caught:
        check("w", value, rule)
    assert str(caught.value) == message


def test_a_wrong_type_is_a_type_error_unless_a_value_would_do():
    series = Kind(pd.Series, "a Series", "pd.Series()")
    with pytest.raises(DataTypeError, match="w must be a Series or None, got 'x'"):
        check("w", "x", series | None)
    with pytest.raises(InputError, match="w must be a Series or 'auto', got 'x'"):
        check("w", "x", series | OneOf("auto"))


def test_long_values_are_cut_in_messages():
    with pytest.raises(InputError) as caught:
        check("w", "x" * 500, OneOf("a"))
    assert len(str(caught.value)) < 150


def test_options_of_objects_and_of_mappings_are_checked_in_order():
    rules = {"one": Whole(at_least=1), "two": Flag()}
    check_options({"one": 1, "two": True, "other": None}, rules)
    with pytest.raises(InputError, match="one must be"):
        check_options({"one": 0, "two": 7}, rules)
    with pytest.raises(InputError, match="two must be"):
        check_options(type("Options", (), {"one": 1, "two": 7})(), rules)
