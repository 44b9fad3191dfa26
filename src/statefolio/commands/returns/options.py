"""The options of `statefolio tearsheet`."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from statefolio._options import Number
from statefolio.commands.options import Option
from statefolio.commands.shared_options import FileForm, First, Last, Prices


@dataclass(frozen=True, kw_only=True)
class TearSheetOptions:
    """Options of `statefolio tearsheet`."""

    returns: Annotated[Path, Option("Returns by date, in decimals: CSV, Parquet or Excel.", argument=True, file=True)]
    column: Annotated[str | None, Option("Column of the returns, where the file has several.", metavar="COLUMN")] = None
    benchmark: Annotated[Path | None, Option("File with the returns of a benchmark.", file=True)] = None
    benchmark_column: Annotated[
        str | None,
        Option("Column of the benchmark in its file; without --benchmark in the file of returns.", metavar="COLUMN"),
    ] = None
    benchmark_form: Annotated[
        list[str] | None,
        Option(
            "How the file of the benchmark is written, e.g. date-format=%d/%m/%Y; may be given several times.",
            metavar="WORD=VALUE",
            repeated=True,
        ),
    ] = None
    form: FileForm = field(default_factory=FileForm)
    prices: Prices = False
    percent: Annotated[bool, Option("The returns are in percent.")] = False
    cash_rate: Annotated[float, Option("Return of cash per date, in decimals.", Number(above=-1.0, below=1.0))] = 0.0
    first: First = None
    last: Last = None
    out: Annotated[Path, Option("HTML file to write the report into.")] = Path("tearsheet.html")
    overwrite: Annotated[bool, Option("Replace an existing file.")] = False
