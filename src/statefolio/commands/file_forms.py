"""Reads tables with the words of the command line or the study file, and speaks of these words where reading fails."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path

import pandas as pd

from statefolio._plug_ins import FACTORS, called, load_plug_in, version_of
from statefolio.commands.options import FETCHED
from statefolio.commands.shared_options import FileForm
from statefolio.data import fetch_french, read_prices, read_returns
from statefolio.data.checks import checked_table
from statefolio.exceptions import InputError, StatefolioError

WORDS = tuple(field.name for field in fields(FileForm))
_WORD = rf"\b(?:{'|'.join(WORDS)})\b"
_NAMED = re.compile(
    rf"^(?P<first>{_WORD})(?= must )"
    rf"|(?P<word>{_WORD})=(?P<value>'[^']*'|\[[^\]]*\])"
    rf"|(?P<lead>\b(?:Set|set|with) )(?P<words>{_WORD}(?:(?:, | and | or ){_WORD})*)(?!=)"
)
_PLUG_IN = re.compile(r"[A-Za-z][\w.-]+")  # at least two letters: "C:" is a drive
Name = Callable[[str], str]


def typed(word: str) -> str:
    """Return a word as the option of the command line."""
    return f"--{word.replace('_', '-')}"


def typed_for_factors(word: str) -> str:
    """Return a word as it is typed for the file of factors."""
    return f"--factors-form {word.replace('_', '-')}="


def read_file(path: Path, *, prices: bool, form: FileForm, name: Name = typed) -> pd.DataFrame:
    """Read a file of prices or returns.

    Parameters
    ----------
    path : Path
    prices : bool
    form : FileForm
    name : callable
        From a word of the form to what the user writes for it; messages use that.
    """
    words = {word: value for word, value in asdict(form).items() if value is not None}
    with words_of_the_door(name):
        return (read_prices if prices else read_returns)(path, **words)


def read_factors(path: Path, form: FileForm, name: Name) -> pd.DataFrame:
    """Read a file of factors, fetch a set of French's library (`french:5-daily`), or ask a plug-in (`NAME:TEXT`)."""
    if path.name.startswith(FETCHED):
        return fetch_french(path.name.removeprefix(FETCHED))
    source, sign, rest = str(path).partition(":")
    if sign and _PLUG_IN.fullmatch(source) and not path.exists():
        return _of_plug_in(source, rest)
    return read_file(path, prices=False, form=form, name=name)


def _of_plug_in(source: str, rest: str) -> pd.DataFrame:
    """Return the factors that a reader of another package makes of the text after its name."""
    reader = load_plug_in(FACTORS, source, "--factors")
    who = f"--factors: the reader {source!r} of {version_of(FACTORS, source)}"
    return checked_table(called(reader, (rest,), {}, who, f"return factor returns for {rest!r}"), f"{who}: the factors")


@contextmanager
def words_of_the_door(name: Name) -> Iterator[None]:
    """Let errors speak of options as the user writes them here."""
    try:
        yield
    except StatefolioError as error:
        raise type(error)(_NAMED.sub(lambda found: _said(found, name), str(error))) from error


def form_of_words(given: Iterable[str] | None, option: str) -> FileForm:
    """Read WORD=VALUE texts."""
    words: dict[str, object] = {}
    for text in given or ():
        word, sign, value = text.partition("=")
        key = word.strip().replace("-", "_")
        if key not in WORDS or not sign or not value:
            names = ", ".join(each.replace("_", "-") for each in WORDS)
            raise InputError(f"{option} must be WORD=VALUE with one of the words {names}, got {text!r}.")
        words[key] = [*words.get(key, []), value] if key == "missing" else value  # type: ignore[misc]
    return form_of_table(words)


def form_of_table(given: Mapping[str, object] | None) -> FileForm:
    """Return the form that a table of the study file describes."""
    return FileForm(**(given or {}))  # type: ignore[arg-type]


def _said(found: "re.Match[str]", name: Name) -> str:
    if found["first"]:
        return name(found["first"]).rstrip("= ")
    if found["word"]:
        return _given(name(found["word"]), found["value"].strip("'[]"))
    words = re.sub(_WORD, lambda each: name(each[0]).rstrip("= "), found["words"])
    return f"{found['lead']}{words}"


def _given(option: str, value: str) -> str:
    if option.endswith(" ="):  # in a study file
        return f'{option} "{value}"'
    return f"{option}{value}" if option.endswith("=") else f"{option} {value}"
