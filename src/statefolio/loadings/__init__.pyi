from .base import LoadingsModel as LoadingsModel
from .kalman_loadings import KalmanLoadings as KalmanLoadings
from .least_squares import ExponentialLoadings as ExponentialLoadings
from .least_squares import RollingLoadings as RollingLoadings
from .least_squares import StaticLoadings as StaticLoadings
from .results import concat_results as concat_results
from .stores.store import LoadingsStore as LoadingsStore
