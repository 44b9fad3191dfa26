"""The settings of the web process. It knows the database and the public folder; nothing here leads to hidden data."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from statefolio.challenge.rules.settings import Rules

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Settings of the web process.

    Parameters
    ----------
    database : str
        URL of the database.
    public : Path
        The folder of files that everyone may have.
    rules : Rules
        The rules of the challenge.
    public_url : str, optional
        The address that browsers see, such as https://challenge.example.org. With https, cookies are sent over HTTPS
        alone.
    trusted_header : str, optional
        Header in which a proxy states the name of the signed-in team.
    trusted_proxies : tuple of str
        Addresses or networks of the proxies that may state it.
    """

    database: str
    public: Path
    rules: Rules
    public_url: str | None = None
    trusted_header: str | None = None
    trusted_proxies: tuple[str, ...] = ("127.0.0.1", "::1")

    @property
    def secure(self) -> bool:
        """Browsers use HTTPS."""
        return (self.public_url or "").startswith("https://")

    @property
    def session_cookie(self) -> str:
        """Name of the session cookie; the prefix binds it to this host."""
        return "__Host-statefolio" if self.secure else "statefolio"

    @property
    def csrf_cookie(self) -> str:
        """Name of the cookie of visitors without a session."""
        return "__Host-statefolio-form" if self.secure else "statefolio-form"

    @property
    def trusted_networks(self) -> tuple[Network, ...]:
        """The networks of the trusted proxies."""
        return tuple(ipaddress.ip_network(each, strict=False) for each in self.trusted_proxies)
