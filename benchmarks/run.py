"""Compares statefolio with its peers on the same work in one run.

    python benchmarks/run.py [--quick] [--jobs loglik filter ...] [--peers jax ...] [--repeats 5]

Prints a table of jobs and libraries and writes it to benchmarks/results/latest.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import warnings
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import ours
import peers
import scaling
from measure import Entry, measure, numpy_fill
from work import ASSETS, Work, make_work

OURS = "statefolio"
LATEST = Path(__file__).parent / "results" / "latest.md"
# Description and statefolio function of each job.
JOBS: dict[str, tuple[str, Callable[[Work], Any]]] = {
    "loglik": ("log-likelihood of the panel, nothing stored", ours.loglik),
    "filter": ("filtered means and variances stored", ours.filter_stored),
    "default": ("the default model, hyper-parameters held, stored", ours.default_stored),
    "smoother": ("smoothed means and variances stored", ours.smoother),
    "maximum likelihood": ("exact-diffuse maximum likelihood of every asset", ours.maximum_likelihood),
    "default loglik": ("log-likelihood of the default model, nothing stored", ours.default_loglik),
    "pooled tuning": ("pooled tuning of the default model", ours.pooled_tuning),
    "new day": ("one new date by `partial_fit`", ours.new_day),
}
FILL = "NumPy fill"
# Ratios of statefolio's own jobs: (name, job, denominator).
WITHIN = [
    ("default model, in Gaussian filters", "default", "filter"),
    ("smoother, in filters", "smoother", "filter"),
    ("pooled tuning, in log-likelihoods of the default model", "pooled tuning", "default loglik"),
    ("fitting again, in new days", "filter", "new day"),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="512 assets, two repeats, small sizes in the scaling section"
    )
    parser.add_argument("--jobs", nargs="+", choices=[*JOBS, "scaling"], default=[*JOBS, "scaling"], metavar="JOB")
    parser.add_argument("--peers", nargs="*", choices=peers.NAMES, default=list(peers.NAMES), metavar="PEER")
    parser.add_argument("--repeats", type=int, help="default 5, with --quick 2")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="tensorflow_probability|jax|statsmodels")

    work = make_work(512 if options.quick else ASSETS)
    repeats = options.repeats or (2 if options.quick else 5)
    before = os.getloadavg()[0]
    if before > 0.5:
        print(f"Load is {before:.1f}: others are computing here, and entries that use all cores suffer most.")
    modules, versions = load_peers(options.peers)
    lines = [*heading(work, repeats, versions)]
    table: dict[str, list[Entry]] = {}
    for job in [job for job in JOBS if job in options.jobs]:
        print(f"\n{job}: {JOBS[job][0]}", flush=True)
        table[job] = entries_of(job, modules, work)
        measure(table[job], work, repeats)
    lines += [
        f"Load of the machine: {before:.1f} processes before, {os.getloadavg()[0]:.1f} on average at the end.",
        "",
    ]
    lines += tables(table)
    if "scaling" in options.jobs:
        print("\nscaling", flush=True)
        lines += scaling.table([100, 1_000] if options.quick else scaling.SIZES)

    text = "\n".join(lines) + "\n"
    LATEST.parent.mkdir(exist_ok=True)
    LATEST.write_text(text, encoding="utf-8")
    print(f"\n{text}\nWritten to benchmarks/results/{LATEST.name}.")


def load_peers(names: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    modules, versions = {}, {}
    for name in names:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            module, version = peers.load(name)
        if module is None:
            print(f"{name}: SKIPPED, {version}", flush=True)
        else:
            modules[name], versions[name] = module, version
    return modules, versions


def entries_of(job: str, modules: dict[str, Any], work: Work) -> list[Entry]:
    _, our_function = JOBS[job]

    def prepare_ours(part: Work) -> Callable[[], Any]:
        return lambda: our_function(part)

    entries = [Entry(OURS, job, prepare_ours, work.assets)]
    if job == "filter":
        entries.append(Entry(FILL, job, numpy_fill, work.assets, note="new arrays as large as the outputs"))
    for name, module in modules.items():
        if job in module.JOBS:
            peer = module.JOBS[job]
            entries.append(Entry(name, job, peer.prepare, peer.assets, peer.missing, peer.note))
    return entries


def heading(work: Work, repeats: int, versions: dict[str, str]) -> list[str]:
    for name in (OURS, "numpy", "numba"):
        try:
            versions = {name: metadata.version(name), **versions}
        except metadata.PackageNotFoundError:
            continue
    return [
        f"{work.assets:,} assets x {work.dates:,} days, K = {work.states}, random walk, "
        f"{np.isnan(work.Y).mean():.1%} of returns missing. Medians of up to {repeats} interleaved repeats.",
        f"{processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
    ]


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def tables(table: dict[str, list[Entry]]) -> list[str]:
    lines = [
        "| job | library | ns an asset and date | of CPU | ratio to statefolio | assets | remark |",
        "| --- | --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for job, entries in table.items():
        own = next((e for e in entries if e.library == OURS), None)
        for entry in entries:
            if entry.skipped:
                lines.append(f"| {job} | {entry.library} | skipped | | | | {entry.skipped} |")
                continue
            ratio = f"{entry.nanoseconds / own.nanoseconds:,.1f}" if own and own.seconds else "-"
            remark = "; ".join(
                filter(None, [entry.note, likelihood_gap(own, entry) if job == "maximum likelihood" else ""])
            )
            lines.append(
                f"| {job} | {entry.library} | {entry.nanoseconds:,.1f} | {entry.processor_nanoseconds:,.1f} "
                f"| {ratio} | {entry.assets:,} | {remark} |"
            )

    first = {job: entries[0] for job, entries in table.items()}
    lines += ["", "| within statefolio | ratio |", "| --- | ---: |"]
    for what, job, unit in WITHIN:
        if job in first and unit in first and first[job].seconds and first[unit].seconds:
            lines.append(f"| {what} | {first[job].median / first[unit].median:,.2f} |")
        else:
            lines.append(f"| {what} | - |")
    return lines


def likelihood_gap(own: Entry | None, peer: Entry) -> str:
    """Compare statefolio's maximum log-likelihoods with the peer's on the peer's assets."""
    if own is None or own.result is None or peer is own or peer.result is None:
        return ""
    theirs = np.asarray(peer.result)
    gain = np.asarray(own.result)[: theirs.size] - theirs
    return f"statefolio's maximum less this one's: least {np.nanmin(gain):+.1e}, most {np.nanmax(gain):+.1e}"


if __name__ == "__main__":
    main()
