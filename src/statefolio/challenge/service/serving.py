"""Starts the web process."""

from contextlib import suppress

import uvicorn

from statefolio.challenge.service.api.submissions import LONGEST_WAIT
from statefolio.challenge.service.app import make_app
from statefolio.challenge.service.settings import ServiceSettings

KEEP_ALIVE = 30
"""Seconds that an idle connection is kept."""
MOST_HEADERS = 16_384
"""Bytes of a request's headers."""


def serve(settings: ServiceSettings, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve the challenge until the process is asked to end.

    Parameters
    ----------
    settings : ServiceSettings
        The database, the public folder and the rules.
    host : str
        The address to listen at.
    port : int
        The port.
    """
    with suppress(KeyboardInterrupt):  # the server has ended in order, and passes the signal on
        uvicorn.Server(configuration(settings, host, port)).run()


def configuration(settings: ServiceSettings, host: str, port: int) -> uvicorn.Config:
    """Return the server's configuration.

    Addresses are not logged, because login links are part of one; and no forwarded address is believed, because the
    trusted header is taken from the proxy's own address alone.
    """
    return uvicorn.Config(
        make_app(settings),
        host=host,
        port=port,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=LONGEST_WAIT + 5,
        h11_max_incomplete_event_size=MOST_HEADERS,
        http="h11",
        ws="none",
        log_level="warning",
    )
