"""Runs a hand-written JAX scan over dates for a batch of assets in double precision.

The fastest layout in XLA differs between machines, so that each job times the candidates in its preparation and uses
the fastest. The covariance of an asset is stored

* packed: the 21 different entries as rows of one array, the assets in blocks that stay in cache, the blocks
  one after another or on one thread per core;
* unpacked: the same 21 entries as 21 arrays, which XLA fuses into few loops, all assets at once;
* square: (assets, K, K), all assets at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from work import Work

from peers import Job

jax.config.update("jax_enable_x64", True)
PACKAGE = "jax"
BLOCK = 256
LOG_2PI = float(np.log(2.0 * np.pi))


def gain_and_likelihood(y: Any, forecast: Any, S: Any) -> tuple[Any, Any, Any]:
    """Return the innovation, 1 / S (both zero if y is missing) and the log-likelihood of the date."""
    seen = ~jnp.isnan(y)
    v = jnp.where(seen, y - forecast, 0.0)
    precision = jnp.where(seen, 1.0 / S, 0.0)
    return v, precision, jnp.where(seen, -0.5 * (LOG_2PI + jnp.log(S) + v * v * precision), 0.0)


def packed(X: Any, Y: Any, Q: Any, R: Any, start: Any, store: bool) -> Any:
    K, N = Q.shape
    row, column = np.tril_indices(K)
    place = np.empty((K, K), int)
    place[row, column] = place[column, row] = np.arange(row.size)
    diagonal = np.diag(place)

    def date(carry: Any, seen: Any) -> Any:
        m, P, total = carry
        x, y = seen
        Px = jnp.stack([sum(P[place[i, j]] * x[j] for j in range(K)) for i in range(K)])
        S = jnp.sum(Px * x[:, None], 0) + R
        v, precision, logp = gain_and_likelihood(y, jnp.sum(m * x[:, None], 0), S)
        gain = Px * precision
        m, P = m + gain * v, P - gain[row] * Px[column]
        kept = (m, P[diagonal]) if store else None
        return (m, P.at[diagonal].add(Q), total + logp), kept

    P = jnp.zeros((row.size, N)).at[diagonal].set(start[:, None])
    (_, _, total), kept = lax.scan(date, (jnp.zeros((K, N)), P, jnp.zeros(N)), (X, Y))
    return total, kept


def unpacked(X: Any, Y: Any, Q: Any, R: Any, start: Any, store: bool) -> Any:
    K, N = Q.shape
    pairs = [(i, j) for i in range(K) for j in range(i + 1)]

    def date(carry: Any, seen: Any) -> Any:
        m, entries, total = carry
        x, y = seen
        P = dict(zip(pairs, entries, strict=True))
        Px = [sum(P[max(i, j), min(i, j)] * x[j] for j in range(K)) for i in range(K)]
        S = sum(Px[i] * x[i] for i in range(K)) + R
        v, precision, logp = gain_and_likelihood(y, sum(m[i] * x[i] for i in range(K)), S)
        gain = [a * precision for a in Px]
        m = tuple(m[i] + gain[i] * v for i in range(K))
        P = {(i, j): P[i, j] - gain[i] * Px[j] for i, j in pairs}
        kept = (m, tuple(P[i, i] for i in range(K))) if store else None
        return (m, tuple(P[i, j] + Q[i] if i == j else P[i, j] for i, j in pairs), total + logp), kept

    zero = jnp.zeros(N)
    P = tuple(zero + start[i] if i == j else zero for i, j in pairs)
    (_, _, total), kept = lax.scan(date, ((zero,) * K, P, zero), (X, Y))
    return total, kept


def square(X: Any, Y: Any, Q: Any, R: Any, start: Any, store: bool) -> Any:
    K, N = Q.shape
    step = Q.T[:, :, None] * jnp.eye(K)

    def date(carry: Any, seen: Any) -> Any:
        m, P, total = carry
        x, y = seen
        Px = P @ x
        v, precision, logp = gain_and_likelihood(y, m @ x, Px @ x + R)
        gain = Px * precision[:, None]
        m, P = m + gain * v[:, None], P - gain[:, :, None] * Px[:, None, :]
        kept = (m, jnp.diagonal(P, axis1=1, axis2=2)) if store else None
        return (m, P + step, total + logp), kept

    P = jnp.broadcast_to(jnp.diag(start), (N, K, K))
    (_, _, total), kept = lax.scan(date, (jnp.zeros((N, K)), P, jnp.zeros(N)), (X, Y))
    return total, kept


def whole(layout: Any, work: Work, store: bool) -> Callable[[], Any]:
    arrays = [jnp.asarray(a) for a in (work.X, work.Y, work.Q, work.R, work.start_variance)]
    run = jax.jit(partial(layout, store=store))
    return lambda: jax.block_until_ready(run(*arrays))


def blocks(layout: Any, work: Work, store: bool, threads: int) -> Callable[[], Any]:
    """Split assets into blocks, pad them with unobserved assets, and distribute them among threads."""
    count = -(-work.assets // BLOCK)
    count = -(-count // threads) * threads
    fill = count * BLOCK - work.assets
    Y = np.pad(work.Y, ((0, 0), (0, fill)), constant_values=np.nan)
    Q = np.pad(work.Q, ((0, 0), (0, fill)))
    R = np.pad(work.R, (0, fill), constant_values=1.0)
    by_block = (
        np.ascontiguousarray(Y.reshape(-1, count, BLOCK).swapaxes(0, 1)),
        np.ascontiguousarray(Q.reshape(-1, count, BLOCK).swapaxes(0, 1)),
        R.reshape(count, BLOCK),
    )
    X, start = jnp.asarray(work.X), jnp.asarray(work.start_variance)
    split = (np.split(a, threads) for a in by_block)
    shares = [[jnp.asarray(part) for part in share] for share in zip(*split, strict=True)]
    run = jax.jit(lambda *share: lax.map(lambda block: layout(X, *block, start, store=store), share))
    pool = ThreadPoolExecutor(threads)

    def once() -> Any:
        done = list(pool.map(lambda share: jax.block_until_ready(run(*share)), shares))
        return np.concatenate([total.ravel() for total, _ in done])[: work.assets], [kept for _, kept in done]

    return once


def timed(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def fastest(store: bool, work: Work) -> Callable[[], np.ndarray]:
    cores = len(os.sched_getaffinity(0))
    candidates = {
        "packed, blocks": partial(blocks, packed, work, store, 1),
        f"packed, blocks, {cores} threads": partial(blocks, packed, work, store, cores),
        "unpacked": partial(whole, unpacked, work, store),
        "square": partial(whole, square, work, store),
    }
    best, best_seconds, seen = None, np.inf, []
    for name, make in candidates.items():
        run = make()
        run()
        seconds = min(timed(run) for _ in range(2))
        seen.append(f"{name} {seconds / work.Y.size * 1e9:.0f}")
        if seconds < best_seconds:
            best, best_seconds = run, seconds
    print(f"    jax layouts, ns an asset and date, {'stored' if store else 'nothing stored'}: {'; '.join(seen)}")
    assert best is not None
    return lambda: np.asarray(best()[0])


JOBS = {
    "loglik": Job(partial(fastest, False), 3_072, "hand-batched scan, fastest of four layouts"),
    "filter": Job(partial(fastest, True), 3_072, "hand-batched scan, fastest of four layouts"),
}
