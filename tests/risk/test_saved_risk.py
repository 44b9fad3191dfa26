"""Files of risk models: the same covariance to the last bit, continuing, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from statefolio.exceptions import FileFormatError, InputError, NotFittedError
from statefolio.loadings.kalman_loadings import KalmanLoadings
from statefolio.loadings.least_squares import RollingLoadings, StaticLoadings
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.residual_structure import ResidualFactors, SectorBlocks

ATTRIBUTES = (
    *("exposures_", "residual_loadings_", "factor_covariance_", "excluded_"),
    *("factor_mean_", "idiosyncratic_variance_", "loading_uncertainty_"),
)


@pytest.fixture(scope="module")
def case(demo):
    """Few assets and dates, with gaps, a late listing, and an asset with too few returns."""
    returns = demo.returns.iloc[:320, :8].copy()
    returns.iloc[:60, 1] = np.nan
    returns.iloc[:295, 2] = np.nan
    returns.iloc[::17, 3] = np.nan
    return returns, demo.factors.iloc[:320, :2]


def kalman():
    return KalmanLoadings(tuning="fixed", state_variance=1e-5, observation_variance=2e-4)


def make(kind, names):
    """Return an unfitted risk model of each kind of part that a file may have."""
    sectors = pd.Series(["a"] * 3 + ["b"] * 5, index=names)
    omega = pd.DataFrame(np.diag([1e-4, 2e-5]), index=["market", "momentum"], columns=["market", "momentum"])
    return {
        "default": lambda: FactorRisk(kalman(), groups=sectors),
        "sectors": lambda: FactorRisk(RollingLoadings(120), residual_structure=SectorBlocks(sectors)),
        "given": lambda: FactorRisk(StaticLoadings(), omega, factor_mean="zero", residual_structure=None),
        "two": lambda: FactorRisk(kalman(), residual_structure=ResidualFactors(count=2, window=200)),
    }[kind]()


@pytest.mark.parametrize("kind", ["default", "sectors", "given", "two"])
def test_a_loaded_one_has_the_same_covariance_and_continues(kind, case, tmp_path):
    returns, factors = case
    risk = make(kind, returns.columns).fit(returns.iloc[:300], factors.iloc[:300])
    risk.save(tmp_path / "risk")
    loaded = FactorRisk.load(tmp_path / "risk")
    pd.testing.assert_frame_equal(loaded.covariance_frame(), risk.covariance_frame(), check_exact=True)
    for name in ATTRIBUTES:
        pd.testing.assert_frame_equal(
            pd.DataFrame(getattr(loaded, name)), pd.DataFrame(getattr(risk, name)), check_exact=True
        )
    assert list(loaded.excluded_.index) == [returns.columns[2]]
    assert loaded.last_date_ == risk.last_date_
    assert repr(loaded.get_params(deep=True)) == repr(risk.get_params(deep=True))
    later = (returns.iloc[300:], factors.iloc[300:])
    found, wanted = loaded.partial_fit(*later), risk.partial_fit(*later)
    pd.testing.assert_frame_equal(found.covariance_frame(), wanted.covariance_frame(), check_exact=True)


def test_the_same_model_gives_the_same_bytes_and_a_prefit_one_keeps_its_model(case, tmp_path):
    returns, factors = case
    model = kalman().fit(returns, factors)
    model.notes_ = {"risk_free": "RF"}
    risk = FactorRisk(model, prefit=True).fit(returns, factors)
    risk.save(tmp_path / "one")
    loaded = FactorRisk.load(tmp_path / "one")
    loaded.save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    assert loaded.loadings is loaded.model_
    assert loaded.model_.notes_ == {"risk_free": "RF"}
    assert loaded.model_.next_.identical(model.next_)


def test_a_changed_cut_or_foreign_file_is_refused(case, tmp_path):
    returns, factors = case
    risk = make("given", returns.columns).fit(returns, factors)
    path = tmp_path / "risk"
    risk.save(path)
    raw = path.read_bytes()
    changes = [raw[:-1], raw[: len(raw) // 2], b"", raw + b"x"]
    changes += [raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :] for at in np.linspace(0, len(raw) - 1, 40).astype(int)]
    for changed in changes:
        path.write_bytes(changed)
        with pytest.raises(FileFormatError):
            FactorRisk.load(path)
    risk.model_.save(path)
    with pytest.raises(FileFormatError, match="must be a file of FactorRisk, got one of 'StaticLoadings'"):
        FactorRisk.load(path)
    risk.save(path)
    with pytest.raises(FileFormatError, match="must be a file of KalmanLoadings"):
        KalmanLoadings.load(path)


def test_what_cannot_be_saved_is_refused_by_name_and_writes_nothing(case, tmp_path):
    class Own(SectorBlocks):
        """A structure of another package."""

    returns, factors = case
    path = tmp_path / "risk"
    with pytest.raises(NotFittedError):
        FactorRisk().save(path)
    own = FactorRisk(StaticLoadings(), residual_structure=Own(pd.Series("a", index=returns.columns)))
    with pytest.raises(InputError, match=r"residual_structure must be .* got Own"):
        own.fit(returns, factors).save(path)
    regime = FactorRisk(StaticLoadings(), "regime", residual_structure=None)
    with pytest.raises(InputError, match=r"factor_covariance must be .* got \"regime\""):
        regime.fit(returns, factors).save(path)
    assert list(tmp_path.iterdir()) == []
