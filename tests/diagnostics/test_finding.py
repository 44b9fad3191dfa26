import numpy as np
import pandas as pd
import pytest

from statefolio.diagnostics import Diagnosis, Finding
from statefolio.diagnostics.finding import p_value_text
from statefolio.exceptions import UnknownNameError

TABLE = pd.DataFrame({"value": [1.0]})
TESTED = Finding("tested", 3.2, 0.01, 0.05, True, "Something is wrong.", TABLE)
UNSAID = Finding("unsaid", np.nan, np.nan, np.nan, None, "Nothing can be said.", TABLE)


def test_a_summary_has_one_row_per_finding():
    table = Diagnosis("specification", (TESTED, UNSAID)).summary()
    assert list(table.index) == ["tested", "unsaid"]
    assert list(table.columns) == ["failure", "statistic", "p_value", "level", "rejected", "verdict"]
    assert table.loc["tested"].tolist() == ["specification", 3.2, 0.01, 0.05, True, "Something is wrong."]
    assert table.loc["unsaid", "rejected"] is None


def test_excluded_is_empty_by_default():
    excluded = Diagnosis("estimation", ()).excluded
    assert excluded.empty
    assert list(excluded.columns) == ["reason"]


def test_findings_by_name():
    diagnosis = Diagnosis("specification", (TESTED, UNSAID))
    assert diagnosis["tested"] is TESTED
    with pytest.raises(UnknownNameError, match=r"a finding about .*'tested', 'unsaid'.*, got"):
        diagnosis["other"]


@pytest.mark.parametrize(("p_value", "text"), [(0.0004, "p < .001"), (0.001, "p = 0.001"), (0.25, "p = 0.250")])
def test_p_values_have_three_decimals(p_value, text):
    assert p_value_text(p_value) == text
