"""Books dividends, rebates, fees, deposits and withdrawals of an account at the close, in compiled code.

With V the value after everything else on a date, m the management fee per date, p the performance fee, H the high-water
mark and A the fee accrued since the last crystallisation, in this order:

    management fee       m V
    performance fee      A' - A,  A' = p max(V + A - H, 0), V after the management fee: negative where gains are lost
    deposit D            V + D,  H + D
    withdrawal W         V - W,  H (V - W) / V,  A (V - W) / V: its share of the accrued fee is paid for good

On the first date of a period, H becomes max(H, V) of the previous close and A zero. The fee is charged to cash as it
accrues, so that returns are net of it on every date, and a date's fee depends on no later date.
"""

from statefolio.backtest.account_arrays import DEPOSITS, DIVIDENDS, MANAGEMENT, PERFORMANCE, REBATE, WITHDRAWALS
from statefolio.backtest.value_after_costs import compiled, total

# mypy: disable-error-code="no-untyped-def,no-untyped-call"


@compiled
def income_of(positions, dividends, rebate):
    """Return the dividends of positions and the rebate on short ones, per date; both may be negative."""
    paid, rebated = 0.0, 0.0
    for i in range(len(positions)):
        paid += positions[i] * dividends[i]
        rebated += rebate[i] * max(-positions[i], 0.0)
    return paid, rebated


@compiled
def charge(t, before, income, charges, state, ledger):
    """Book a date's income and charges; `before` is the value at the previous close."""
    high_water = state.high_water
    if charges.new_period[t]:
        high_water[0], high_water[1] = max(high_water[0], before), 0.0
    state.cash[0] += income[0] + income[1]
    value = total(state.positions) + state.cash[0]
    management = charges.management * max(value, 0.0)
    value -= management
    accrued = charges.performance * max(value + high_water[1] - high_water[0], 0.0)
    performance = accrued - high_water[1]
    value -= performance
    deposit, withdrawal = charges.deposits[t], charges.withdrawals[t]
    high_water[0] += deposit
    high_water[1] = accrued
    value += deposit
    if withdrawal > 0.0:
        stays = max(value - withdrawal, 0.0) / value if value > 0.0 else 0.0
        high_water[0] *= stays
        high_water[1] *= stays
    state.cash[0] += deposit - withdrawal - management - performance
    ledger[DIVIDENDS], ledger[REBATE] = income
    ledger[MANAGEMENT], ledger[PERFORMANCE] = management, performance
    ledger[DEPOSITS], ledger[WITHDRAWALS] = deposit, withdrawal
