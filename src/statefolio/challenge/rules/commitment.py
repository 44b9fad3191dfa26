"""Commits an organiser to data, engine and rules before a round, and lets everyone verify it after.

The hash tells nothing about the data as long as the salt is secret, and nothing else has the same hash.
"""

import hashlib
import hmac
import secrets

_SALT_BYTES = 32


def new_salt() -> str:
    """Return 256 random bits in hexadecimal digits, from the operating system.

    Examples
    --------
    >>> len(new_salt())
    64
    """
    return secrets.token_hex(_SALT_BYTES)


def commit(salt: str, data_hash: str, engine_version: str, rules: str) -> str:
    """Return SHA-256(salt || data || engine version || rules) in hexadecimal digits.

    Parameters
    ----------
    salt : str
        From `new_salt`; secret until the round is revealed.
    data_hash : str
        Hash of the round's data, public and hidden (`RoundData.hash`).
    engine_version : str
    rules : str
        `rules_text` of the rules.

    Returns
    -------
    str
        Each part goes in with its length before it, so that no two sets of parts are the same bytes.

    Examples
    --------
    >>> commit("00", "ab", "1", "{}")[:16]
    '36a5fad518f3032f'
    """
    found = hashlib.sha256()
    for part in (salt, data_hash, engine_version, rules):
        content = part.encode()
        found.update(len(content).to_bytes(8, "big"))
        found.update(content)
    return found.hexdigest()


def keeps(commitment: str, salt: str, data_hash: str, engine_version: str, rules: str) -> bool:
    """Return whether a published commitment is that of these parts.

    Examples
    --------
    >>> published = commit("00", "ab", "1", "{}")
    >>> keeps(published, "00", "ab", "1", "{}"), keeps(published, "00", "ac", "1", "{}")
    (True, False)
    """
    return hmac.compare_digest(commitment, commit(salt, data_hash, engine_version, rules))
