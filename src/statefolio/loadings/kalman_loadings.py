"""Defines `KalmanLoadings`: time-varying loadings by a Kalman filter for every asset, tuned from the data."""

import copy
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from statefolio._estimator import clone_option
from statefolio.kalman.smoothed_errors import errors_over_model, scale_errors
from statefolio.kalman.smoother import smooth_panel
from statefolio.loadings.kalman_model import KalmanModel, with_patience
from statefolio.loadings.kalman_options import Progress
from statefolio.loadings.kalman_run import by_asset, run_covariances

if TYPE_CHECKING:
    import xarray as xr


class KalmanLoadings(KalmanModel):
    """Time-varying factor loadings of many assets by Kalman filter.

    For asset i on date t, with x_t = (1, f_t),

        r_it = x_t' beta_it + e_it,     beta_it = m_i + phi (beta_i,t-1 - m_i) + w_it,

    where w_it has the diagonal covariance Q_it and e_it the variance R_it. The defaults predict best on real panels:
    loadings that revert slowly to the panel's, signal-to-noise ratios and persistence pooled over assets, learned
    variances of several speeds, Student-t tails and a common volatility.

    Parameters
    ----------
    dynamics : {"panel_reverting", "mean_reverting", "random_walk"}, optional
        "panel_reverting": betas revert to the panel's median loading, alpha is a random walk, and all start diffuse.
        "mean_reverting": all loadings revert to means of each asset and start from their stationary distribution.
        Default: "panel_reverting" with tuning="pooled" and at least eight assets, "mean_reverting" with a given
        `mean`, or a given `phi` and fewer assets, else "random_walk".
    tuning : {"pooled", "mle", "shrunk", "discount", "fixed"}
        Source of the state variances. "pooled": one signal-to-noise ratio per factor for the whole panel. "mle": each
        asset's maximum likelihood. "shrunk": between these two, with a strength estimated from the panel. "discount": a
        discount factor. "fixed": `state_variance`.
    noise : {"multi_speed", "ewma", "constant", "discount"}
        Observation variance. "multi_speed": a learned level, mixed from a slow and a fast exponentially weighted one
        (Corsi 2009), with a common volatility of three speeds. "ewma": one speed each. "constant". "discount": West
        and Harrison's conjugate learning; given state variances and start covariances are multiples of the level, and
        reported variances are the squared scale of a Student-t.
    tails : {"student", "gaussian"}
        Distribution of the noise.
    common_volatility : bool
        Multiply every observation variance by common levels of the panel. Applies only where the noise is learned.
    factor_moves : bool or float
        With noise="multi_speed" and a common volatility, let observation variances rise with the size of the date's
        factor returns over their usual size, which averages 1: times (1 + c size)/(1 + c). True: c is tuned, 0.2 with
        tuning="fixed". A forecast takes the size as 1.
    intercept : bool
        Add the constant 1 as the factor "alpha".
    start : "diffuse", "panel" or (mean, covariance), optional
        Distribution of the loadings on an asset's first observed date, before its update. "diffuse": exact diffuse.
        "panel": as the constant loadings of the assets suggest, up to `tune_until` (median, twice their spread; a tight
        one for alpha), with tuning="pooled" or "shrunk". Or given for (alpha and) the factors in order, the covariance
        may be one number, its diagonal. Default: "panel" for the assets that tuning has not seen, if it has seen eight
        others and no collinear factors, and "diffuse" for all others.
    before_prediction : bool
        A given start is the distribution one prediction earlier.
    state_variance : float, mapping by factor or DataFrame (asset, factor), optional
        State variances for tuning="fixed"; signal-to-noise ratios where `state_variance_scales`.
    observation_variance : float or Series by asset, optional
        Observation variance, or the level from which learning starts. Default: the residual variance of least squares
        up to `tune_until`.
    state_variance_scales : bool, optional
        State variances are ratios to the learned level. Default: True where noise="multi_speed" or "ewma".
    phi : float or mapping by factor, optional
        Persistence of loadings that revert. Default: tuned; with dynamics="panel_reverting" the half-life is at least
        two years, and five where dates are rarer than weekly.
    mean : float, mapping by factor or DataFrame (asset, factor), optional
        Means of mean-reverting loadings. Default: least squares up to `tune_until`; with tuning="mle" maximum
        likelihood.
    degrees_of_freedom : float, optional
        Degrees of freedom of the Student-t. Default: tuned, from 2.2 to 200; 6 with tuning="fixed".
    memory : float, optional
        Factor of the exponentially weighted variance. Default: tuned, from 0.9 to 0.9999; 0.97 with tuning="fixed".
    fast_memory, fast_weight : float, optional
        Factor of the fast level with noise="multi_speed", and its share. Default: tuned, up to 0.9 and 0.5; 0.6 and
        0.12 with tuning="fixed".
    surprise_scale : float, optional
        Factor on the squared standardised innovations, capped at 9, that a level learns from with
        noise="multi_speed": it makes up for what the cap takes off. Default: tuned; 1.06 with tuning="fixed".
    volatility_exponent : float, or three with noise="multi_speed", optional
        Powers of the common volatility levels of memory .9, .5 and .98; one number is that of the first, alone.
        Default: tuned; 0.95, or 0.3, 0.4 and 0.2, with tuning="fixed".
    discount_factor : float, optional
        Discount of the state covariance with tuning="discount". Default: tuned.
    parameter_uncertainty : bool
        Let the covariances of loadings count that the state variances of each asset are uncertain, and that a loading
        may have jumped lately: on simulated panels 95 % bands then cover 94 to 97 %, also where loadings break. With
        "mle" or "shrunk" the filters take each asset's expected state variances given the data up to `tune_until` (the
        columns "expected" of `parameters_`). With "pooled" or "discount" loadings, innovations and their variances
        do not depend on it. Given variances (tuning="fixed") are known.
    slow_average : bool
        Let forecasts over several dates (`ahead`) lean on each loading's average over the past year and on the panel,
        by factor and horizon as far as it helped up to `tune_until`: a quarter or a year ahead, the filtered loading is
        too lively. With daily data, dynamics="panel_reverting" and eight tuned assets; changes nothing else.
    progress : callable (stage, done, total), optional
        Called as tuning advances; `total` is 0 where it is unknown. Cloning keeps the same callback; saving drops it.

    Warns
    -----
    StatefolioWarning
        Names assets whose returns stand still on many dates (those count as missing), cells a million times the usual
        size (missing too), and assets with hardly a residual, such as a fund on a factor: they are left out of what the
        panel shares. An asset whose returns are one constant has that alpha and betas of zero. Collinear
        and nearly collinear factors, with their condition number: loadings they do not identify are NaN.

    References
    ----------
    Durbin and Koopman (2012), Time Series Analysis by State Space Methods. West and Harrison (1997), Bayesian
    Forecasting and Dynamic Models. Agamennoni, Nieto and Nebot (2012), IEEE Transactions on Signal Processing
    60, on the robust update. Corsi (2009), Journal of Financial Econometrics 7, on volatility of several speeds.

    Examples
    --------
    Hyper-parameters are tuned on the dates up to the end of 2018; the loadings of later dates are out of sample:

    >>> import statefolio as sf
    >>> demo = sf.load_demo()
    >>> returns, factors = demo.returns[["AAPL", "KO", "XOM"]], demo.factors[["market", "value"]]
    >>> model = sf.KalmanLoadings(tuning="discount").fit(returns, factors, tune_until="2018-12-31")
    >>> beta = model.loadings_["predicted"].sel(asset="XOM", factor="value")
    >>> [round(float(beta.sel(date=f"{year}-12").mean()), 1) for year in (2018, 2020, 2022)]
    [0.2, 1.4, 1.4]

    The loadings of the first date not yet seen, and their standard deviations:

    >>> ahead = model.next_.sel(asset="XOM")
    >>> ahead["mean"].round(2).to_series().to_dict()
    {'alpha': 0.0, 'market': 0.84, 'value': 1.35}
    """

    def __init__(
        self,
        dynamics: str | None = None,
        tuning: str = "pooled",
        noise: str = "multi_speed",
        tails: str = "student",
        common_volatility: bool = True,
        factor_moves: bool | float = True,
        intercept: bool = True,
        start: Any = None,
        before_prediction: bool = False,
        state_variance: Any = None,
        observation_variance: Any = None,
        state_variance_scales: bool | None = None,
        phi: Any = None,
        mean: Any = None,
        degrees_of_freedom: float | None = None,
        memory: float | None = None,
        fast_memory: float | None = None,
        fast_weight: float | None = None,
        surprise_scale: float | None = None,
        volatility_exponent: Any = None,
        discount_factor: float | None = None,
        parameter_uncertainty: bool = True,
        slow_average: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self.dynamics = dynamics
        self.tuning = tuning
        self.noise = noise
        self.tails = tails
        self.common_volatility = common_volatility
        self.factor_moves = factor_moves
        self.intercept = intercept
        self.start = start
        self.before_prediction = before_prediction
        self.state_variance = state_variance
        self.observation_variance = observation_variance
        self.state_variance_scales = state_variance_scales
        self.phi = phi
        self.mean = mean
        self.degrees_of_freedom = degrees_of_freedom
        self.memory = memory
        self.fast_memory = fast_memory
        self.fast_weight = fast_weight
        self.surprise_scale = surprise_scale
        self.volatility_exponent = volatility_exponent
        self.discount_factor = discount_factor
        self.parameter_uncertainty = parameter_uncertainty
        self.slow_average = slow_average
        self.progress = progress

    def smooth(self, returns: Any, factors: Any) -> "xr.Dataset":
        """Estimate the loadings of every date from all data: for study, never for trading.

        Parameters
        ----------
        returns, factors : DataFrame
            The data of `fit`; the model keeps none. Hyper-parameters stay as they are.

        Returns
        -------
        Dataset
            By date, asset and factor: smoothed, smoothed_variance and lag_one_covariance, the covariance of a loading
            with itself one date earlier. NaN before an asset's first observation, and for loadings that no date
            identifies.

        Examples
        --------
        Smoothed loadings are less uncertain than filtered ones, which see the past alone:

        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market"]]
        >>> model = sf.KalmanLoadings(tuning="discount").fit(returns, factors)
        >>> smoothed = model.smooth(returns, factors)["smoothed_variance"].sel(date="2018", factor="market")
        >>> filtered = model.loadings_["filtered_variance"].sel(date="2018", factor="market")
        >>> bool((smoothed < filtered).all())
        True
        """
        from statefolio.loadings import datasets

        panel, filter_, Y, common = self._rewind(returns, factors)
        count, X = len(panel.assets), panel.regressors
        hidden, again = self._never_identified(panel, Y), copy.deepcopy(filter_)
        ratio = errors_over_model(filter_, X, Y, common) if len(filter_.state.error) else None
        smoothed = smooth_panel(filter_, X, Y, common)
        if (unknown := np.flatnonzero(hidden.any(axis=1))).size:
            partly = smooth_panel(with_patience(again), X, Y, common)
            for whole, part in zip(smoothed, partly, strict=True):
                whole[:, :, unknown] = np.where(hidden[unknown].T, np.nan, part[:, :, unknown])
        if ratio is not None:
            scale_errors(smoothed, ratio)
        return datasets.smoothed_dataset(panel, *(by_asset(part, count) for part in smoothed))

    def covariances(self, returns: Any, factors: Any) -> "xr.Dataset":
        """Compute the full covariances of the loadings on every date; `loadings_` has only their diagonals.

        Parameters
        ----------
        returns, factors : DataFrame
            The data of `fit`, or some assets or the first dates of it. Hyper-parameters stay as they are.

        Returns
        -------
        Dataset
            By date, asset, factor and factor_other: predicted_covariance and filtered_covariance. NaN while the
            asset's state is diffuse. It takes 16 K^2 bytes per asset and date.

        Examples
        --------
        >>> import statefolio as sf
        >>> demo = sf.load_demo()
        >>> returns, factors = demo.returns[["AAPL", "KO"]], demo.factors[["market"]]
        >>> model = sf.KalmanLoadings(tuning="discount").fit(returns, factors)
        >>> dict(model.covariances(returns, factors)["filtered_covariance"].sizes)
        {'date': 2263, 'asset': 2, 'factor': 2, 'factor_other': 2}
        """
        from statefolio.loadings import datasets

        panel, filter_, Y, common = self._rewind(returns, factors)
        filter_ = with_patience(filter_)
        predicted, filtered = run_covariances(filter_, panel.regressors, Y, common, len(panel.assets))
        return datasets.covariances_dataset(panel, predicted, filtered)

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the model without its progress callback, which belongs to the session."""
        return {**super().__getstate__(), "progress": None}

    def __sklearn_clone__(self) -> Self:
        """Clone the options and keep the same progress callback."""
        options = self.get_params(deep=False)
        copied = {name: clone_option(value) for name, value in options.items() if name != "progress"}
        return type(self)(**copied, progress=self.progress)
