"""A study file, read and checked."""

import hashlib
import json
import tomllib
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from statefolio.commands.studies.example import NAME, example_source
from statefolio.commands.studies.messages import explain
from statefolio.commands.studies.schema import Study
from statefolio.exceptions import FileFormatError


@dataclass(frozen=True)
class StudyFile:
    """A study file: its text, what it says, and where paths in it begin.

    Attributes
    ----------
    name : str
        What messages call it.
    source : str
    folder : Path
    study : Study
    """

    name: str
    source: str
    folder: Path
    study: Study


def open_study(path: str | Path) -> StudyFile:
    """Read a study file and keep its text."""
    source = read_source(path)
    return StudyFile(str(path), source, Path(path).absolute().parent, parse_study(source, str(path)))


def example_study() -> StudyFile:
    """Return the study that `statefolio init` writes."""
    source = example_source()
    return StudyFile(NAME, source, Path.cwd(), parse_study(source, NAME))


def read_study(path: str | Path) -> Study:
    """Read a study file.

    Parameters
    ----------
    path
        A TOML file; `statefolio init` writes a commented one.

    Returns
    -------
    Study
        Every table and field, defaults filled in. Paths in it are as they were written.

    Raises
    ------
    FileFormatError
        If the file cannot be read or is no TOML; the message has the line.
    InputError
        If a field is unknown, missing or cannot be used; the message has the field and what was expected.
    """
    return parse_study(read_source(path), str(path))


def read_source(path: str | Path) -> str:
    """Return the text of a study file."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise FileFormatError(
            f"{path} is not there. A study file was expected: check the path, or write one with `statefolio init`."
        ) from error
    except OSError as error:
        raise FileFormatError(f"{path} cannot be read ({error.strerror}). A study file was expected.") from error
    except UnicodeDecodeError as error:
        raise FileFormatError(f"{path} is not UTF-8 text. A study file was expected: save it as UTF-8.") from error


def parse_study(text: str, name: str) -> Study:
    """Check the text of a study file; `name` is what messages call it."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FileFormatError(f"{name} is no TOML: {error}. Correct that line.") from error
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise explain(error, Study, name) from None


def fingerprint(content: object) -> str:
    """Return a short name of a content: the same for the same, and for nothing else."""
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
