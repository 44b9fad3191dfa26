"""Fields of text with a largest length or a form, whose messages say what is valid."""

import re

from pydantic import BeforeValidator

from statefolio.commands.studies.schema.field_types import Invalid


def text(expected: str, *, least: int = 0, most: int = 200, pattern: str = "") -> BeforeValidator:
    """Return a validator of text.

    Parameters
    ----------
    expected
        What it must be, for messages.
    least, most
        Fewest and most characters.
    pattern
        Regular expression that the whole text matches.

    Examples
    --------
    >>> from pydantic import TypeAdapter
    >>> from typing import Annotated
    >>> TypeAdapter(Annotated[str, text("at most 3 letters", most=3)]).validate_python("abc")
    'abc'
    """

    def checked(value: object) -> object:
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise Invalid(expected)
        if pattern and not re.fullmatch(pattern, value):
            raise Invalid(expected)
        return value

    return BeforeValidator(checked)
