"""A store passed where a model is asked for: the error names what to pass instead."""

import pytest

import statefolio as sf
from statefolio.exceptions import DataTypeError, FileFormatError
from statefolio.loadings.results import concat_results
from statefolio.loadings.stores.store import LoadingsStore


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    demo = sf.load_demo()
    panel = demo.returns.iloc[:150, :2], demo.factors[["market"]].iloc[:150]
    path = tmp_path_factory.mktemp("store") / "s.zarr"
    sf.loadings.fit_blocks(sf.RollingLoadings(60), *panel, store=path)
    return LoadingsStore.open(path), *panel


@pytest.mark.parametrize(
    "call",
    [
        lambda store, *panel: sf.FactorRisk(store, prefit=True).fit(*panel),
        lambda store, *panel: sf.validate({"a": store}, *panel, test_from="2014-06-02"),
        lambda store, *panel: sf.validation.score_loadings([store], *panel, test_from="2014-06-02"),
        lambda store, *panel: sf.validation.search(store, {"window": [60]}, *panel, test_from="2014-06-02"),
        lambda store, *panel: sf.diagnostics.diagnose_specification(store, *panel),
        lambda store, *panel: sf.diagnostics.diagnose_estimation(store, *panel),
        lambda store, *panel: sf.diagnostics.diagnose_change(store, *panel),
        lambda store, *panel: sf.diagnostics.diagnose_collinearity(store, *panel),
        lambda store, *panel: sf.loadings.learn_panel(store, *panel),
    ],
)
def test_a_store_is_no_model_and_the_error_says_what_to_pass(call, store):
    with pytest.raises(DataTypeError, match=r"got a LoadingsStore\. Pass store\.model\(\), continued .* prefit=True"):
        call(*store)


def test_stores_are_not_joined_as_results(store):
    with pytest.raises(DataTypeError, match=r"results\[0\] must be a Dataset, got a LoadingsStore"):
        concat_results([store[0], store[0]])


def test_a_store_is_not_read_as_a_model_file(store):
    with pytest.raises(FileFormatError, match=r"it is a folder\. Pass .* LoadingsStore\.open"):
        sf.RollingLoadings.load(store[0].path)
