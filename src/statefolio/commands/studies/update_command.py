"""The command `update`, of a study, a saved model or a store of loadings."""

from pathlib import Path

from statefolio.commands.studies.options import UpdateOptions
from statefolio.commands.typer_command import command
from statefolio.exceptions import InputError, OutputError


@command(UpdateOptions)
def update(options: UpdateOptions) -> None:
    """Walk a study to its newest date and print its orders, or continue a saved model or a store over new dates."""
    given = [each for each in (options.study, options.model, options.store) if each is not None]
    files = options.returns, options.factors
    if len(given) == 1 and options.study is not None and files == (None, None):
        _update_study(options.study, options)
    elif len(given) == 1 and options.study is None and options.returns and options.factors:
        _update_model(options.returns, options.factors, options)
    else:
        raise InputError(
            "update needs either a study file, or --model with --returns and --factors, or --store with these two. "
            "Pass one of these three."
        )


def _update_study(study: Path, options: UpdateOptions) -> None:
    import pandas as pd

    from statefolio.commands.studies.age import check_age
    from statefolio.commands.studies.fills.broker_formats import OWN
    from statefolio.commands.studies.reading import open_study
    from statefolio.commands.studies.terminal_output import show_orders
    from statefolio.commands.studies.update import only, update_study, write_orders
    from statefolio.commands.terminal import Terminal

    if options.orders is None and options.broker_format != OWN:
        raise InputError("--broker-format needs --orders, the file to write. Pass both.")
    if options.orders is not None and (options.orders.is_dir() or not options.orders.absolute().parent.is_dir()):
        raise OutputError(f"--orders must be a file in a folder that exists, got {options.orders}. Name another file.")
    with Terminal() as terminal:
        as_of = None if options.as_of is None else pd.Timestamp(options.as_of)
        file = open_study(study)
        updated = update_study(file, terminal, holdings=options.holdings, cash=options.cash, as_of=as_of)
        updated = only(updated, options.portfolio)
        if not options.force:
            check_age(updated)
        if options.orders is not None:
            write_orders(options.orders, updated, options.broker_format, options.currency)
        show_orders(terminal, updated)


def _update_model(returns: Path, factors: list[Path], options: UpdateOptions) -> None:
    from statefolio.commands.loadings.terminal_output import show_updated
    from statefolio.commands.loadings.update import update_model, update_store
    from statefolio.commands.shared_options import PanelFiles
    from statefolio.commands.terminal import Terminal

    files = PanelFiles(
        returns=returns,
        factors=factors,
        form=options.form,
        factors_form=options.factors_form,
        prices=options.prices,
        percent=options.percent,
        factors_percent=options.factors_percent,
        risk_free=options.risk_free,
    )
    with Terminal() as terminal:
        if options.store is not None:
            show_updated(terminal, update_store(options.store, files, terminal, force=options.force))
        elif options.model is not None:
            show_updated(terminal, update_model(options.model, files, terminal, force=options.force))
