"""The description of the API: every error is in it, and generated requests get documented answers alone."""

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from statefolio.challenge.rules.settings import example_rules

CASES = 3
"""Generated cases per operation and mode."""
CHECKS_LEFT_OUT = "positive_data_acceptance"
"""The schema of a submission names its tables; the study file's own checks know more."""


def test_every_operation_documents_its_errors_as_problems(scene):
    with scene.client() as client:
        described = client.get("/openapi.json").json()
    operations = [
        (path, method, each) for path, methods in described["paths"].items() for method, each in methods.items()
    ]
    assert len(operations) == 13
    for path, _, operation in operations:
        assert path.startswith("/v1/")
        answers = operation["responses"]
        assert {"400", "413", "500", "503"} <= set(answers), path
        for status, answer in answers.items():
            if not status.startswith("2"):
                assert list(answer["content"]) == ["application/problem+json"], (path, status)
        if operation.get("security") == [{"token": []}]:
            assert "401" in answers
    assert "Retry-After" in described["paths"]["/v1/submissions"]["post"]["responses"]["429"]["headers"]


@pytest.fixture
def busy(make_scene):
    """A challenge with generous limits, whose queue is scored all the time."""
    text = example_rules().replace("per_day = 5", "per_day = 100_000").replace("per_round = 150", "per_round = 100_000")
    scene = make_scene(text=text)
    over = threading.Event()

    def keep_scoring():
        while not over.wait(0.05):
            with scene.store.reading() as conn:
                waiting = conn.exec_driver_sql("SELECT count(*) FROM submissions WHERE state = 'queued'").scalar()
            if waiting:
                scene.score(1.0)

    thread = threading.Thread(target=keep_scoring)
    thread.start()
    yield scene
    over.set()
    thread.join()


def test_generated_requests_get_documented_answers(busy, tmp_path):
    program = Path(sys.executable).with_name("schemathesis")
    if not program.exists() and shutil.which("schemathesis") is None:
        pytest.skip("schemathesis is not installed, so no requests were generated")
    _, token = busy.join("Nordlys")
    report = tmp_path / "report.json"
    with busy.client() as client:
        done = subprocess.run(
            [
                str(program), "run", f"http://127.0.0.1:{client.port}/openapi.json",
                "-H", f"Authorization: Bearer {token}",
                "--phases", "coverage,fuzzing", "--max-examples", str(CASES), "--seed", "1",
                "--checks", "all", "--exclude-checks", CHECKS_LEFT_OUT, "--request-timeout", "60",
                "--max-response-time", "60",
                "--report", "json", "--report-json-path", str(report), "--no-color",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:]
    assert json.loads(report.read_text())["test_cases"]["generated"] >= 200
