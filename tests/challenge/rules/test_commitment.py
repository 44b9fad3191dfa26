"""Tests of the commitment."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from statefolio.challenge.rules.commitment import commit, keeps, new_salt

PARTS = st.tuples(st.text(), st.text(), st.text(), st.text())


def test_it_is_sha_256_of_the_parts_with_their_lengths():
    parts = ("5a17", "da7a", "0.2+1", '{"a":1}')
    content = b"".join(len(part).to_bytes(8, "big") + part.encode() for part in parts)
    assert commit(*parts) == hashlib.sha256(content).hexdigest()


@given(PARTS, PARTS)
def test_no_other_parts_keep_it(first, second):
    assert keeps(commit(*first), *first)
    assert keeps(commit(*first), *second) == (first == second)


def test_moving_a_character_from_one_part_to_the_next_changes_it():
    assert commit("ab", "c", "", "") != commit("a", "bc", "", "")


def test_salts_differ():
    assert len({new_salt() for _ in range(100)}) == 100
