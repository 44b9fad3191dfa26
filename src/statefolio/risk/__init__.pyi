from .active import active_risk as active_risk
from .attribution import attribute_return as attribute_return
from .attribution import attribute_risk as attribute_risk
from .attribution_periods import attribution_by_period as attribution_by_period
from .factor_risk import FactorRisk as FactorRisk
from .low_rank import LowRankCovariance as LowRankCovariance
from .residual_structure import ResidualFactors as ResidualFactors
from .residual_structure import SectorBlocks as SectorBlocks
