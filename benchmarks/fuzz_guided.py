"""Looks for files that reach new lines of the readers, with atheris: guided by coverage, unlike `fuzz.py`.

    pip install atheris
    python benchmarks/fuzz_guided.py TARGET [-max_total_time=600] [-runs=N] [other options of libFuzzer]

The targets, their first files and what counts as a fault are those of `fuzz.py`. The code that reads files is
instrumented. A fault is written to `fuzz-findings/` and the search continues.
"""

import sys
import tempfile
import warnings
from collections import Counter
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["statefolio.data", "statefolio.commands.studies", "statefolio.loadings"]):
    from fuzz import judge, keep, targets
from fuzz_mutations import TOKENS


def main() -> None:
    name, options = sys.argv[1], sys.argv[2:]
    target, folder = targets()[name], Path(tempfile.mkdtemp())
    (folder / "corpus").mkdir()
    for k, seed in enumerate(target.seeds):
        (folder / "corpus" / str(k)).write_bytes(seed)
    words = ["".join(f"\\x{byte:02x}" for byte in token) for token in TOKENS if len(token) < 50]
    (folder / "words").write_text("".join(f'"{word}"\n' for word in words))
    kinds: Counter[str] = Counter()

    def one_input(content: bytes) -> None:
        wrong = judge(target, content, folder / "input")[:80]
        if wrong and not kinds[wrong]:
            keep(name, {wrong: content})
        kinds[wrong] += 1
        if sum(kinds.values()) % 10_000 == 0:
            print(f"{name}: {sum(kinds.values()):,} inputs, {len(kinds.keys() - {''})} kinds of fault", flush=True)

    warnings.simplefilter("ignore")
    given = [f"-dict={folder / 'words'}", "-max_len=4096", *options, str(folder / "corpus")]
    atheris.Setup([sys.argv[0], *given], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
