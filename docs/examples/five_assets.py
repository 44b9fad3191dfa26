"""Five assets on three factors: a filter with guessed variances misses the betas that learned variances find.

    python docs/examples/five_assets.py [FOLDER]

Prints a summary; with a folder, also writes the figures there as one page.
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import page
import pandas as pd
import plotly.graph_objects as go

import statefolio as sf
from statefolio.report import style

Floats = npt.NDArray[np.float64]

FACTORS = ["market", "size", "value"]
TRUTH = pd.DataFrame(
    [
        [0.001, 1.2, -0.3, 0.1],
        [0.002, 0.8, 0.5, -0.2],
        [0.0005, 1, 0.1, 0.6],
        [0.003, 1.1, 0.2, -0.4],
        [0.001, 1, 0, 0],
    ],
    index=[f"asset {number}" for number in range(1, 6)],
    columns=["alpha", *FACTORS],
)
REGIMES = [((0.0004, 0, 0), (1e-4, 5e-5, 3e-5)), ((-0.001, 0.001, -0.0005), (4e-4, 1e-4, 8e-5))]


def simulate() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Simulate 252 days of returns and factors; means and variances of the factors change after half of the days."""
    draw = np.random.RandomState(42)
    dates = pd.bdate_range("2023-01-02", periods=252)
    factors, returns = np.empty((252, 3)), np.empty((252, 5))
    for day in range(252):
        mean, variance = REGIMES[day >= 126]
        factors[day] = draw.multivariate_normal(mean, np.diag(variance))
        for asset, row in enumerate(TRUTH.to_numpy()):
            returns[day, asset] = row[0] + row[1:] @ factors[day] + draw.normal(0, 0.01)
    return pd.DataFrame(returns, dates, TRUTH.index), pd.DataFrame(factors, dates, FACTORS)


def textbook_filter(returns: pd.DataFrame, factors: pd.DataFrame) -> tuple[pd.DataFrame, "pd.Series[float]"]:
    """Run the textbook's filter with guessed variances and mean reversion to zero; return last loadings and R²."""
    draw = np.random.RandomState(0)
    X = np.column_stack([np.ones(len(factors)), factors])
    last, explained = {}, {}
    for asset, r in returns.items():
        m, P = draw.normal(0, 0.1, 4), 0.1 * np.eye(4)
        for x, observed in zip(X, r, strict=True):
            m, P = 0.99 * m, 0.99**2 * P + 1e-5 * np.eye(4)
            K = P @ x / (x @ P @ x + 0.01)
            m, P = m + K * (observed - x @ m), P - np.outer(K, x @ P)
        last[asset] = m
        explained[asset] = 1 - ((r - X @ m) ** 2).sum() / ((r - r.mean()) ** 2).sum()
    return pd.DataFrame(last, index=TRUTH.columns).T, pd.Series(explained)


def our_filter(returns: pd.DataFrame, factors: pd.DataFrame) -> tuple[sf.KalmanLoadings, pd.DataFrame]:
    """Fit the default model; return it with the standard errors of its last loadings."""
    model = sf.KalmanLoadings().fit(returns, factors)
    error = np.sqrt(np.diagonal(model.next_["covariance"].to_numpy(), axis1=1, axis2=2))
    return model, pd.DataFrame(error, TRUTH.index, TRUTH.columns)


def least_squares_error(returns: pd.DataFrame, factors: pd.DataFrame) -> float:
    """Return the error of asset 5's market beta by least squares, in standard errors."""
    X = np.column_stack([np.ones(len(factors)), factors])
    y = returns["asset 5"].to_numpy()
    beta, rest = np.linalg.lstsq(X, y, rcond=None)[:2]
    error = np.sqrt(rest[0] / (len(X) - 4) * np.linalg.inv(X.T @ X)[1, 1])
    return float((beta[1] - 1) / error)


def main(folder: Path | None = None) -> dict[str, object]:
    """Run the example, print its summary, and return its numbers."""
    returns, factors = simulate()
    theirs, explained = textbook_filter(returns, factors)
    model, error = our_filter(returns, factors)
    ours = model.next_["mean"].to_pandas()
    distance = (ours - TRUTH) / error
    print("Market betas on the last day")
    columns = {
        "truth": TRUTH["market"],
        "textbook": theirs["market"],
        "R-squared": explained,
        "statefolio": ours["market"],
    }
    print(pd.DataFrame({**columns, "standard error": error["market"]}).round(3).to_string(), "\n")
    inside = int((distance.abs() < 1.96).to_numpy().sum())
    own = least_squares_error(returns, factors)
    print(f"Of 20 loadings, {inside} are within 1.96 standard errors of the truth.")
    print("The textbook filter shrinks loadings to zero and assumes a noise variance of 100 times the true one.")
    print(f"The sample of asset 5 is unusual: least squares misses its market beta by {own:.2f} standard errors too.")
    if folder is not None:
        page.write(folder / "five_assets.html", "Five assets on three factors", figures(returns, factors, model))
    return {"textbook": theirs, "explained": explained, "ours": ours, "error": error, "least_squares": own}


def figures(returns: pd.DataFrame, factors: pd.DataFrame, model: sf.KalmanLoadings) -> dict[str, go.Figure]:
    """Draw returns, loadings with the truth, and the contributions to the last day's returns."""
    found = {"Factor returns, %": page.line_chart(100 * factors), "Asset returns, %": page.line_chart(100 * returns)}
    path, error = model.loadings_["filtered"], np.sqrt(model.loadings_["filtered_variance"])
    for factor in FACTORS:
        figure = page.line_chart(path.sel(factor=factor).to_pandas())
        figure.update_yaxes(
            range=[TRUTH[factor].min() - 0.7, TRUTH[factor].max() + 0.7]
        )  # the bands of the first days are wider
        for color, (asset, truth) in zip(style.COLOURS, TRUTH[factor].items(), strict=False):
            figure.add_hline(y=truth, line={"color": color, "dash": "dot", "width": 1})
            middle, half = path.sel(factor=factor, asset=asset), 1.96 * error.sel(factor=factor, asset=asset)
            page.add_band(figure, (middle - half).to_series(), (middle + half).to_series(), color)
        found[f"Loadings on {factor}: estimate with 95 % band (dotted: truth)"] = figure
    earned = model.contributions(returns, factors)["contribution"].isel(date=-1).to_pandas()
    found["Contributions to the last day's returns, %"] = page.stacked_bars(100 * earned)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
