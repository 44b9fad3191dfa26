import re
from pathlib import Path

import numpy as np

README = Path(__file__).parents[2] / "src" / "statefolio" / "adapters" / "README.md"


def test_its_example_runs():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) == 1
    names = {}
    exec(blocks[0], names)
    exposure = names["model"].prior_estimator_.risk_.exposures_["market"].to_numpy() @ names["model"].weights_
    assert exposure <= 0.9 + 1e-6
    assert np.isfinite(names["online"].annualized_standard_deviation)


def test_it_names_every_file():
    files = {path.name for path in README.parent.glob("*.py")} - {"__init__.py"}
    assert files <= set(re.findall(r"`(\w+\.py)`", README.read_text(encoding="utf-8")))
