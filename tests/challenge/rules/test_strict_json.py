"""Tests of strict JSON: bounds before parsing, and what JSON allows but a body may not have."""

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statefolio.challenge.rules import strict_json as module
from statefolio.challenge.rules.strict_json import BodyTooLarge, InvalidBody, check_bounds, strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=30,
)


def nodes(value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(nodes, inner))


def depth(value) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def empty(value) -> int:
    """The containers without a value: the count takes each of them for one value more."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else sum(map(empty, inner)) + (not inner)


def accepted(raw: bytes, max_depth: int, max_nodes: int) -> bool:
    try:
        check_bounds(raw, max_depth, max_nodes)
    except InvalidBody:
        return False
    return True


@given(VALUES, st.booleans())
def test_bounds_count_what_a_parser_finds(value, escaped):
    raw = json.dumps(value, ensure_ascii=escaped).encode("utf-8", "surrogatepass")
    count, deep = nodes(value) + empty(value), depth(value)
    assert accepted(raw, deep, count)
    assert count == 1 or not accepted(raw, deep, count - 1)
    assert deep == 0 or not accepted(raw, deep - 1, count)


@given(VALUES)
def test_a_value_within_the_bounds_is_read_as_json_reads_it(value):
    raw = json.dumps(value).encode()
    assert strict_json(raw, max_bytes=10**6, max_depth=99, max_nodes=10**6) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b"[" * 17,
        b"[" * 16_000,
        b'{"a":' * 17,
        b"[" + b"1," * 500,
        b"]" * 100 + b"[" * 17,
        b'["' + b"\\\\" * 50 + b'",' + b"[" * 16,
    ],
)
def test_bounds_are_checked_before_any_parser(raw, monkeypatch):
    monkeypatch.setattr(module.json, "loads", lambda *_, **__: pytest.fail("the parser was called"))
    with pytest.raises(InvalidBody, match="at most"):
        strict_json(raw)


def test_size_is_checked_before_the_bytes_are_read(monkeypatch):
    monkeypatch.setattr(module, "check_bounds", lambda *_: pytest.fail("the bytes were read"))
    with pytest.raises(BodyTooLarge, match="16,384 bytes, got 16,385"):
        strict_json(b" " * 16_385)


def test_brackets_in_text_are_no_levels():
    text = '[[[{{{,,,"\\' * 40
    assert strict_json(json.dumps({"a": text}).encode()) == {"a": text}


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b'{"a": NaN}', "finite, got NaN"),
        (b"[Infinity]", "finite, got Infinity"),
        (b"[-Infinity]", "finite, got -Infinity"),
        (b"[1e999]", "finite"),
        (b"[0." + b"1" * 50 + b"]", "at most 40 characters"),
        (b"[1000000001]", "at most 1,000,000,000"),
        (b"[" + b"9" * 5_000 + b"]", "at most 1,000,000,000"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', '"c" must be given once'),
        (b'["\\ud800"]', "lone surrogate"),
        (b'{"\\udfff": 1}', "lone surrogate"),
        (b'["\xff"]', "UTF-8"),
        (b'\xef\xbb\xbf{"a": 1}', "JSON"),
        (b'["\x00"]', "JSON"),
        (b"{'a': 1}", "JSON"),
        (b"[1,]", "JSON"),
        (b"", "JSON"),
        (b"[1] [2]", "JSON"),
    ],
)
def test_what_json_may_not_have_here(raw, part):
    with pytest.raises(InvalidBody, match=part.replace("[", r"\[")) as caught:
        strict_json(raw)
    assert len(caught.value.faults) == 1
    assert "\n" not in caught.value.faults[0]


def test_a_pair_of_surrogates_is_one_character():
    assert strict_json(b'["\\ud83d\\ude00"]') == ["\U0001f600"]


def test_a_message_shows_no_character_that_turns_the_writing():
    error = InvalidBody(["got \u202etxt.exe"])
    assert error.faults == ["got \ufffdtxt.exe"]
    assert pickle.loads(pickle.dumps(error)).faults == error.faults
