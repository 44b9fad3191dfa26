"""The short form of benchmarks/challenge_kills.py: nothing is lost, scored twice or stuck after kill -9."""

import importlib.util
import socket
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "challenge_kills.py"


@pytest.fixture(scope="module")
def kills():
    spec = importlib.util.spec_from_file_location("challenge_kills", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_scorers_and_web_process_killed_at_random_instants(kills, url):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = "sqlite" if url.startswith("sqlite") else url
    found = kills.run(where, instants=8, pause=0.3, port=port, lease=2.0, seed=3)
    assert found.clean, str(found)
    assert found.acknowledged > 5
    assert sum(found.kills.values()) == 8
    assert max(found.recovery, default=0.0) < 30.0
