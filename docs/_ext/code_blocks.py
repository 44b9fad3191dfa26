"""Runs the code blocks of the prose pages in order, page by page, and compares or updates the output that they show.

    python docs/_ext/code_blocks.py [PAGE.md ...]     writes the output of each block below it

Blocks of `python` share one namespace per page; blocks of `sh` run in the page's temporary folder. A block of `text`
right after one of them is its output. Blocks that need a network, a server or another package are written as
`{code-block}` with the caption "Not run by the tests: REASON", so that readers see it too.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
FENCE = re.compile(r"^(`{3,})(.*?)\n(.*?)^\1[ ]*$", re.MULTILINE | re.DOTALL)
RUN = ("python", "sh")
NOT_RUN = "Not run by the tests"


@dataclass
class Block:
    """A fenced block of a page."""

    language: str
    text: str
    start: int
    end: int


def pages() -> list[Path]:
    """Return the prose pages, in a fixed order."""
    return sorted([*DOCS.glob("*.md"), *DOCS.glob("mathematics/*.md")])


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page."""
    return [Block(m[2].strip(), m[3], m.start(3), m.end(3)) for m in FENCE.finditer(text)]


def unmarked(text: str) -> list[str]:
    """Return code that is neither run nor marked as not run."""
    known = {*RUN, "text", "toml", "json", ""}
    wrong = []
    for block in blocks(text):
        if block.language.startswith("{code-block}"):
            if NOT_RUN not in block.text:
                wrong.append(block.text)
        elif not block.language.startswith("{") and block.language not in known:
            wrong.append(block.text)
    return wrong


def run(text: str, folder: Path) -> list[tuple[Block, str]]:
    """Run the blocks of a page; return each with what it printed."""
    names: dict[str, object] = {"__name__": "__page__"}
    found = []
    with contextlib.chdir(folder):
        for block in blocks(text):
            if block.language == "python":
                found.append((block, _python(block, names)))
            elif block.language == "sh":
                found.append((block, _shell(block)))
    return found


def _python(block: Block, names: dict[str, object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed, warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(?!statefolio)")
        exec(compile(block.text, "page", "exec"), names)
    return printed.getvalue()


def _shell(block: Block) -> str:
    paths = [str(Path(sys.executable).parent), os.environ.get("PATH", "")]
    environment = {**os.environ, "PATH": os.pathsep.join(paths), "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(["bash", "-euc", block.text], capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"{block.text}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def shown(text: str, block: Block) -> Block | None:
    """Return the block of output right after a block."""
    after = [other for other in blocks(text) if other.start > block.end]
    if after and after[0].language == "text" and not text[block.end : after[0].start].replace("text", "").strip("`\n "):
        return after[0]
    return None


def differences(text: str, folder: Path) -> list[tuple[str, str]]:
    """Run a page; return shown and actual output wherever they differ."""
    wrong = []
    for block, printed in run(text, folder):
        output = shown(text, block)
        if output is not None and _stripped(output.text) != _stripped(printed):
            wrong.append((output.text, printed))
    return wrong


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def update(path: Path) -> None:
    """Write the output of each block of a page below it."""
    text = path.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        found = run(text, Path(folder))
    for block, printed in reversed(found):
        output = shown(text, block)
        if output is not None:
            text = text[: output.start] + _stripped(printed) + "\n" + text[output.end :]
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:] or pages():
        update(Path(name).resolve())
        print(name)
