"""Public names: found in their namespaces, lazily, each in one place only."""

import subprocess
import sys
from importlib import import_module

import pytest

import statefolio as sf

NAMESPACES = (
    "adapters",
    "backtest",
    "data",
    "diagnostics",
    "factors",
    "loadings",
    "pairs",
    "portfolio",
    "report",
    "risk",
    "validation",
)
MAIN_ROAD = {
    "KalmanLoadings": "loadings",
    "FactorRisk": "risk",
    "attribute_risk": "risk",
    "validate": "validation",
    "Market": "backtest",
    "run_backtest": "backtest",
    "RiskBudget": "portfolio",
    "Constraints": "portfolio",
    "KalmanHedge": "pairs",
    "judge_basket": "pairs",
    "read_prices": "data",
    "load_demo": "data",
}


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_every_name_of_a_namespace_can_be_imported_from_it(namespace):
    module = import_module(f"statefolio.{namespace}")
    assert module.__all__
    for name in module.__all__:
        assert getattr(module, name).__doc__, name
        assert name in dir(module)


def test_no_name_is_in_two_namespaces_or_the_name_of_a_module():
    names = [name for namespace in NAMESPACES for name in import_module(f"statefolio.{namespace}").__all__]
    assert len(names) == len(set(names))
    for namespace in NAMESPACES:
        package = import_module(f"statefolio.{namespace}")
        for name in package.__all__:
            with pytest.raises(ModuleNotFoundError):
                import_module(f"{package.__name__}.{name}")


def test_the_main_road_is_at_the_top_without_a_warning():
    for name, namespace in MAIN_ROAD.items():
        assert getattr(sf, name) is getattr(import_module(f"statefolio.{namespace}"), name)
        assert name in sf.__all__


def test_a_name_that_moved_says_where_it_is():
    with pytest.warns(DeprecationWarning, match=r"moved to statefolio.pairs. Use `from statefolio.pairs import Bands`"):
        found = sf.Bands
    assert found is sf.pairs.Bands


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'KalmanFilter'"):
        _ = sf.KalmanFilter


def test_importing_the_package_and_its_namespaces_loads_no_heavy_library():
    code = (
        f"import sys, statefolio; [getattr(statefolio, name) for name in {NAMESPACES!r}]; "
        "print([name for name in ('numpy', 'pandas', 'numba', 'skfolio', 'plotly', 'xarray') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
