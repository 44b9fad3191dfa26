import json
import os
import subprocess
import sys
import time

import pytest

from statefolio.exceptions import OutputError, StatefolioWarning
from statefolio.loadings.stores.lock import FILE, writing


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "statefolio").mkdir()
    return tmp_path


def test_a_second_writer_is_refused_by_name(folder):
    said = f"which process {os.getpid()} has been writing for 0 seconds"
    with writing(folder), pytest.raises(OutputError, match=said), writing(folder):
        pass
    assert not (folder / FILE).exists()


def test_the_lock_of_an_ended_process_is_taken_over(folder):
    code = "import sys, os; from statefolio.loadings.stores.lock import writing; from pathlib import Path\n"
    code += "with writing(Path(sys.argv[1])): os._exit(1)"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    with pytest.warns(StatefolioWarning, match="which has ended without removing its lock"), writing(folder):
        assert json.loads((folder / FILE).read_text())["process"] == os.getpid()


def test_a_reused_process_number_is_told_apart(folder):
    with writing(folder):
        owner = json.loads((folder / FILE).read_text())
    if owner["began"] is None:
        pytest.skip("this system does not say when a process began")
    (folder / FILE).write_text(json.dumps({**owner, "began": "1"}))
    with pytest.warns(StatefolioWarning, match="has ended"), writing(folder):
        pass


def test_an_owner_on_another_host_is_named(folder):
    owner = {"host": "elsewhere", "process": 7, "began": None, "since": time.time() - 9000}
    (folder / FILE).write_text(json.dumps(owner))
    said = "process 7 on elsewhere has been writing for 2 hours. Wait until it ends, or remove"
    with pytest.raises(OutputError, match=said), writing(folder):
        pass
