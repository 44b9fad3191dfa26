"""Measures time and peak memory of statefolio by the number of assets, each size in a separate process.

Peak memory is the increase over the memory just before the job, so that imports, compiled code, the simulated panel and
its DataFrames do not count. Outputs are the results that `fit` stores: filtered means and variances, innovations and
their variances. The rest is working memory.

python benchmarks/scaling.py JOB ASSETS     one measurement, printed as JSON
"""

from __future__ import annotations

import contextlib
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import ours
from work import make_work

SIZES = [100, 300, 1_000, 3_000, 10_000, 30_000]
JOBS = {"loglik": ours.loglik, "filter": ours.filter_stored}
WARM_UP_ASSETS = 64
GIB = 2.0**30


def table(sizes: list[int]) -> list[str]:
    lines = [
        "",
        "| job | assets | seconds | ns an asset and date | peak memory over the input, GiB | outputs, GiB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for job in JOBS:
        for assets in sizes:
            got = measured_apart(job, assets)
            if "skipped" in got:
                print(f"    {job}, {assets:,} assets: SKIPPED, {got['skipped']}", flush=True)
                lines.append(f"| {job} | {assets:,} | skipped | | | {got['skipped']} |")
                break
            line = (
                f"| {job} | {assets:,} | {got['seconds']:.3g} | {got['seconds'] / got['cells'] * 1e9:.1f} "
                f"| {got['peak'] / GIB:.2f} | {got['outputs'] / GIB:.2f} |"
            )
            print(f"    {line}", flush=True)
            lines.append(line)
    return lines


def measured_apart(job: str, assets: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), job, str(assets)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        reason = done.stderr.strip().splitlines()[-1:] or [f"ended with code {done.returncode}"]
        return {"skipped": reason[0]}
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def one(job: str, assets: int) -> dict[str, Any]:
    """Warm up on few assets; return the better time of two runs and the peak memory of the first."""
    run = JOBS[job]
    try:
        run(make_work(WARM_UP_ASSETS))
    except NotImplementedError as error:
        return {"skipped": str(error)}
    work = make_work(assets)
    ours.frames(work)
    forget_peak()
    before = peak_bytes()
    seconds, peak = [], 0
    for _ in range(2):
        started = time.perf_counter()
        run(work)
        seconds.append(time.perf_counter() - started)
        peak = peak or peak_bytes() - before
    outputs = 2 * work.dates * work.assets * (work.states + 1) * 8 if job == "filter" else 0
    return {"seconds": min(seconds), "cells": work.Y.size, "peak": peak, "outputs": outputs}


def forget_peak() -> None:
    """Reset the kernel's peak memory to the current memory; systems without this keep earlier peaks."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_bytes() -> int:
    """Return the peak memory of this process, from the kernel if possible: `ru_maxrss` starts at the parent's."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    print(json.dumps(one(sys.argv[1], int(sys.argv[2]))))
