"""The tools on panels and baskets: fit, show, risk and verdict."""

import numpy as np
import pandas as pd

from statefolio.commands.inputs import PanelInputs, read_panel
from statefolio.commands.shared_options import PanelFiles
from statefolio.data import read_prices, read_weights
from statefolio.exceptions import InputError, UnknownNameError
from statefolio.loadings import KalmanLoadings
from statefolio.pairs import KalmanHedge, judge_basket
from statefolio.risk import FactorRisk, attribute_risk
from statefolio.tool_server.allowed_folder import AllowedFolder
from statefolio.tool_server.answers import table

MOST_FILES = 200
LEAST_DRAWS, MOST_DRAWS = 19, 499


class ModelTools:
    """The tools, bound to an allowed folder."""

    def __init__(self, folder: AllowedFolder) -> None:
        self.folder = folder

    def list_files(self) -> str:
        """List the files that the other tools may read, with their sizes in bytes."""
        found = self.folder.files(MOST_FILES)
        return "\n".join(f"{name}  {size:,}" for name, size in found) or "The folder has no files."

    def fit(
        self,
        returns: str,
        factors: str,
        prices: bool = False,
        tune_until: str | None = None,
        assets: list[str] | None = None,
        save: str | None = None,
    ) -> str:
        """Fit time-varying factor loadings (Kalman filter) of the assets of a file.

        `returns` and `factors` are files of simple returns in decimals, one row per date; `prices=true` if the first
        has prices. `tune_until` (YYYY-MM-DD) is the last date that hyper-parameters are learned from. `assets` chooses
        some. `save` names a new model file; the server must have been started with --write.
        """
        path = None if save is None else self.folder.to_write(save)
        panel, model = self._fitted(returns, factors, prices, tune_until, assets)
        if path is not None:
            model.save(path)
        quality = model.fit_quality_[["r_squared_one_step", "rmse_one_step", "returns_scored"]]
        facts = "\n".join(f"{name}: {value}" for name, value in panel.facts.items())
        last = model.next_["mean"].to_series().unstack("factor")[list(model.factors_)]
        parts = [facts, *panel.notes, table("Loadings of the next date", last), table("Fit, one step ahead", quality)]
        return "\n\n".join([*parts, *([] if save is None else [f"Saved {save}."])])

    def show(self, model: str, asset: str) -> str:
        """Show the loadings of one asset of a saved model for the next date, with standard errors and t-values."""
        loaded = KalmanLoadings.load(self.folder.to_read(model))
        names = [str(name) for name in loaded.assets_]
        if asset not in names:
            raise UnknownNameError(f"asset must be one of {', '.join(names[:30])}, got {asset!r}. Name one of them.")
        ahead = loaded.next_.isel(asset=names.index(asset))
        mean = ahead["mean"].to_pandas()
        error = pd.Series(np.sqrt(np.diag(ahead["covariance"].to_numpy())), mean.index)
        shown = pd.DataFrame({"loading": mean, "standard_error": error, "t": mean / error})
        reason = loaded.parameters_["reason"].iloc[names.index(asset)]
        return f"{table(f'Loadings of {asset} for the next date', shown)}\n\nEstimation: {reason}"

    def risk(
        self,
        returns: str,
        factors: str,
        weights: dict[str, float] | str,
        prices: bool = False,
        tune_until: str | None = None,
    ) -> str:
        """Forecast the volatility of a portfolio for the next date, with exposures and contributions by factor.

        `weights` maps assets to shares of the portfolio's value, or names a file with the columns asset and weight.
        """
        held = (
            read_weights(self.folder.to_read(weights)) if isinstance(weights, str) else pd.Series(weights, dtype=float)
        )
        panel, model = self._fitted(returns, factors, prices, tune_until, None)
        covariance = FactorRisk(model, prefit=True).fit(panel.returns, panel.factors)
        parts = attribute_risk(covariance, held)
        columns = ["exposure", "exposure_lower", "exposure_upper", "contribution"]
        by_factor = parts[columns].to_dataframe()[columns]
        volatility = covariance.portfolio_volatility(held)
        return f"Volatility of the next date: {volatility:.4%}\n\n{table('By factor', by_factor, 6)}"

    def pairs_verdict(self, prices: str, assets: list[str], tuning: str = "mle", draws: int = 199) -> str:
        """Judge whether the held value of a basket reverts; the first asset is hedged by the others.

        `tuning` is mle, adaptive or fixed. The p-value is calibrated on baskets that are not cointegrated and are
        tuned in the same way; `draws` is their number.
        """
        if not LEAST_DRAWS <= draws <= MOST_DRAWS:
            raise InputError(f"draws must be {LEAST_DRAWS} to {MOST_DRAWS}, got {draws}. Pass e.g. 199.")
        read = read_prices(self.folder.to_read(prices))
        absent = [name for name in assets if name not in read.columns]
        if absent or len(assets) < 2:
            raise UnknownNameError(f"assets must be two or more columns of {prices}, got {assets}. Name its columns.")
        transition = "identity" if tuning == "fixed" else "stationary"
        verdict = judge_basket(KalmanHedge(transition, tuning), read[assets], draws=draws)
        return f"{verdict.sentence}\n\n{table('Statistics', verdict.table.drop(columns='meaning', errors='ignore'))}"

    def _fitted(
        self, returns: str, factors: str, prices: bool, tune_until: str | None, assets: list[str] | None
    ) -> tuple[PanelInputs, KalmanLoadings]:
        files = PanelFiles(returns=self.folder.to_read(returns), factors=[self.folder.to_read(factors)], prices=prices)
        panel = read_panel(files)
        chosen = panel.returns
        if assets is not None:
            absent = [name for name in assets if name not in chosen.columns]
            if absent or not assets:
                raise UnknownNameError(f"assets must be columns of {returns}, got {assets}. Name its columns.")
            chosen = chosen[assets]
        return panel, KalmanLoadings().fit(chosen, panel.factors, tune_until=tune_until)
