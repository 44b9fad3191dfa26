from .characteristic import characteristic_factors as characteristic_factors
from .loading_matrix import KalmanLoadingMatrix as KalmanLoadingMatrix
from .prior import KalmanFactorPrior as KalmanFactorPrior
