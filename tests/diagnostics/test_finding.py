import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import Diagnosis, Finding
from statefolio.exceptions import UnknownNameError

TABLE = pd.DataFrame({"value": [1.0]})
TESTED = Finding("tested", 3.2, 0.01, 0.05, True, "Something is wrong.", TABLE)
UNSAID = Finding("unsaid", np.nan, np.nan, np.nan, None, "Nothing can be said.", TABLE)


def test_a_summary_has_a_row_a_finding():
    table = Diagnosis("specification", (TESTED, UNSAID)).summary()
    assert list(table.index) == ["tested", "unsaid"]
    assert list(table.columns) == ["failure", "statistic", "p_value", "level", "rejected", "verdict"]
    assert table.loc["tested"].tolist() == ["specification", 3.2, 0.01, 0.05, True, "Something is wrong."]
    assert table.loc["unsaid", "rejected"] is None


def test_nobody_is_excluded_unless_somebody_is():
    excluded = Diagnosis("estimation", ()).excluded
    assert excluded.empty
    assert list(excluded.columns) == ["reason"]


def test_findings_by_name():
    diagnosis = Diagnosis("specification", (TESTED, UNSAID))
    assert diagnosis["tested"] is TESTED
    with pytest.raises(UnknownNameError, match=r"a finding about .*'tested', 'unsaid'.*, got"):
        diagnosis["other"]
