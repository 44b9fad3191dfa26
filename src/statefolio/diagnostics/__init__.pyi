from .change.change import diagnose_change as diagnose_change
from .collinearity.collinearity import diagnose_collinearity as diagnose_collinearity
from .estimation.estimation import diagnose_estimation as diagnose_estimation
from .finding import Diagnosis as Diagnosis
from .finding import Finding as Finding
from .parameters import ParameterCount as ParameterCount
from .parameters import parameter_count as parameter_count
from .specification.specification import diagnose_specification as diagnose_specification
