"""Sends generated requests to the challenge's API and checks every answer: 100,000 cases by default.

    python benchmarks/challenge_fuzz.py [--cases 100000] [--seed 1] [--scorers 2] [--database URL]

Makes a challenge on bundled data, starts the web process and the scorers, joins a team, and runs schemathesis on
openapi.json, with a new seed for each round until the cases are reached. It fails on an answer of 500 or more, on a
status, a type or a body that is not documented, on a request without a token that is answered, and on invalid requests
that are accepted.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from challenge_load import Line, free_port, make_challenge, start, until_served

LEFT_OUT = "positive_data_acceptance"  # the schema of a submission names its tables; their own checks know more


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--per-operation", type=int, default=500, help="generated cases per operation and round")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scorers", type=int, default=2)
    parser.add_argument("--database")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "challenge"
        (code,) = make_challenge(folder, 1, options.database)
        port = free_port()
        processes = [start("serve", str(folder), "--port", str(port))]
        processes += [start("score", str(folder), "--workers", str(options.scorers))] if options.scorers else []
        try:
            token = asyncio.run(_join(port, code))
            return _rounds(port, token, Path(place), options)
        finally:
            for each in processes:
                each.terminate()
            for each in processes:
                each.wait(60)


async def _join(port: int, code: str) -> str:
    await until_served(port)
    body = json.dumps({"code": code}).encode()
    status, answer = await Line(port).ask("POST", "/v1/join", {"Content-Type": "application/json"}, body)
    assert status == 201, answer
    return str(json.loads(answer)["token"])


def _rounds(port: int, token: str, place: Path, options: argparse.Namespace) -> int:
    done, seed = 0, options.seed
    program = str(Path(sys.executable).with_name("schemathesis"))
    while done < options.cases:
        report = place / "report.json"
        command = [
            program, "run", f"http://127.0.0.1:{port}/openapi.json", "-H", f"Authorization: Bearer {token}",
            "--phases", "coverage,fuzzing", "--max-examples", str(options.per_operation), "--seed", str(seed),
            "--checks", "all", "--exclude-checks", LEFT_OUT, "--request-timeout", "60", "--max-response-time", "60",
            "--report", "json", "--report-json-path", str(report), "--no-color",
        ]  # fmt: skip
        ran = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        cases = json.loads(report.read_text())["test_cases"]
        done += cases["generated"]
        print(f"seed {seed}: {cases}, {done:,} of {options.cases:,}", flush=True)
        if ran.returncode:
            print(ran.stdout[-8_000:])
            return 1
        seed += 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
