"""Connects to a running Dask cluster; the only place that imports Dask."""

from typing import Any

from statefolio.exceptions import InputError, WorkerError

SECONDS = 10
"""Time in which a scheduler must answer."""


def connect(address: str) -> Any:
    """Return the client of a scheduler that runs; `get_executor()` of it is an executor for `fit_blocks`.

    Parameters
    ----------
    address : str
        Such as "tcp://10.0.0.1:8786".

    Raises
    ------
    InputError
        If Dask is not installed, or the address is none.
    WorkerError
        If the scheduler does not answer within ten seconds.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            f"scheduler must be None where Dask is not installed, got {address!r}. Use pip install 'statefolio[scale]'."
        ) from error
    if "://" not in address:
        raise InputError(f"scheduler must be an address such as tcp://10.0.0.1:8786, got {address!r}. Pass its URL.")
    try:
        return Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError) as error:
        raise WorkerError(
            f"scheduler must answer within {SECONDS} seconds, got no answer from {address}. Check the address, and "
            "that dask-scheduler runs there."
        ) from error
