"""The same model in statsmodels."""

import warnings

import numpy as np
from statsmodels.tools.sm_exceptions import ConvergenceWarning
from statsmodels.tsa.statespace.mlemodel import MLEModel


class Regression(MLEModel):
    """Random-walk coefficients, exact diffuse start; parameters are standard deviations, the noise's first."""

    def __init__(self, y, X):
        states = X.shape[1]
        super().__init__(y, k_states=states, initialization="diffuse")
        self["design"] = X.T[None]
        self["transition"] = np.eye(states)
        self["selection"] = np.eye(states)
        self["state_cov"] = np.zeros((states, states))
        self.ssm.tolerance = 0.0
        self.ssm.tolerance_diffuse = 1e-12

    @property
    def param_names(self):
        return [f"deviation{j}" for j in range(1 + self.k_states)]

    @property
    def start_params(self):
        spread = np.nanstd(self.endog)
        return np.array([0.9 * spread, *np.full(self.k_states, 0.05 * spread)])

    def update(self, params, **options):
        params = super().update(params, **options)
        self["obs_cov", 0, 0] = params[0] ** 2
        self["state_cov"] = np.diag(params[1:] ** 2)
        return params


def highest(y, X, start=None):
    """The highest log-likelihood that statsmodels' own optimiser reaches, from its own start or from a given one."""
    model = Regression(y, X)
    start = model.start_params if start is None else start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        found = model.fit(start, method="lbfgs", maxiter=200, disp=0, cov_type="none", pgtol=1e-8, factr=10.0)
    return float(found.llf)
