"""The commands `compact` and `export`, of stores of loadings."""

from statefolio.commands.loadings.store_options import CompactOptions, ExportOptions
from statefolio.commands.typer_command import command


@command(CompactOptions)
def compact(options: CompactOptions) -> None:
    """Move the dates that `update --store` appended into the big arrays of a store."""
    from rich.markup import escape

    from statefolio.commands.terminal import Terminal
    from statefolio.loadings.stores.store import LoadingsStore

    with Terminal() as terminal:
        store = LoadingsStore.open(options.path)
        moved = store.compact()
        said = f"{moved:,} dates moved" if moved else "No dates to move"
        terminal.out.print(f"{said}: {escape(str(options.path))} ends on {store.dates[-1]:%Y-%m-%d}.", soft_wrap=True)


@command(ExportOptions)
def export(options: ExportOptions) -> None:
    """Write loadings as Parquet, CSV, Arrow or netCDF, of a store or of the folder of an earlier run."""
    from rich.markup import escape

    from statefolio.commands.loadings.export_job import export_source
    from statefolio.commands.terminal import Terminal

    with Terminal() as terminal:
        path = export_source(options)
        size = path.stat().st_size
        shown = f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size:,} bytes"
        terminal.out.print(f"Written to [bold]{escape(str(options.to))}[/bold] ({shown}).", soft_wrap=True)
