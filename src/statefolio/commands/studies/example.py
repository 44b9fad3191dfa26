"""The commented example that `statefolio init` writes; it runs on bundled data."""

from importlib import resources
from pathlib import Path

from statefolio.exceptions import OutputError

NAME = "study.toml"


def example_source() -> str:
    """Return the text of the example study file."""
    return resources.files("statefolio.commands.studies").joinpath("example.toml").read_text(encoding="utf-8")


def write_example(path: Path) -> Path:
    """Write the example study file; nothing that is there is replaced.

    Parameters
    ----------
    path
        The file to write, or the folder to write `study.toml` in.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    OutputError
        If it is there already, or cannot be written.
    """
    file = path / NAME if path.is_dir() else path
    content = example_source()
    try:
        with file.open("x", encoding="utf-8") as handle:
            handle.write(content)
    except FileExistsError as error:
        raise OutputError(f"{file} exists already. A new file was expected: choose another name.") from error
    except OSError as error:
        raise OutputError(f"{file} cannot be written ({error.strerror}). Choose another place.") from error
    return file
