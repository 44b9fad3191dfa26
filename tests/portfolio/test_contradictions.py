"""Random limits are refused where a mixed-integer program finds no weights for any market, and only there."""

import itertools
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp

from statefolio.exceptions import InputError, StatefolioWarning
from statefolio.portfolio.constraints import Constraints

NETS = (1.0, (0.0, 1.0), (-0.5, 0.5), -0.4, (None, 0.3), 0.5, (0.7, None), 0.0, 1.4)
GROUP_NETS = ((0.0, 0.3), (0.4, None), (None, -0.2), (0.2, 0.2), (0.1, 0.5), (None, 0.25), (-0.3, -0.1))


def ends(between):
    least, most = between if isinstance(between, tuple) else (between, between)
    return -np.inf if least is None else least, np.inf if most is None else most


def draw_limits(seed):
    rng = np.random.default_rng(seed)
    names = list("abc")[: rng.integers(1, 4)]
    options = {"lower": -rng.choice([0.0, 0.1, 0.3, 0.6]), "upper": rng.choice([0.1, 0.2, 0.3, 0.6, 1.0])}
    if rng.random() < 0.5:
        options["lower"] = {name: rng.choice([-0.5, 0.0, 0.0, 0.1, 0.3, 0.5]) for name in names}
        options["upper"] = {name: low + rng.choice([0.0, 0.1, 0.3, 0.8]) for name, low in options["lower"].items()}
    options["net"] = NETS[rng.integers(len(NETS))]
    if rng.random() < 0.4:
        options["gross"] = rng.choice([0.3, 0.6, 1.0, 1.5])
    if rng.random() < 0.5:
        options["max_holdings"] = int(rng.integers(1, 4))
    if rng.random() < 0.5:
        options["groups"] = pd.Series({name: str(rng.choice(["x", "y"])) for name in names})
        drawn = {group: GROUP_NETS[rng.integers(len(GROUP_NETS))] for group in sorted(set(options["groups"]))}
        options["group_limits"] = {group: between for group, between in drawn.items() if rng.random() < 0.8}
    return names, options


def has_weights(assets, options):
    """Whether some weights of these assets satisfy the limits. Variables: weight, its size, whether it is held."""
    count, zeros, ones = len(assets), np.zeros(len(assets)), np.ones(len(assets))
    lower, upper = (
        [bound.get(asset, other) if isinstance(bound, dict) else bound for asset in assets]
        for bound, other in ((options["lower"], 0.0), (options["upper"], 1.0))
    )
    one, none = np.eye(count), np.zeros((count, count))
    rows = [LinearConstraint(np.hstack(row), -np.inf, 0.0)
            for row in ([one, -one, none], [-one, -one, none], [none, one, -9.0 * one])]  # fmt: skip
    rows.append(LinearConstraint(np.r_[ones, zeros, zeros], *ends(options["net"])))
    rows.append(LinearConstraint(np.r_[zeros, ones, zeros], 0.0, options.get("gross", np.inf)))
    rows.append(LinearConstraint(np.r_[zeros, zeros, ones], 0.0, options.get("max_holdings", np.inf)))
    for group, between in options.get("group_limits", {}).items():
        member = np.array([options["groups"].get(asset) == group for asset in assets], dtype=float)
        rows.append(LinearConstraint(np.r_[member, zeros, zeros], *ends(between)))
    bounds = Bounds(np.r_[lower, zeros, zeros], np.r_[upper, 9.0 * ones, ones])
    return milp(np.zeros(3 * count), constraints=rows, integrality=np.r_[zeros, zeros, ones], bounds=bounds).success


def answer(options):
    with warnings.catch_warnings():
        warnings.simplefilter("error", StatefolioWarning)
        try:
            Constraints(**options)
        except InputError:
            return "refused"
        except StatefolioWarning:
            return "warned"
    return "accepted"


@pytest.mark.parametrize("first", range(0, 240, 40))
def test_limits_are_refused_where_no_market_has_weights_and_only_there(first):
    for seed in range(first, first + 40):
        names, options = draw_limits(seed)
        found = answer(options)
        if any(has_weights([*names, *range(more)], options) for more in (0, 12)):
            assert found == "accepted", options
        elif found == "accepted":  # then some of the named assets, and others, satisfy the limits
            parts = [part for count in range(len(names)) for part in itertools.combinations(names, count)]
            assert any(has_weights([*part, *range(12)], options) for part in parts), options


def test_the_advised_net_weight_is_the_nearest_that_holds():
    advised = 0
    for seed in range(400):
        options = draw_limits(seed)[1]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", StatefolioWarning)
                Constraints(**options)
        except InputError as error:
            advice = re.search(r"at (least|most) (\S+)\. Pass e\.g\. net=(\S+),", str(error))
            if advice:
                advised += 1
                net = float(advice[3])
                assert float(advice[2]) == net
                least, most = ends(options["net"])
                assert most < net if advice[1] == "least" else least > net
                if answer(options | {"net": (None, None)}) != "refused":
                    assert answer(options | {"net": net}) != "refused", (options, net)
                beyond = net - 1e-3 if advice[1] == "least" else net + 1e-3
                assert answer(options | {"net": beyond}) == "refused", (options, net)
    assert advised > 20
