"""Invites teams and takes credentials back."""

from collections.abc import Sequence
from datetime import timedelta

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.database import opened
from statefolio.challenge.store import clock, credentials
from statefolio.challenge.store.errors import InvalidTeamName
from statefolio.challenge.store.teams import revoke_team, team_named


def invite_teams(
    folder: ChallengeFolder, names: Sequence[str], *, days: int = 30, renew: bool = False
) -> dict[str, str]:
    """Return a one-time code for each team, by name. The database keeps their hashes alone.

    Raises
    ------
    InvalidTeamName
        If a name is not valid, or looks like another team's. No code is made then.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from statefolio.challenge.organiser.opening import open_challenge
    >>> from statefolio.challenge.organiser.preparing import init_folder
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file, opened_round = init_folder(folder.path, tutorial=True), open_challenge(folder)
    ...     codes = invite_teams(folder, ["Harbour Street", "Nordlys"])
    >>> list(codes), codes["Nordlys"].startswith("sfi_")
    (['Harbour Street', 'Nordlys'], True)
    """
    with opened(folder) as store, store.transaction() as conn:
        return credentials.invite(conn, names, clock.now(), lifetime=timedelta(days=days), renew=renew)


def revoke(folder: ChallengeFolder, what: str, *, tokens: bool = False) -> str:
    """Revoke a team, with `tokens` its credentials alone, or one credential by its prefix; say what was done.

    Raises
    ------
    InvalidTeamName
        If there is neither a team nor a credential of this name.
    """
    now = clock.now()
    with opened(folder) as store, store.transaction() as conn:
        team = team_named(conn, what)
        if team is not None and tokens:
            count = credentials.revoke_credentials(conn, team, now)
            return f"Revoked {count} tokens, links and sessions of {team.name}. `invite --renew` gives it a new one."
        if team is not None:
            credentials.revoke_credentials(conn, team, now)
            revoke_team(conn, team, now)
            return f"Shut {team.name} out. Its submissions stay."
        if credentials.revoke(conn, what, now):
            return "Revoked one credential."
    raise InvalidTeamName(f"revoke must have the name of a team, or a code, or its prefix, got {what!a}. Check it.")
