"""Writes the API reference from the public names: one page per task with a table, and one page per name.

A namespace's `__all__` is the list of its names. A name that no group below mentions goes to the group "Others", so
that a new public name is in the reference without a change here.
"""

import inspect
from importlib import import_module
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

TASKS: dict[str, tuple[str, str]] = {
    "data": ("Read and check data", "Files as vendors write them, bundled data, downloads; returns from prices."),
    "factors": (
        "Build and choose factors",
        "Observed, statistical and characteristic factors; the choice among them.",
    ),
    "loadings": (
        "Estimate loadings",
        "Loadings that move through time, with error bands; least-squares models to compare.",
    ),
    "diagnostics": ("Test a factor model", "The four ways in which a factor model fails, each with a test."),
    "validation": ("Compare models out of sample", "Scores, tests of their differences, calibration."),
    "risk": (
        "Forecast and attribute risk",
        "Covariances from loadings and their uncertainty; contributions to risk.",
    ),
    "portfolio": ("Find weights", "Views, objectives, constraints and risk budgets."),
    "backtest": ("Back-test and judge a strategy", "Accounts with costs; look-ahead checks; tests for luck."),
    "pairs": ("Trade cointegrated baskets", "Hedges, verdicts, screens and walk-forward tests."),
    "report": ("Draw and report", "Figures, tear sheets and self-contained HTML reports."),
    "adapters": ("Use skfolio", "Priors, loading matrices and characteristic factors for skfolio's estimators."),
}
GROUPS: dict[str, dict[str, list[str]]] = {
    "portfolio": {
        "Objectives": [
            "MinimumVariance", "Utility", "MaximumSharpe", "FractionalKelly", "RiskBudget", "FactorRiskBudget",
        ],
        "Constraints": ["Constraints"],
        "Views": ["KalmanMean", "FactorPremia", "AsymmetricAlpha", "GivenViews", "View", "Forecast"],
        "Policies": [
            "ModelPolicy", "ModelWalk", "SkfolioPolicy", "EqualWeight", "InverseVolatility", "BuyAndHold",
            "GivenWeights", "Policy", "Decision", "History", "Holdings",
        ],
    },
    "backtest": {
        "Accounts": [
            "Market", "TradingCosts", "Drift", "run_backtest", "run_backtests", "simulate", "Walk", "BacktestResult",
            "measures",
        ],
        "Look-ahead": ["check_causal", "CausalCheck"],
        "Selection and luck": [
            "Windows", "combinatorial_windows", "nested_selection", "combinatorial_selection", "compare_choices",
            "Trials", "validate_trials", "best_of_n", "probabilistic_sharpe", "deflated_sharpe", "minimum_length",
            "overfitting_probability", "reality_check", "stepwise", "Holdout",
        ],
    },
    "pairs": {
        "Hedges": ["KalmanHedge", "StaticHedge", "RollingHedge", "hedge_pairs"],
        "Tests": ["cointegration_tests", "judge_basket", "Verdict", "screen_pairs"],
        "Trading": [
            "Bands", "Linear", "z_score", "basket_weights", "position_today", "Today", "walk_baskets", "BasketWalk",
        ],
        "Rules": ["optimal_thresholds", "OptimalThresholds", "walk_rules", "walk_rule_grid", "RuleGrid"],
        "Every day": ["follow_basket", "FollowedBasket", "save_basket", "load_basket"],
        "Portfolios": ["walk_portfolio", "BasketPortfolio", "compare_with_random", "RandomBaskets"],
    },
    "data": {
        "Files": ["read_prices", "read_returns", "read_weights", "read_groups", "read_french", "french_blocks"],
        "Downloads": ["fetch_french", "fetch_fred"],
        "Bundled data": ["load_demo", "load_demo_prices", "load_stocks_and_index", "BundledData"],
        "Returns": ["to_returns", "align", "Alignment", "compound_returns", "find_suspicious_cells"],
    },
}  # fmt: skip
AT_THE_TOP = {"backtest": {"Studies": ["Study"]}}
"""Names of the package itself that are in no namespace, by page and group."""
UNWANTED = {"get_params", "set_params", "get_metadata_routing"}
NOTE = ".. This page is generated from the public names by ``docs/_ext/reference_pages.py``.\n\n"


def groups(namespace: str) -> dict[str, list[str]]:
    """Return the public names of a namespace by group; each name is in one group."""
    names = list(import_module(f"statefolio.{namespace}").__all__)
    found = {title: [name for name in listed if name in names] for title, listed in GROUPS.get(namespace, {}).items()}
    rest = [name for name in names if not any(name in listed for listed in found.values())]
    if rest:
        found["Others" if found else ""] = rest
    return found


def page(namespace: str) -> str:
    """Return the page of a task."""
    title, lead = TASKS[namespace]
    top = set(import_module("statefolio").__all__)
    parts = [NOTE, f"{title}\n{'=' * len(title)}\n\n{lead} Namespace: ``statefolio.{namespace}``.\n\n"]
    short = [name for listed in groups(namespace).values() for name in listed if name in top]
    if short:
        shown = ", ".join(f"``sf.{name}``" for name in short)
        parts.append(f"Also at the top, after ``import statefolio as sf``: {shown}.\n\n")
    listed = [(f"statefolio.{namespace}", heading, names) for heading, names in groups(namespace).items()]
    listed += [("statefolio", heading, names) for heading, names in AT_THE_TOP.get(namespace, {}).items()]
    for home, heading, names in listed:
        if heading:
            parts.append(f"{heading}\n{'-' * len(heading)}\n\n")
        rows = "\n".join(f"   {name}" for name in names)
        parts.append(f".. currentmodule:: {home}\n\n.. autosummary::\n   :toctree: api\n\n{rows}\n\n")
    return "".join(parts)


def errors_page() -> str:
    """Return the page of errors and warnings."""
    module = import_module("statefolio.exceptions")
    names = [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    ]
    rows = "\n\n".join(f".. autoclass:: {name}\n   :show-inheritance:" for name in names)
    title = "Errors and warnings"
    lead = "Every error is a ``StatefolioError``; every warning is a ``StatefolioWarning``.\n\n"
    return f"{NOTE}{title}\n{'=' * len(title)}\n\n{lead}.. currentmodule:: statefolio.exceptions\n\n{rows}\n"


def command_page() -> str:
    """Return the page of the commands, from their option records."""
    import typer

    from statefolio.__main__ import main  # noqa: F401 - registers all commands
    from statefolio.commands import command_line  # noqa: F401
    from statefolio.commands.app import app

    title = "Command line"
    parts = [NOTE, f"{title}\n{'=' * len(title)}\n\n``statefolio COMMAND --help`` shows the same options.\n\n"]
    _describe(typer.main.get_command(app), "statefolio", parts)
    return "".join(parts)


def _describe(command: Any, name: str, parts: list[str]) -> None:
    inner = getattr(command, "commands", None)
    if inner is not None:
        for key, one in inner.items():
            _describe(one, f"{name} {key}", parts)
        return
    parts.append(f"{name}\n{'-' * len(name)}\n\n{_plain(command.help or '')}\n\n")
    rows = []
    for option in command.params:
        words = ", ".join(f"``{word}``" for word in [*option.opts, *option.secondary_opts])
        if option.param_type_name == "argument":
            words = f"``{option.name.upper()}``"
        default = "" if option.default in (None, False, ()) or callable(option.default) else f"``{option.default}``"
        rows.append((words, _plain(getattr(option, "help", "") or ""), default))
    if rows:
        parts.append(
            ".. list-table::\n   :header-rows: 1\n   :widths: 30 50 20\n\n"
            "   * - option\n     - meaning\n     - default\n"
        )
        for row in rows:
            cells = "\n     - ".join(cell or " " for cell in row)
            parts.append(f"   * - {cells}\n")
        parts.append("\n")


def _plain(text: str) -> str:
    """Return a help text as one paragraph without markup."""
    words = " ".join(text.replace("\f", " ").split())
    for mark in ("\\", "*", "|", "_"):
        words = words.replace(mark, f"\\{mark}")
    return words


def index_page() -> str:
    """Return the first page of the reference."""
    title = "Reference"
    rows = "\n".join(f"   {name}" for name in [*TASKS, "errors", "command_line"])
    lead = (
        "Public names by task. Names that most people need are also at the top of the package; the others are in its "
        "namespaces. Each page is generated from the docstrings, whose examples run as tests.\n\n"
    )
    table = "\n".join(f"   * - :doc:`{title_} <{name}>`\n     - {text}" for name, (title_, text) in TASKS.items())
    return (
        f"{NOTE}{title}\n{'=' * len(title)}\n\n{lead}.. list-table::\n   :widths: 35 65\n\n{table}\n"
        "   * - :doc:`Errors and warnings <errors>`\n     - What the library raises and warns.\n"
        "   * - :doc:`Command line <command_line>`\n     - Every command and option.\n\n"
        f".. toctree::\n   :hidden:\n\n{rows}\n"
    )


def write(folder: Path) -> None:
    """Write all pages; a page that has not changed keeps its time, so that Sphinx need not read it again."""
    pages = {name: page(name) for name in TASKS}
    pages |= {"index": index_page(), "errors": errors_page(), "command_line": command_page()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        path = folder / f"{name}.rst"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _skip(app: Sphinx, what: str, name: str, obj: Any, skip: bool, options: Any) -> bool | None:
    return True if name in UNWANTED or name.endswith("_request") else None


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before Sphinx looks for files."""
    app.connect("config-inited", lambda app, _: write(Path(app.srcdir) / "reference"))
    app.connect("autodoc-skip-member", _skip)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
