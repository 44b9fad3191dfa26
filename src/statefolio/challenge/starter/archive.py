"""Writes `starter.zip` from the public folder."""

import io
import zipfile
from importlib import resources
from pathlib import Path

from statefolio._writing import write_whole
from statefolio.challenge.rules.settings import Rules
from statefolio.challenge.scoring.benchmarks import starter_submissions
from statefolio.challenge.starter.notebook import notebook

FILE = "starter.zip"
DATA = "data"
_MOMENT = (2000, 1, 1, 0, 0, 0)
"""The time of every file in the archive, so that equal content has equal bytes."""


def write_starter(public: str | Path, rules: Rules) -> Path:
    """Write `starter.zip` into the public folder, from the files that are there.

    Parameters
    ----------
    public
        The public folder, with everything else that is published.
    rules
        The rules; the submissions keep to their gates.

    Returns
    -------
    Path
        The archive: README.md, three submissions, notebook.ipynb, and the public files in `data/`.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    folder, content = Path(public), io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in _texts(rules).items():
            archive.writestr(_entry(name), text)
        for file in sorted(folder.iterdir()):
            if file.is_file() and not file.is_symlink() and file.name != FILE and not file.name.startswith("."):
                archive.writestr(_entry(f"{DATA}/{file.name}"), file.read_bytes())
    write_whole(folder / FILE, content.getvalue())
    return folder / FILE


def _texts(rules: Rules) -> dict[str, str]:
    readme = resources.files("statefolio.challenge.starter").joinpath("template/README.md").read_text(encoding="utf-8")
    submissions = starter_submissions(rules)
    first = next(iter(submissions))
    return {
        "README.md": readme.replace("CHALLENGE", rules.challenge.name).replace("FIRST", first),
        **submissions,
        "notebook.ipynb": notebook(rules.challenge.name, first),
    }


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _MOMENT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    return entry
