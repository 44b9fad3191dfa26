"""Every error and warning the library raises.

Messages have one form: what came, what was expected, what to do.
"""


class StatefolioError(Exception):
    """Base of every error statefolio raises on purpose."""


class InputError(StatefolioError, ValueError):
    """Data or an option that cannot be used as it came."""


class DataTypeError(StatefolioError, TypeError):
    """An argument of the wrong type."""


class UnknownNameError(StatefolioError, KeyError):
    """A name (asset, factor, block, column) that is not there."""

    def __str__(self) -> str:
        """Show the sentence itself: KeyError would show its repr."""
        return str(self.args[0]) if self.args else ""


class NotFittedError(StatefolioError, ValueError, AttributeError):
    """A result asked of a model that has not been fitted."""


class FileFormatError(StatefolioError, ValueError):
    """A file that cannot be read as what it should be."""


class OutputError(StatefolioError, OSError):
    """An output folder or file that cannot be written."""


class PolicyError(StatefolioError, RuntimeError):
    """A policy that raised, or wanted what cannot be traded; the message names the date and the policy."""


class StatefolioWarning(UserWarning):
    """Data that can be used but are probably not what was meant."""
