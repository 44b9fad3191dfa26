"""Makes a challenge's folder, and checks its rules and data before it is opened."""

import json
from dataclasses import dataclass
from pathlib import Path

from statefolio._writing import write_whole
from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.rules.settings import example_rules
from statefolio.challenge.scoring.benchmarks import benchmarks
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.scoring.tutorial import make_round, new_seed
from statefolio.exceptions import OutputError

SEED_FILE = "seed.json"


@dataclass(frozen=True)
class Checked:
    """What a round would be.

    Attributes
    ----------
    data : RoundData
        The data, hidden dates included.
    facts : dict
        Facts for the organiser, by name.
    """

    data: RoundData
    facts: dict[str, str]


def init_folder(path: Path, *, tutorial: bool = False) -> Path:
    """Write a commented challenge.toml, which runs on bundled or synthetic data, and return it.

    Raises
    ------
    OutputError
        If there is one already, or the folder cannot be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     file = init_folder(Path(place) / "round")
    ...     file.name, ChallengeFolder(file.parent).rules.tracks
    ('challenge.toml', ['forecast', 'portfolio'])
    """
    file = ChallengeFolder(path).rules_file
    if file.exists():
        raise OutputError(f"{file} exists already. Choose another folder, or edit the file.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path} must be a folder that can be made ({error.strerror}). Choose another.") from error
    write_whole(file, example_rules(tutorial))
    return file


def check_challenge(folder: ChallengeFolder) -> Checked:
    """Read the rules and the data, divide the dates into windows and check the benchmark entries.

    Raises
    ------
    StatefolioError
        If the rules are not valid, or the data are too short or cannot be used.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as place:
    ...     folder = ChallengeFolder(Path(place) / "round")
    ...     file = init_folder(folder.path, tutorial=True)
    ...     check_challenge(folder).facts["assets, factors"]
    '10, 3'
    """
    rules = folder.rules
    data = make_round(rules, folder.path, "" if rules.synthetic is None else secret_seed(folder))
    entries = benchmarks(data.universe)
    windows, market = data.windows, data.market
    factors = () if market.factors is None else market.factors.columns
    facts = {
        "challenge": rules.challenge.name,
        "tracks": ", ".join(rules.tracks),
        "assets, factors": f"{len(market.assets)}, {len(factors)}",
        "public dates": f"until {windows.public_last:%Y-%m-%d}",
        "benchmark entries": ", ".join(entries[track].name for track in rules.tracks if track in entries),
    }
    for name in ("validation", "final"):
        window = windows.of(name)
        facts[name] = f"{window.first:%Y-%m-%d} to {window.last:%Y-%m-%d}"
    if data.left_out:
        facts["left out"] = f"{len(data.left_out)} assets without a return on a public date"
    for name, when in (("opens", rules.schedule.opens), ("closes", rules.schedule.closes)):
        facts[name] = f"{when:%Y-%m-%d %H:%M:%S} UTC" if when else f"when the organiser {name[:-1]}s it"
    return Checked(data, facts)


def secret_seed(folder: ChallengeFolder) -> str:
    """Return the secret seed of synthetic data; makes it the first time."""
    file = folder.hidden / SEED_FILE
    if not file.exists():
        make_hidden(folder)
        write_whole(file, json.dumps({"seed": new_seed()}), private=True)
    return str(json.loads(file.read_text(encoding="utf-8"))["seed"])


def make_hidden(folder: ChallengeFolder) -> None:
    """Make the hidden folder, for its owner alone."""
    try:
        folder.hidden.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.hidden.chmod(0o700)
    except OSError as error:
        raise OutputError(f"{folder.hidden} must be a folder that can be made ({error.strerror}).") from error
