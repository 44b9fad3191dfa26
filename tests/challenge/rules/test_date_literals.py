"""Tests of the search for dates in text."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statefolio.challenge.rules.date_literals import is_date_literal

FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%d-%m-%y",
    "%d %b %Y",
    "%B %d, %Y",
    "%d. %B %Y",
    "%b %Y",
    "%Y %B %d",
    "%Y-%m",
    "%Y",
    "%G-W%V",
    "%G-W%V-%u",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%d %H:%M",
)


@given(st.dates(dt.date(1950, 1, 1), dt.date(2049, 12, 31)), st.sampled_from(FORMATS))
def test_a_date_in_any_usual_form_is_found(date, form):
    text = dt.datetime.combine(date, dt.time(9, 30)).strftime(form)
    assert is_date_literal(text), text
    assert is_date_literal(f"  {text.upper()} "), text


@pytest.mark.parametrize(
    "text",
    [
        "\uff12\uff10\uff12\uff10-\uff10\uff13-\uff11\uff16",
        "2020\u201303\u201316",
        "2020\u221203\u221216",
        "2020\u00ad-03-16",
        "2020-\u200b03-16",
        "\u0662\u0660\u0662\u0660-\u0660\u0663-\u0661\u0666",
        "2020\u204403\u204416",
        "2020Q1",
        "2020-03-16T10:00:00.123456789+00:00",
    ],
)
def test_look_alikes_are_dates_too(text):
    assert is_date_literal(text)


@pytest.mark.parametrize(
    "text",
    ["", "AAPL", "market", "10107", "3M", "low_volatility", "BRK.B", "May", "dec", "risk_budget", "1234", "20/20"],
)
def test_other_names_are_none(text):
    assert not is_date_literal(text)


def test_a_long_text_is_searched_in_bounded_time():
    assert not is_date_literal("2" * 16_000)
    assert not is_date_literal("2020-" * 3_000)
