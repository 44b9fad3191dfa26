"""Errors and warnings of the library.

Messages have one form: `NAME must be X, got Y. Do Z.`
"""


class StatefolioError(Exception):
    """Base class of all errors that statefolio raises."""


class InputError(StatefolioError, ValueError):
    """Raised for data or an option with an invalid value."""


class DataTypeError(StatefolioError, TypeError):
    """Raised for an argument of the wrong type."""


class UnknownNameError(StatefolioError, KeyError):
    """Raised for the name of an asset, factor, block or column that does not exist."""

    def __str__(self) -> str:
        """Return the message; KeyError would return its repr."""
        return str(self.args[0]) if self.args else ""


class NotFittedError(StatefolioError, ValueError, AttributeError):
    """Raised where a model must be fitted first."""


class FileFormatError(StatefolioError, ValueError):
    """Raised for a file whose content does not have the expected format."""


class OutputError(StatefolioError, OSError):
    """Raised where an output folder or file cannot be written."""


class PolicyError(StatefolioError, RuntimeError):
    """Raised where a policy fails or wants weights that cannot be traded; the message names policy and date."""


class StatefolioWarning(UserWarning):
    """Warns about data that can be used but are probably a mistake."""
