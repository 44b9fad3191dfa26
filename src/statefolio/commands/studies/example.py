"""Writes the commented example of a study file, which runs on bundled data."""

from importlib import resources
from pathlib import Path

from statefolio.exceptions import OutputError

NAME = "study.toml"


def example_source() -> str:
    """Return the text of the example study file."""
    return resources.files("statefolio.commands.studies").joinpath("example.toml").read_text(encoding="utf-8")


def write_example(path: Path) -> Path:
    """Write the example study file. An existing file is never replaced.

    Parameters
    ----------
    path
        The file to write, or the folder to write `study.toml` in.

    Returns
    -------
    Path
        The new file.

    Raises
    ------
    OutputError
        If the file exists, or cannot be written.
    """
    file = path / NAME if path.is_dir() else path
    content = example_source()
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(content)
    except FileExistsError as error:
        raise OutputError(f"{file} exists already. Choose another name.") from error
    except OSError as error:
        raise OutputError(f"{file} cannot be written ({error.strerror}). Choose another place.") from error
    return file
