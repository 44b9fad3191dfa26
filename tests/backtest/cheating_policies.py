"""Policies that know the next return of each asset, each hidden in another place, and honest policies beside them.

A process can import this module: its globals are then computed anew.
"""

import builtins
import contextvars
import ctypes
import functools
import gc
import importlib
import json
import os
import pickle
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections import deque
from pathlib import Path

import numba
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator

import statefolio as sf
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.portfolio.optimisation.objectives import MinimumVariance
from statefolio.portfolio.policies.model_policy import ModelPolicy
from statefolio.risk.factor_risk import FactorRisk

RETURNS = sf.load_demo().returns.iloc[:300, :6]
NAMES = list(RETURNS.columns)
BEST = RETURNS.shift(-1).fillna(0.0).idxmax(axis=1)  # the asset with the highest next return
BY_TEXT = {f"{date:%Y-%m-%d}": best for date, best in BEST.items()}
JSON = json.dumps(BY_TEXT)
UNDATED = json.dumps({str(n): best for n, best in enumerate(BEST) if n > 9})  # no dates, and not as many as there are


class Cheats:
    """Buys what `best` returns for a history."""

    def __init__(self, **kept):
        self.__dict__.update(kept)

    def decide(self, history, holdings):
        return {self.best(history): 1.0}


def row(history):
    return len(history.returns) - 1


def on(history):
    return f"{history.date:%Y-%m-%d}"


# Carried by the policy


class Frame(Cheats):
    def best(self, history):
        return self.kept.iloc[min(row(history) + 1, 299)].idxmax()


class Numbers(Cheats):
    def best(self, history):
        return NAMES[int(np.argmax(np.asarray(self.kept)[min(row(history) + 1, 299)]))]


class Across(Cheats):
    def best(self, history):
        return NAMES[int(np.argmax(self.kept[:, min(row(history) + 1, 299)]))]


class Nested(Cheats):
    def best(self, history):
        return self.kept["deep"][0]["er"].iloc[min(row(history) + 1, 299)].idxmax()


class ByDate(Cheats):
    def best(self, history):
        return self.kept[history.date]


class ByText(Cheats):
    def best(self, history):
        return self.kept[on(history)]


class ByNumber(Cheats):
    def best(self, history):
        return self.kept[row(history)]


class ByLetter(Cheats):
    def best(self, history):
        return NAMES[int(self.kept[row(history)])]


class InJson(Cheats):
    def best(self, history):
        return json.loads(self.kept)[on(history)]


class OfMarket(Cheats):
    def best(self, history):
        return self.kept.returns.iloc[min(row(history) + 1, 299)].idxmax()


class Called(Cheats):
    def best(self, history):
        return self.kept(row(history))


class Slots:
    __slots__ = ("kept",)

    def __init__(self, kept):
        self.kept = kept

    def decide(self, history, holdings):
        return {self.kept.iloc[row(history)]: 1.0}


class InClass(Cheats):
    kept = BEST

    def best(self, history):
        return self.kept.iloc[row(history)]


class InClassAsText(Cheats):
    kept = JSON

    def best(self, history):
        return json.loads(self.kept)[on(history)]


class SetOnClass(Cheats):
    """Its picks are set at run time."""

    def best(self, history):
        return json.loads(self.picks)[str(row(history))]


class OnFunction(Cheats):
    def best(self, history):
        return OnFunction.best.picks[row(history)]


def closure():
    picks = BEST.tolist()

    class Closes(Cheats):
        def best(self, history):
            return picks[row(history)]

    return Closes()


def pick(number, among):
    return among[number]


def look(number):
    return BEST.iloc[number]


@functools.lru_cache
def remembered(number):
    return PICKS[number]


PICKS = BEST.tolist()


# Named by its code


class Global(Cheats):
    def best(self, history):
        return BEST.iloc[row(history)]


class GlobalInside(Cheats):
    def best(self, history):
        return next(best for number, best in enumerate(BEST) if number == row(history))


class Default(Cheats):
    def best(self, history, *, picks=BEST):
        return picks.iloc[row(history)]


class Property(Cheats):
    @property
    def picks(self):
        return BEST

    def best(self, history):
        return self.picks.iloc[row(history)]


class Helper(Cheats):
    def best(self, history):
        return look(row(history))


class Imports(Cheats):
    def best(self, history):
        from cheating_policies import BEST as BORROWED

        return BORROWED.iloc[row(history)]


class ImportsByText(Cheats):
    def best(self, history):
        return importlib.import_module("cheating_policies").BEST.iloc[row(history)]


# Found in the process


class GlobalByText(Cheats):
    def best(self, history):
        return globals()["BE" + "ST"].iloc[row(history)]


class Modules(Cheats):
    def best(self, history):
        return vars(sys.modules[type(self).__module__])["BE" + "ST"].iloc[row(history)]


class Collected(Cheats):
    def best(self, history):
        lists = (it for it in gc.get_objects() if isinstance(it, list) and len(it) == 300)
        return next(it for it in lists if it[0] in NAMES)[row(history)]


class Stack(Cheats):
    def best(self, history):
        frame = sys._getframe()
        while "secret" not in frame.f_locals:
            frame = frame.f_back
        return frame.f_locals["secret"].iloc[row(history)]


class Weak(Cheats):
    def best(self, history):
        return self.kept().iloc[row(history)]


class Builtin(Cheats):
    def best(self, history):
        return builtins.FUTURE[row(history)]


class OnLibrary(Cheats):
    def best(self, history):
        return np.future_picks[row(history)]


LOCAL, CONTEXT = threading.local(), contextvars.ContextVar("picks")


class InContext(Cheats):
    def best(self, history):
        (context,) = [it for it in contextvars.copy_context() if it.name == "picks"]
        return contextvars.copy_context()[context][row(history)]


class Address(Cheats):
    def best(self, history):
        return ctypes.cast(int(self.kept), ctypes.py_object).value[row(history)]


class Environment(Cheats):
    def best(self, history):
        return json.loads(os.environ["PICKS"])[on(history)]


# Read from outside


class Opens(Cheats):
    def best(self, history):
        with open(self.kept, encoding="utf-8") as file:  # noqa: PTH123
            return json.load(file)[on(history)]


class ReadsText(Cheats):
    def best(self, history):
        return json.loads(Path(self.kept).read_text(encoding="utf-8"))[on(history)]


class ReadsCsv(Cheats):
    def best(self, history):
        return pd.read_csv(self.kept, index_col=0).iloc[row(history), 0]


class Loads(Cheats):
    def best(self, history):
        return NAMES[int(np.load(self.kept)[row(history)])]


class Maps(Cheats):
    def best(self, history):
        return NAMES[int(np.load(self.kept, mmap_mode="r")[row(history)])]


class FromFile(Cheats):
    def best(self, history):
        return NAMES[int(np.fromfile(self.kept, dtype=np.int64)[row(history)])]


class Unpickles(Cheats):
    def best(self, history):
        return pickle.loads(Path(self.kept).read_bytes()).iloc[row(history)]


class Parquet(Cheats):
    def best(self, history):
        return pd.read_parquet(self.kept)["best"].iloc[row(history)]


class Queries(Cheats):
    def best(self, history):
        with sqlite3.connect(self.kept) as data:
            return data.execute("select best from picks where number = ?", [row(history)]).fetchone()[0]


class Starts(Cheats):
    def best(self, history):
        code = f"import pathlib; print(pathlib.Path({self.kept!r}).read_text())"
        said = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True).stdout
        return json.loads(said)[on(history)]


def carried():
    """Return cheats whose data travel with the policy, or that its code names."""
    OnFunction.best.picks = PICKS
    return {
        "a frame": Frame(kept=RETURNS.copy()),
        "a frame in a frame of containers": Nested(kept={"deep": [{"er": RETURNS.copy()}]}),
        "a series in slots": Slots(BEST),
        "an array": Numbers(kept=RETURNS.to_numpy().copy()),
        "an array by asset": Across(kept=RETURNS.to_numpy().T.copy()),
        "nested lists": Numbers(kept=RETURNS.to_numpy().tolist()),
        "a list": ByNumber(kept=PICKS),
        "a deque": ByNumber(kept=deque(PICKS)),
        "picks by date": ByDate(kept=BEST.to_dict()),
        "picks by the text of the date": ByText(kept=BY_TEXT),
        "picks by number": ByNumber(kept=dict(enumerate(PICKS))),
        "one letter per date": ByLetter(kept="".join(str(NAMES.index(best)) for best in PICKS)),
        "text": InJson(kept=JSON),
        "a market": OfMarket(kept=sf.Market(RETURNS)),
        "a partial": Called(kept=functools.partial(pick, among=PICKS)),
        "a function": Called(kept=look),
        "a bound method": Called(kept=PICKS.__getitem__),
        "a cached function": Called(kept=remembered),
        "a closure": closure(),
        "an attribute of the class": InClass(),
        "text on the class": InClassAsText(),
        "an attribute of a function": OnFunction(),
        "a global": Global(),
        "a global in a comprehension": GlobalInside(),
        "a default": Default(),
        "a property": Property(),
        "a helper": Helper(),
        "an import": Imports(),
        "an import by text": ImportsByText(),
        "globals()": GlobalByText(),
    }


def in_process():
    """Return cheats whose data lie in the memory of this process."""
    builtins.FUTURE = np.future_picks = PICKS
    CONTEXT.set(PICKS)
    os.environ["PICKS"] = JSON
    SetOnClass.picks = UNDATED
    return {
        "text set on the class": SetOnClass(),
        "sys.modules": Modules(),
        "the garbage collector": Collected(),
        "the stack": Stack(),
        "a weak reference": Weak(kept=weakref.ref(BEST)),
        "a builtin": Builtin(),
        "an attribute of a library": OnLibrary(),
        "a context": InContext(),
        "an address": Address(kept=str(id(PICKS))),
        "an environment variable": Environment(),
    }


def outside(folder):
    """Write the picks to files, and return cheats that read them while they decide."""
    folder = Path(folder)
    places = np.array([NAMES.index(best) for best in PICKS])
    (folder / "picks.json").write_text(JSON, encoding="utf-8")
    BEST.to_csv(folder / "picks.csv")
    np.save(folder / "picks.npy", places)
    places.astype(np.int64).tofile(folder / "picks.bin")
    (folder / "picks.pickle").write_bytes(pickle.dumps(BEST))
    BEST.rename("best").to_frame().to_parquet(folder / "picks.parquet")
    with sqlite3.connect(folder / "picks.db") as data:
        data.execute("create table picks (number integer, best text)")
        data.executemany("insert into picks values (?, ?)", enumerate(PICKS))
    data.close()
    return {
        "open": Opens(kept=str(folder / "picks.json")),
        "a path in the working folder": Opens(kept=os.path.relpath(folder / "picks.json")),
        "read_text": ReadsText(kept=folder / "picks.json"),
        "read_csv": ReadsCsv(kept=str(folder / "picks.csv")),
        "np.load": Loads(kept=str(folder / "picks.npy")),
        "a mapped file": Maps(kept=str(folder / "picks.npy")),
        "np.fromfile": FromFile(kept=str(folder / "picks.bin")),
        "a pickle": Unpickles(kept=folder / "picks.pickle"),
        "a table of pandas": Parquet(kept=str(folder / "picks.parquet")),
        "a database": Queries(kept=str(folder / "picks.db")),
        "another program": Starts(kept=str(folder / "picks.json")),
    }


# Honest


class Equal:
    def decide(self, history, holdings):
        return pd.Series(1.0 / len(history.active), index=history.active)


class Momentum(BaseEstimator):
    def __init__(self, window=20, score=None):
        self.window, self.score = window, score

    def decide(self, history, holdings):
        past = history.returns[history.active].iloc[-self.window :]
        score = past.sum() if self.score is None else self.score(past)
        return {score.idxmax(): 1.0}


class Seeded(BaseEstimator):
    def __init__(self, random_state=0):
        self.random_state = random_state

    def decide(self, history, holdings):
        draw = np.random.default_rng([self.random_state, len(history.returns)])
        return pd.Series(draw.dirichlet(np.ones(len(history.active))), index=history.active)


class Remembers:
    """Has state: it counts its decisions and keeps past weights by date."""

    def __init__(self):
        self.weights, self.draw = {}, np.random.default_rng(3)

    def decide(self, history, holdings):
        self.weights[history.date] = pd.Series(self.draw.dirichlet(np.ones(len(history.active))), history.active)
        return sum(self.weights.values()) / len(self.weights)


class Writes:
    """Keeps a scratch file while it decides."""

    def decide(self, history, holdings):
        import tempfile

        with tempfile.TemporaryDirectory() as folder:
            history.returns.to_csv(Path(folder) / "past.csv")
            past = pd.read_csv(Path(folder) / "past.csv", index_col=0)
        return {past.tail(20).sum().idxmax(): 1.0}


class Switches:
    """Knows that its rule has changed on a date, and the names of two assets."""

    since = "2014-06-30"

    def decide(self, history, holdings):
        return {"AAPL" if history.date < pd.Timestamp(self.since) else NAMES[1]: 1.0}


def calmest(window):
    def score(past):
        return -past.tail(window).std()

    return score


LOCK = threading.Lock()


class Locks:
    """Names a global that cannot be pickled, so that the new process must import it."""

    def decide(self, history, holdings):
        with LOCK:
            return {history.returns.tail(20).sum().idxmax(): 1.0}


@numba.njit(cache=True)
def last(values):
    return values[-1].argmax()


class Compiled:
    def decide(self, history, holdings):
        return {NAMES[last(history.returns.to_numpy())]: 1.0}


class OwnModel(ModelPolicy):
    """A class of the user whose parts are of the library."""


def honest():
    """Return policies that know the history alone."""
    risk = FactorRisk(KalmanLoadings(), residual_structure=None)
    return {
        "a model": OwnModel(MinimumVariance(), risk),
        "equal": Equal(),
        "momentum": Momentum(),
        "a lambda": Momentum(score=lambda past: past.mean() / past.std()),
        "a closure over a number": Momentum(score=calmest(10)),
        "seeded": Seeded(random_state=7),
        "remembers": Remembers(),
        "writes": Writes(),
        "switches": Switches(),
        "a lock": Locks(),
        "compiled": Compiled(),
        "counts": Momentum(score=functools.partial(pd.DataFrame.sum, skipna=True)),
    }
