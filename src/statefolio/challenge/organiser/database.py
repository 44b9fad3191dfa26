"""Opens the database of a challenge that is open."""

from collections.abc import Iterator
from contextlib import contextmanager

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.store.errors import RoundStateError
from statefolio.challenge.store.schema import check_schema
from statefolio.challenge.store.store import Store


@contextmanager
def opened(folder: ChallengeFolder) -> Iterator[Store]:
    """Give the database, its schema checked.

    Raises
    ------
    RoundStateError
        If the challenge was never opened here.
    SchemaError
        If the database is of another version.
    """
    with Store.open(folder.database) as store:
        if store.file is not None and not store.file.exists():
            raise RoundStateError(
                f"{folder.path} must be an open challenge, and is not yet. Run `statefolio challenge open`."
            )
        check_schema(store)
        yield store
