"""The commands `pairs`, `pairs update`, `pairs portfolio` and `screen`."""

from statefolio.commands.pairs.options import PairsOptions, PairsUpdateOptions, PortfolioOptions, ScreenOptions
from statefolio.commands.typer_command import command


@command(PairsOptions)
def pairs(options: PairsOptions) -> None:
    """Hedge a basket, judge whether it reverts to its mean, walk it forward, and print the positions to hold now."""
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.pairs.job import FILES, run_pairs
    from statefolio.commands.pairs.price_inputs import read_price_inputs
    from statefolio.commands.pairs.terminal_output import show_pairs
    from statefolio.commands.terminal import Terminal

    check_folder(options.output.out, FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_price_inputs(options.files)
        terminal.show_inputs(inputs)
        show_pairs(terminal, run_pairs(inputs, options, terminal))


@command(PairsUpdateOptions, name="pairs update")
def pairs_update(options: PairsUpdateOptions) -> None:
    """Continue a basket of `pairs` over new dates: what to hold, the orders, and whether it drifts."""
    from statefolio.commands.pairs.update_job import run_update
    from statefolio.commands.pairs.update_output import show_update
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        show_update(terminal, run_update(options))


@command(PortfolioOptions, name="pairs portfolio")
def pairs_portfolio(options: PortfolioOptions) -> None:
    """Screen a universe until a date, trade the survivors together after it, and compare with random baskets."""
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.pairs.portfolio_job import FILES, run_portfolio
    from statefolio.commands.pairs.portfolio_output import show_portfolio
    from statefolio.commands.pairs.price_inputs import read_price_inputs
    from statefolio.commands.terminal import Terminal

    check_folder(options.output.out, FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_price_inputs(options.files)
        terminal.show_inputs(inputs)
        show_portfolio(terminal, run_portfolio(inputs, options, terminal))


@command(ScreenOptions)
def screen(options: ScreenOptions) -> None:
    """Test all pairs of a universe for cointegration, filter them, and confirm the rest on a later period."""
    from statefolio.commands.output_folder import check_folder
    from statefolio.commands.pairs.price_inputs import read_price_inputs
    from statefolio.commands.pairs.screen_job import FILES, run_screen
    from statefolio.commands.pairs.terminal_output import show_screen
    from statefolio.commands.terminal import Terminal

    check_folder(options.output.out, FILES, overwrite=options.output.overwrite)
    with Terminal() as terminal:
        inputs = read_price_inputs(options.files)
        terminal.show_inputs(inputs)
        show_screen(terminal, run_screen(inputs, options, terminal))
