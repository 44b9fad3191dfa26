"""Starting: what is refused at once, and scorers that cannot work. The whole tutorial runs in the first ten minutes."""

import socket

import numpy as np
import pytest

from statefolio.challenge.folder import ChallengeFolder
from statefolio.challenge.organiser.serving import check_ready, run_tutorial, score_challenge
from statefolio.challenge.scoring.round_data import RoundData
from statefolio.challenge.store.errors import RoundStateError
from statefolio.exceptions import InputError


def test_a_port_that_is_taken_is_said_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(InputError, match="--port must be free"):
        run_tutorial(tmp_path / "tutorial", print, port=taken.getsockname()[1])
    assert not (tmp_path / "tutorial").exists()


def test_scorers_that_cannot_work_are_not_started_again(folder, monkeypatch, capfd):
    data = RoundData.load(folder.data_file)
    market = data.market
    RoundData(type(market)(market.returns * np.nextafter(1.0, 2.0), market.factors), data.windows).save(
        folder.data_file
    )
    with pytest.raises(InputError, match="all refused"):
        score_challenge(folder, 1, print)
    assert "the data were changed" in capfd.readouterr().err


def test_rules_that_were_changed_stop_the_service(folder):
    text = folder.rules_file.read_text()
    folder.rules_file.write_text(text.replace("weight = 0.1", "weight = 0.2"))
    with pytest.raises(RoundStateError, match=r"\[gates\] of challenge.toml"):
        check_ready(ChallengeFolder(folder.path))
    folder.rules_file.write_text(text.replace("port = 8000", "port = 8001").replace("port = 8_000", "port = 8_001"))
    assert check_ready(ChallengeFolder(folder.path)).server.port in (8000, 8001)
