"""Makes the starter's notebook."""

import json

_CELLS = (
    ("markdown", "# {name}\n\nThe public data, a model of loadings, and a submission, from reading to testing."),
    (
        "code",
        'import pandas as pd\nimport statefolio as sf\n\nreturns = pd.read_parquet("data/returns.parquet")\n'
        'factors = pd.read_parquet("data/factors.parquet")\nreturns.shape, factors.columns.tolist()',
    ),
    ("markdown", "What each factor earned lately, with 95 % bands. A band across zero may be chance."),
    (
        "code",
        'import json\nfrom pathlib import Path\n\npage = json.loads(Path("data/factor_page.json").read_text())\n'
        'pd.DataFrame({{each["name"]: each["windows"]["month"] for each in page["factors"]}}).T',
    ),
    ("markdown", "Loadings over time, by Kalman filter: predicted ones use earlier dates alone."),
    (
        "code",
        "model = sf.KalmanLoadings().fit(returns, factors)\n"
        'model.loadings_["predicted"].sel(asset=returns.columns[0]).to_pandas().tail()',
    ),
    ("markdown", "A submission is a file. Test it with the engine that scores it, then send it from a terminal."),
    ("code", 'print(Path("{first}").read_text())'),
    (
        "code",
        "from statefolio.challenge.client.trial import read_file, try_submission\n\n"
        'trial = try_submission(read_file(Path("{first}")), Path("data"))\n'
        "trial.scored.value, trial.scored.standard_error, trial.looks_ahead",
    ),
    ("markdown", "    statefolio challenge submit {first} --wait"),
)


def notebook(name: str, first: str) -> str:
    """Return the notebook as JSON (nbformat 4.5).

    Parameters
    ----------
    name : str
        Of the challenge.
    first : str
        The submission file that it tests.
    """
    cells = []
    for number, (kind, text) in enumerate(_CELLS):
        lines = text.format(name=name, first=first).splitlines(keepends=True)
        cell = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": lines}
        cells.append(cell if kind == "markdown" else {**cell, "execution_count": None, "outputs": []})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    made = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
