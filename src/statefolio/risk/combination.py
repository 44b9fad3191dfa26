"""Combines covariance forecasts with weights that are learned from past forecasts."""

from copy import copy
from typing import Any, Self

import numpy as np
import pandas as pd

from statefolio._arrays.dates import rows_until
from statefolio._arrays.frames import read_values
from statefolio._arrays.types import Array
from statefolio._estimator import clone
from statefolio._plausible.warn import warn_caller
from statefolio.exceptions import InputError, NotFittedError
from statefolio.risk.combination_options import check_members, member_names
from statefolio.risk.combination_parts import completed, factor_part, split_combination
from statefolio.risk.combination_weights import PORTFOLIOS, LearnedWeights, PastForecast, chosen_assets
from statefolio.risk.factor_risk import FactorRisk
from statefolio.risk.full_rank import check_count
from statefolio.risk.log_mean import LogCovariances

_OF_THE_RISK = ("assets_", "factors_", "exposures_", "factor_mean_", "loading_uncertainty_", "model_", "excluded_")


class CovarianceCombination(FactorRisk):
    """Factor risk combined with other forecasts of the same covariance, with weights learned on past dates.

        Sigma = s s' * C          log s = sum_k w_k log s_k          C = correlations of exp(sum_k w_k log C_k)

    s_k and C_k are the volatilities and correlations that member k forecasts. The weights w are learned from members
    that were fitted on the first half of the dates and forecast every `horizon` of the later ones (see Notes); then
    all members are fitted on all dates. It is used wherever a `FactorRisk` is: Sigma is written as
    B Omega B' + G G' + D with the exposures B of the factor risk, and Omega is what Sigma implies for the factors.

    Parameters
    ----------
    risk : FactorRisk, optional
        Unfitted; it provides assets, exposures and model. Default: `FactorRisk()`.
    others : list of estimators, optional
        Unfitted, with `fit` and `partial_fit` as `FactorRisk`; at most four. Default: `DynamicCorrelation(horizon)` and
        `ShrunkCorrelation()`.
    weights : sequence of floats, optional
        Weights of the risk and the others before anything is learned; they are divided by their sum. Default: one half
        for the risk, the other half in equal parts.
    learn : bool
        Learn the weights; False: keep them.
    calibrate : bool
        Multiply Sigma by one learned factor of at least 1, the middle between the largest and the least ratio of
        realised to forecast variance of minimum-variance, long-only minimum-variance and random long-only portfolios so
        far: forecast volatilities of optimised portfolios are otherwise too low. Weights do not change; QLIKE is worse.
    horizon : int
        Dates between the forecasts that weights are learned from; the others by default forecast their mean.

    Attributes
    ----------
    weights_ : Series (member)
        w, the factor risk first.
    past_bias_ : Series (portfolio)
        Realised over forecast volatility so far of minimum-variance, long-only minimum-variance and random long-only
        portfolios, drawn towards 1 by half a year of dates: what to multiply the forecast volatility of an optimised
        portfolio by. With `calibrate`, that of the covariance before the factor.
    scale_ : float
        Factor of Sigma; 1 without `calibrate`.
    members_ : list
        Fitted, the factor risk first.
    covariance_, assets_, factors_, exposures_, factor_covariance_, factor_mean_, model_, excluded_, last_date_
        As those of `FactorRisk`.
    residual_loadings_, idiosyncratic_variance_ : DataFrame, Series
        G, with as many columns as assets, and D; the uncertainty of the loadings is part of both.

    Notes
    -----
    On six panels before the test years of our benchmarks (among them 49 industries 1985-99, 25 size and value
    portfolios 1981-2004 and 30 industries 1969-84) this mean was better than that of the matrices, and the default
    weights better than equal ones. Learning by the log-likelihood of assets and of random portfolios was best, slow
    learning better than fast; the realised variance of minimum-variance portfolios is too noisy to learn from.

    With more than 150 assets, weights are learned on 150 of them. An asset that another member lacks, as one listed
    late, has its conditional distribution under the factor risk given the others. Cost and memory rise with the cube
    and the square of the assets; more than 1,500 are refused.

    References
    ----------
    Smith and Wallis (2009), A simple explanation of the forecast combination puzzle, Oxford Bulletin of Economics and
    Statistics 71, 331-355; Caldeira, Moura, Nogales and Santos (2017), Combining multivariate volatility forecasts: an
    economic-based approach, Journal of Financial Econometrics 15, 247-285.

    Examples
    --------
    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns.iloc[:700, :6], demo.factors.iloc[:700]
    >>> risk = sf.risk.FactorRisk(sf.RollingLoadings(120), residual_structure=None)
    >>> risk = sf.risk.CovarianceCombination(risk, [sf.risk.ShrunkCorrelation()]).fit(returns, factors)
    >>> for member, weight in risk.weights_.items():
    ...     print(f"{member:18} {weight:.2f}")
    FactorRisk         0.51
    ShrunkCorrelation  0.49
    >>> print(f"{risk.portfolio_volatility({'AAPL': 0.5, 'BAC': 0.5}):.2%} per day")
    1.29% per day
    """

    uncertainty = False
    prefit = False

    def __init__(
        self,
        risk: FactorRisk | None = None,
        others: Any = None,
        weights: Any = None,
        learn: bool = True,
        calibrate: bool = False,
        horizon: int = 21,
    ) -> None:
        self.risk = risk
        self.others = others
        self.weights = weights
        self.learn = learn
        self.calibrate = calibrate
        self.horizon = horizon

    def fit(self, returns: Any, factors: Any, tune_until: Any = None) -> Self:
        """Learn the weights, then fit all members; see `FactorRisk.fit`.

        With `tune_until` the members that weights are learned from are fitted on the first half of the dates up to it.
        """
        members, prior = check_members(self)
        r, f = _frame(returns, "returns"), _frame(factors, "factors")
        rows = rows_until(pd.DatetimeIndex(r.index), tune_until)
        self.__dict__.pop("last_date_", None)
        self._learned, self._waiting = LearnedWeights.empty(prior), r.iloc[:0]
        walked = self.learn and self._learn(members, r.iloc[:rows], f)
        self.members_ = [clone(member).fit(r.iloc[:rows], f.loc[: r.index[rows - 1]]) for member in members]
        if not walked:
            self._pending = _forecast(self.members_)
        self._continue(r.iloc[rows:], f)
        self._assemble()
        return self

    def over(self, horizon: int) -> Self:  # noqa: ARG002
        """Return the combination: its members forecast their own horizons, and its weights are learned from these."""
        self._check_fitted()
        return self

    def partial_fit(self, new_returns: Any, new_factors: Any) -> Self:
        """Continue over later dates: members with the same hyper-parameters, weights with their new forecasts."""
        self._check_fitted()
        check_members(self)
        before = self.__dict__.copy()
        try:
            self.members_ = [copy(member) for member in self.members_]
            self._continue(_frame(new_returns, "new_returns"), _frame(new_factors, "new_factors"))
            self._assemble()
        except BaseException:
            self.__dict__ = before
            raise
        return self

    def save(self, path: Any) -> None:  # noqa: ARG002 - as FactorRisk
        """Not available: pickle the combination, or save `members_[0]`, its factor risk."""
        raise InputError("risk must be a FactorRisk to be saved, got CovarianceCombination. Pickle it instead.")

    def _learn(self, members: list[Any], returns: pd.DataFrame, factors: pd.DataFrame) -> bool:
        """Walk members fitted on the first half of the dates through the second; False if there are too few."""
        first = len(returns) // 2
        try:
            self.members_ = [
                clone(member).fit(returns.iloc[:first], factors.loc[: returns.index[first - 1]]) for member in members
            ]
        except InputError as error:
            warn_caller(f"returns should have dates to learn weights on, which are left as they were: {error}")
            return False
        self._pending = _forecast(self.members_)
        self._continue(returns.iloc[first:], factors)
        return True

    def _continue(self, returns: pd.DataFrame, factors: pd.DataFrame) -> None:
        """Continue the members, and learn from each forecast once the dates that it was for are known."""
        while len(returns):
            count = self.horizon - len(self._waiting) if self.learn else len(returns)
            part, returns = returns.iloc[:count], returns.iloc[count:]
            known = factors.loc[(factors.index > self.members_[0].last_date_) & (factors.index <= part.index[-1])]
            for member in self.members_:
                member.partial_fit(part, known)
            if not self.learn:
                continue
            self._waiting = pd.concat([self._waiting, part]) if len(self._waiting) else part
            if len(self._waiting) == self.horizon:
                self._learned = self._learned.updated(self._pending, self._waiting)
                self._pending, self._waiting = _forecast(self.members_), part.iloc[:0]

    def _assemble(self) -> None:
        base = self.members_[0]
        check_count(len(base.assets_), "CovarianceCombination")
        own = base.covariance_.dense()
        matrices = [own, *(_aligned(member, base.assets_, own) for member in self.members_[1:])]
        weights, ratio = self._learned.weights, self._learned.variance_ratio
        extremes = np.log([ratio.min(), ratio.max()])
        self.scale_ = max(float(np.exp(extremes.mean())), 1.0) if self.calibrate else 1.0
        sigma = self.scale_ * LogCovariances.of(matrices).mean(weights)
        B = base.exposures_.to_numpy()
        omega = factor_part(sigma, B, base.factor_covariance_.to_numpy(), own)
        self.covariance_, residual = split_combination(sigma, B, omega, base.covariance_.diagonal)
        names = [f"residual {n + 1}" for n in range(residual.shape[1])]
        self.residual_loadings_ = pd.DataFrame(residual, index=base.assets_, columns=names)
        self.idiosyncratic_variance_ = pd.Series(self.covariance_.diagonal, index=base.assets_)
        self.factor_covariance_ = pd.DataFrame(omega, index=base.factors_, columns=base.factors_)
        for name in (
            "assets_",
            "factors_",
            "exposures_",
            "factor_mean_",
            "loading_uncertainty_",
            "model_",
            "excluded_",
        ):
            setattr(self, name, getattr(base, name))
        self.weights_ = pd.Series(weights, index=member_names(self.members_), name="weight")
        self.past_bias_ = pd.Series(np.sqrt(ratio), index=list(PORTFOLIOS), name="bias")
        self.last_date_ = base.last_date_

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise NotFittedError("CovarianceCombination has not been fitted. Call fit first.")


def _forecast(members: list[Any]) -> PastForecast:
    """Covariances of the assets that every member has, at most 150."""
    common = members[0].assets_
    for member in members[1:]:
        common = common[common.isin(member.assets_)]
    chosen = chosen_assets(common)
    matrices = [member.covariance_.select(member.assets_.get_indexer(chosen)).dense() for member in members]
    return PastForecast(chosen, LogCovariances.of(matrices))


def _aligned(member: Any, assets: pd.Index, base: Array) -> Array:
    """A member's covariance of these assets, completed where it lacks some."""
    known = np.asarray(assets.isin(member.assets_))
    matrix = member.covariance_.select(member.assets_.get_indexer(assets[known])).dense()
    return completed(matrix, known, base)


def _frame(table: Any, name: str) -> pd.DataFrame:
    values, dates, columns = read_values(table, name)
    return pd.DataFrame(values, index=dates, columns=columns)
