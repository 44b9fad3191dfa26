"""Tests of fields of text."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from statefolio.challenge.rules.text_fields import text

FIELD = TypeAdapter(Annotated[str, text("two to four letters a", least=2, most=4, pattern="a*")])


@pytest.mark.parametrize("value", ["aa", "aaaa"])
def test_text_in_bounds_and_form_is_kept(value):
    assert FIELD.validate_python(value) == value


@pytest.mark.parametrize("value", ["a", "aaaaa", "ab", "aa\n", 5, None, b"aa"])
def test_other_values_are_refused_with_what_is_valid(value):
    with pytest.raises(ValidationError, match="two to four letters a"):
        FIELD.validate_python(value)
