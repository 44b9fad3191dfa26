"""A study file is bounded before it is parsed, and read as editors write it."""

import time

import pytest

from statefolio.commands.studies.example import example_source
from statefolio.commands.studies.reading import example_study, open_study, parse_study
from statefolio.commands.studies.study_text import MOST_BYTES
from statefolio.exceptions import FileFormatError, StatefolioError

BEYOND = {
    "dotted key": ("a" + ".a" * 30_000 + " = 1", "20 parts in a dotted key"),
    "quoted parts": ('"a"' + ' . "a"' * 30_000 + " = 1", "20 parts in a dotted key"),
    "dotted header": ("[a" + ".a" * 30_000 + "]", "20 parts in a dotted key"),
    "lists": ("a = " + "[" * 100_000, "30 brackets within brackets"),
    "inline tables": ("a = " + "{a = " * 40_000, "30 brackets within brackets"),
    "digits": ("a = " + "9" * 5_000, "1,000 letters or digits"),
    "hexadecimal digits": ("a = 0x" + "f" * 100_000, "1,000 letters or digits"),
    "headers": ("".join(f"[a{i}]\n" for i in range(20_000)), "5,000 fields, tables and lists"),
    "fields": ("".join(f"a{i}=1\n" for i in range(20_000)), "5,000 fields, tables and lists"),
    "size": ("#" * (MOST_BYTES + 1), "262,144"),
    "open string": ('a = "' + '\\"' * 100_000, "a closing quote .* in line 1"),
    "open text": ('\na = """' + '\\"""' * 50_000, "a closing quote .* in line 2"),
}


@pytest.mark.parametrize(("text", "message"), BEYOND.values(), ids=BEYOND)
def test_what_would_take_long_to_parse_is_refused_at_once(text, message):
    began = time.process_time()
    with pytest.raises(FileFormatError, match=rf"^it\.toml must have .*{message}"):
        parse_study(text, "it.toml")
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "a = [" + "1," * 100_000 + "]",
        'a = "' + "x" * 200_000 + '"',
        "a = '''" + "\n'[[[" * 40_000 + "'''",
        "# " + "[" * 200_000,
        '"[[[[" = "' + "]." * 50_000 + '"',
        "a = " + "9" * 900,
        "a.b.c.d = 1.5",
    ],
)
def test_what_is_long_without_harm_is_parsed(text):
    with pytest.raises(StatefolioError, match="study is missing"):
        parse_study(text, "it.toml")


def test_a_message_shortens_names_and_lists_the_first_faults(tmp_path):
    text = example_source() + "\n[backtest.costs." + "x" * 900 + "]\n" + "".join(f"y{i} = 1\n" for i in range(900))
    with pytest.raises(StatefolioError) as caught:
        parse_study(text, "it.toml")
    assert len(str(caught.value)) < 2_000


def test_a_mark_of_the_byte_order_is_no_part_of_the_text(tmp_path):
    for start in (b"", b"\xef\xbb\xbf"):
        (tmp_path / "it.toml").write_bytes(start + example_source().replace("\n", "\r\n").encode())
        assert open_study(tmp_path / "it.toml").study == example_study().study


@pytest.mark.parametrize("path", ["nul\x00byte", None, 3.0, "."])
def test_paths_that_cannot_be_read(path):
    with pytest.raises(FileFormatError, match=r"cannot be read|does not exist"):
        open_study(path)


def test_a_large_file_is_not_read_to_its_end(tmp_path):
    with (tmp_path / "large.toml").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(FileFormatError, match="must have at most 262,144 bytes"):
        open_study(tmp_path / "large.toml")
