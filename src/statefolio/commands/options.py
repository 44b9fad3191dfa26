"""Declares an option of a command once: name, help, default and validation, in one field of a frozen dataclass.

>>> from statefolio._options import Whole
>>> @dataclass(frozen=True, kw_only=True)
... class Hedging:
...     most_passes: Annotated[int, Option("Most passes of the recipe.", Whole(at_least=1))] = 2000
>>> (passes,) = declared_options(Hedging)
>>> passes.name, passes.default
('--most-passes', 2000)
>>> passes.value(0)
Traceback (most recent call last):
statefolio.exceptions.InputError: --most-passes must be a whole number of at least 1, got 0. Pass e.g. --most-passes=1.

Such a class is an option record. A field may be another record: the command then has that record's options too. A
`Literal` type lists the valid words. The command line builds its signature from the record (`typer_command.py`), and
the job takes the record itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, dataclass, fields, is_dataclass
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeGuard, TypeVar, Union, get_args, get_origin, get_type_hints

from statefolio._options import OneOf, Rule, check
from statefolio.exceptions import FileFormatError, InputError, StatefolioError

Record = TypeVar("Record")
_SOURCE = re.compile(r"[A-Za-z][\w.-]+:")
FETCHED = "french:"
"""Begins a name of factors that are fetched, in place of a path."""


@dataclass(frozen=True)
class Option:
    """The declaration of an option, as the annotation of a field.

    Attributes
    ----------
    help : str
        What the option sets, in one sentence.
    rule : Rule, optional
        The valid values. None (left out) is always valid where it is the default.
    name : str
        The option as it is typed, where it does not follow from the field's name.
    metavar : str, optional
        How help shows the value, where it does not follow from the type.
    read : callable (name, text), optional
        Turns the text that was typed into the value.
    argument : bool
        Whether it is typed without a name, by its position.
    repeated : bool
        Whether it may be typed several times; the values are a list.
    default_text : str
        How help shows the default None.
    file : bool
        Whether the path must exist; that is checked before any work begins.
    if_missing : str
        What to do where it does not exist.
    """

    help: str
    rule: Rule | None = None
    name: str = ""
    metavar: str | None = None
    read: Callable[[str, str], Any] | None = None
    argument: bool = False
    repeated: bool = False
    default_text: str = ""
    file: bool = False
    if_missing: str = "Check it."


@dataclass(frozen=True)
class Declared:
    """An option with the field that declares it."""

    field: str
    type: Any
    default: Any
    option: Option

    @property
    def required(self) -> bool:
        """True for an option without a default."""
        return self.default is MISSING

    @property
    def name(self) -> str:
        """The option as the user types it."""
        return self.field if self.option.argument else self.option.name or f"--{self.field.replace('_', '-')}"

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The valid words, where the type is a Literal."""
        return tuple(word for each in _members(self.type) if get_origin(each) is Literal for word in get_args(each))

    @property
    def read(self) -> Callable[[str, str], Any] | None:
        """The function that turns the typed text into the value; None for words, paths and flags."""
        kinds = _members(self.type)
        return self.option.read or next((read for kind, read in _READ.items() if kind in kinds), None)

    @property
    def metavar(self) -> str | None:
        """The value as help shows it."""
        kinds = _members(self.type)
        usual = next((shown for kind, shown in _METAVARS.items() if kind in kinds), None)
        return self.option.metavar or "|".join(self.words) or usual

    def value(self, typed: Any) -> Any:
        """Read what was typed, and check it.

        Raises
        ------
        InputError, DataTypeError
            If it is not valid; the message begins with the option's name.
        """
        if typed is None or (self.option.repeated and not typed):
            return self.default
        if self.read is not None:
            read = partial(self.read, self.name)
            typed = [read(each) for each in typed] if self.option.repeated else read(typed)
        if self.option.file:
            for path in typed if self.option.repeated else [typed]:
                check_exists(self.name, path, self.option.if_missing)
        rule = self.option.rule or (OneOf(*self.words) if self.words else None)
        if rule is not None:
            check(self.name, typed, rule)
        return typed


def declared_options(record: type, defaults: Any = None) -> Iterator[Declared]:
    """List the options of a record and of the records in it, in their order.

    Parameters
    ----------
    record
        A dataclass whose fields are options or records.
    defaults
        An instance whose values replace the fields' defaults.
    """
    hints = get_type_hints(record, include_extras=True)
    for field in fields(record):
        hint = hints[field.name]
        default = field.default if defaults is None else getattr(defaults, field.name)
        if _is_record(hint):
            yield from declared_options(hint, None if default is MISSING else default)
        else:
            kind, option = _declaration(hint, f"{record.__name__}.{field.name}")
            yield Declared(field.name, kind, default, option)


def check_exists(name: str, path: Path, if_missing: str = "Check it.") -> None:
    """Raise FileFormatError if a path does not exist; "french:TEXT" or "PLUG-IN:TEXT" is no path."""
    try:
        missing = not path.exists() and not _SOURCE.match(str(path))
    except (OSError, ValueError):  # a name that no file can have
        missing = True
    if missing:
        raise FileFormatError(
            f"{name} must be a file, got {path}, which cannot be read: it does not exist. {if_missing}"
        )


def make_record(record: type[Record], values: Mapping[str, Any]) -> Record:
    """Return a record, and the records in it, with the values of their options by field name."""
    hints = get_type_hints(record)
    made = {}
    for field in fields(record):  # type: ignore[arg-type]
        inner = hints[field.name]
        made[field.name] = make_record(inner, values) if _is_record(inner) else values[field.name]
    return record(**made)


@contextmanager
def errors_of(*records: type) -> Iterator[None]:
    """Let errors of the library name the options of records as they are typed, not as arguments."""
    try:
        yield
    except StatefolioError as error:
        names = {each.field: each.name for record in records for each in declared_options(record)}
        words = "|".join(map(re.escape, names))
        named = re.compile(rf"^(?:{words})(?= must )|(?<=\banother )(?:{words})\b")
        raise type(error)(named.sub(lambda found: names[found[0]], str(error))) from error


def read_date(name: str, text: str) -> datetime:
    """Read a date such as 2015-12-31."""
    try:
        return datetime.strptime(text, "%Y-%m-%d")
    except ValueError as error:
        raise InputError(f"{name} must be a date such as 2015-12-31, got {text!r}.") from error


def read_whole_number(name: str, text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError as error:
        raise InputError(f"{name} must be a whole number, got {text!r}.") from error


def read_number(name: str, text: str) -> float:
    """Read a number."""
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{name} must be a number, got {text!r}.") from error


def read_names(name: str, text: str) -> tuple[str, ...]:
    """Read names between commas."""
    names = tuple(each.strip() for each in text.split(",") if each.strip())
    if not names:
        raise InputError(f"{name} must be names between commas, got {text!r}. Name one, or leave {name} out.")
    return names


_READ: dict[type, Callable[[str, str], Any]] = {datetime: read_date, int: read_whole_number, float: read_number}
_METAVARS = {datetime: "YYYY-MM-DD", int: "INTEGER", float: "NUMBER", Path: "PATH"}


def _declaration(hint: Any, where: str) -> tuple[Any, Option]:
    if get_origin(hint) is Annotated:
        kind, *notes = get_args(hint)
        found = next((note for note in notes if isinstance(note, Option)), None)
        if found is not None:
            return kind, found
    raise TypeError(f"{where} must be annotated with an Option or be a record, got {hint}.")


def _is_record(hint: Any) -> TypeGuard[type]:
    return isinstance(hint, type) and is_dataclass(hint)


def _members(kind: Any) -> tuple[Any, ...]:
    """The members of a union without None, or the type alone."""
    if get_origin(kind) in (Union, UnionType):
        return tuple(each for each in get_args(kind) if each is not NoneType)
    return (kind,)
