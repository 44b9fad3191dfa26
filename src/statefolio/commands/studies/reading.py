"""Step 1: reads a study file and checks it against the schema."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from statefolio.commands.studies.example import NAME, example_source
from statefolio.commands.studies.schema.messages import explain
from statefolio.commands.studies.schema.study import Study
from statefolio.commands.studies.study_text import parse_toml, read_source


@dataclass(frozen=True)
class StudyFile:
    """A study file, read and checked.

    Attributes
    ----------
    name : str
        The name for messages.
    source : str
        The text.
    folder : Path
        The folder that paths in the file are relative to.
    study : Study
        Every table and field, with defaults filled in.
    """

    name: str
    source: str
    folder: Path
    study: Study


def open_study(path: str | Path) -> StudyFile:
    """Read a study file.

    Parameters
    ----------
    path
        A TOML file; `statefolio init` writes a commented one.

    Raises
    ------
    FileFormatError
        If the file cannot be read or is not TOML; the message has the line.
    InputError
        If a field is unknown, missing or not valid; the message has the field and its valid values.
    """
    source = read_source(path)
    return StudyFile(str(path), source, Path(path).absolute().parent, parse_study(source, str(path)))


def example_study() -> StudyFile:
    """Return the study that `statefolio init` writes."""
    source = example_source()
    return StudyFile(NAME, source, Path.cwd(), parse_study(source, NAME))


def parse_study(text: str, name: str) -> Study:
    """Check the text of a study file; messages begin with `name`."""
    content = parse_toml(text, name)
    try:
        return Study.model_validate(content)
    except ValidationError as error:
        raise explain(error, name) from None
