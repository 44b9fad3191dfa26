"""Names the columns and measures of reports in the field's words, with units."""

HEADINGS = {
    "annual_alpha": "Annual alpha",
    "annual_fees": "Annual fees",
    "annual_return": "Annual return",
    "annual_trading_costs": "Annual trading costs",
    "annual_volatility": "Annual volatility",
    "calmar": "Calmar",
    "currency": "Value, currency",
    "cvar_95": "CVaR 95 %",
    "daily_turnover": "Daily turnover",
    "deflated_sharpe": "Deflated Sharpe",
    "distance": "Distance (mean over dates)",
    "drawdown": "Maximum drawdown",
    "drawdown_dates": "Length of the maximum drawdown, dates",
    "log_score_common": "Log score, common noise model",
    "lower": "Lower 95 % limit",
    "maximum_drawdown": "Maximum drawdown",
    "minimum_track_record": "Minimum track record, dates",
    "outside": "Share outside the limits",
    "p": "p-value",
    "p_value": "p-value",
    "probabilistic_sharpe": "Probabilistic Sharpe",
    "q": "q-value",
    "q_value": "q-value",
    "qlike": "QLIKE",
    "r_squared": "R²",
    "recovery_dates": "Recovery from the maximum drawdown, dates",
    "share_best_error_variance": "Share of assets with the lowest error variance",
    "share_best_log_score": "Share of assets with the best log score",
    "share_best_log_score_common": "Share of assets with the best log score, common noise model",
    "sharpe": "Sharpe",
    "sharpe_error": "Standard error of Sharpe",
    "sortino": "Sortino",
    "upper": "Upper 95 % limit",
    "value_at_risk": "Value at risk",
    "value_at_risk_95": "Value at risk 95 %",
}
"""Headings that are more than the name with spaces and a capital."""
_PLAIN_NAMES = """
    active_return asset assets basket bias calibrated_p candidate chosen configuration cost_drag date dates detail
    error_variance finding finished first_difference gross_exposure half_life hit_rate hypothesis in_sample
    information_ratio kind kurtosis level log_score measure median model net_exposure order out_of_sample parameter
    path policy portfolio portfolios rank rank_at_most reason rejected return returns rule seed series share shares
    skewness standard_error started statistic strategy test_from test_until tested_from tested_until total_return
    trace tracking_error trades train_from train_until trial turnover value verdict volatility weight window
"""
NAMES = frozenset(_PLAIN_NAMES.split())
"""Names of columns and measures that become headings by a capital and spaces; all other names stay unchanged."""


PROPER_NAMES = ("Calmar", "CVaR", "QLIKE", "R²", "Sharpe", "Sortino")


def heading(name: object) -> str:
    """Return the heading of a column or measure; names of strategies, assets and factors stay unchanged.

    >>> heading("cvar_95"), heading("out_of_sample"), heading("p_value"), heading("my strategy")
    ('CVaR 95 %', 'Out of sample', 'p-value', 'my strategy')
    """
    text = str(name)
    if text in HEADINGS:
        return HEADINGS[text]
    return capitalised(text.replace("_", " ")) if text in NAMES else text


def in_sentence(name: object) -> str:
    """Return the name of a measure as it reads within a sentence.

    >>> in_sentence("sharpe"), in_sentence("maximum_drawdown")
    ('Sharpe', 'maximum drawdown')
    """
    text = heading(name).replace("_", " ")
    return text if text.startswith(PROPER_NAMES) else text[:1].lower() + text[1:]


def capitalised(text: str) -> str:
    """Return a text with its first letter as a capital."""
    return text[:1].upper() + text[1:]
