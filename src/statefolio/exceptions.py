"""Errors and warnings of the library.

Messages have one form: `NAME must be X, got Y. Do Z.`
"""


class StatefolioError(Exception):
    """Base class of all errors that statefolio raises.

    Examples
    --------
    >>> import statefolio as sf
    >>> try:
    ...     sf.RollingLoadings(window=0).fit(None, None)
    ... except sf.StatefolioError as error:
    ...     print(type(error).__name__)
    InputError
    """


class InputError(StatefolioError, ValueError):
    """Raised for data or an option with an invalid value.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.Constraints(max_holdings=0)
    Traceback (most recent call last):
    statefolio.exceptions.InputError: max_holdings must be a whole number of at least 1 or None, got 0...
    """


class DataTypeError(StatefolioError, TypeError):
    """Raised for an argument of the wrong type.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.run_backtest(sf.EqualWeight(), market=[0.01, 0.02])
    Traceback (most recent call last):
    statefolio.exceptions.DataTypeError: market must be a Market, got [0.01, 0.02]...
    """


class PlugInError(StatefolioError, RuntimeError):
    """Raised for a reader of factors or a policy of another package that cannot be used; the message names it.

    Examples
    --------
    >>> from statefolio.exceptions import PlugInError
    >>> raise PlugInError("portfolio.mine.policy: the plug-in 'trend' of trends 1.0 must be imported, got an error.")
    Traceback (most recent call last):
    statefolio.exceptions.PlugInError: portfolio.mine.policy: the plug-in 'trend' of trends 1.0 must be imported, ...
    """


class UnknownNameError(StatefolioError, KeyError):
    """Raised for the name of an asset, factor, block or column that does not exist.

    Examples
    --------
    >>> import statefolio as sf
    >>> raise sf.UnknownNameError("asset must be 'KO' or 'PEP', got 'COKE'. Pass one of them.")
    Traceback (most recent call last):
    statefolio.exceptions.UnknownNameError: asset must be 'KO' or 'PEP', got 'COKE'. Pass one of them.
    """

    def __str__(self) -> str:
        """Return the message; KeyError would return its repr."""
        return str(self.args[0]) if self.args else ""


class NotFittedError(StatefolioError, ValueError, AttributeError):
    """Raised where a model must be fitted first.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.KalmanLoadings().loadings_
    Traceback (most recent call last):
    statefolio.exceptions.NotFittedError: KalmanLoadings ...
    """


class FileFormatError(StatefolioError, ValueError):
    """Raised for a file whose content does not have the expected format.

    Examples
    --------
    >>> import statefolio as sf
    >>> sf.read_prices("no_such_file.csv")
    Traceback (most recent call last):
    statefolio.exceptions.FileFormatError: no_such_file.csv cannot be read...
    """


class OutputError(StatefolioError, OSError):
    """Raised where an output folder or file cannot be written.

    Examples
    --------
    >>> import statefolio as sf
    >>> issubclass(sf.OutputError, OSError)
    True
    """


class PolicyError(StatefolioError, RuntimeError):
    """Raised where a policy fails or wants weights that cannot be traded; the message names policy and date.

    Examples
    --------
    >>> import statefolio as sf
    >>> class Broken:
    ...     def decide(self, history, holdings):
    ...         return 1 / 0
    >>> sf.run_backtest(Broken(), sf.Market(sf.load_demo().returns.iloc[:20, :2]))
    Traceback (most recent call last):
    statefolio.exceptions.PolicyError: ...ZeroDivisionError...
    """


class WorkerError(StatefolioError, RuntimeError):
    """Raised where a worker of a fit by blocks dies, lacks memory or cannot be reached.

    Examples
    --------
    >>> import statefolio as sf
    >>> raise sf.WorkerError("scheduler must answer within 10 seconds, got no answer from tcp://10.0.0.1:8786.")
    Traceback (most recent call last):
    statefolio.exceptions.WorkerError: scheduler must answer within 10 seconds, got no answer from tcp://10.0.0.1:8786.
    """


class StatefolioWarning(UserWarning):
    """Warns about data that can be used but are probably a mistake.

    Examples
    --------
    >>> import warnings
    >>> import statefolio as sf
    >>> data = sf.load_demo()
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     model = sf.RollingLoadings(60).fit(100 * data.returns.iloc[:200, :2], 100 * data.factors.iloc[:200, :1])
    >>> caught[0].category.__name__
    'StatefolioWarning'
    """


class FetchError(StatefolioError, ConnectionError):
    """Raised where a publisher does not answer or refuses, or nothing was fetched before.

    Examples
    --------
    >>> import statefolio as sf
    >>> try:
    ...     raise sf.exceptions.FetchError("The publisher refused the file (HTTP status 401). Get it in a browser.")
    ... except ConnectionError as error:
    ...     print(error)
    The publisher refused the file (HTTP status 401). Get it in a browser.
    """
