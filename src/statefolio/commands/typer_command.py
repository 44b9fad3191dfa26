"""Builds a typer command from an option record, and turns errors and interrupts into messages and exit codes."""

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import MISSING
from typing import Annotated, Any, TypeVar

import typer

from statefolio.commands.app import app
from statefolio.commands.options import Declared, declared_options, make_record
from statefolio.exceptions import StatefolioError

Record = TypeVar("Record")
Body = Callable[[Record], None]


def command(
    record: type[Record], group: typer.Typer | None = None, name: str | None = None
) -> Callable[[Body[Record]], Body[Record]]:
    """Register a function of an option record as a command of the same name; its docstring is the command's help."""
    options = tuple(declared_options(record))

    def register(body: Body[Record]) -> Body[Record]:
        def run(**typed: Any) -> None:
            with exit_codes():
                given = make_record(record, {each.field: each.value(typed[each.field]) for each in options})
                from statefolio._plausible.warn import warned_once  # slow: after the options are checked

                with warned_once():
                    body(given)

        parameters = [_parameter(each) for each in options]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        (group or app).command(name=name or body.__name__, help=inspect.getdoc(body))(run)
        return body

    return register


@contextmanager
def exit_codes() -> Iterator[None]:
    """Exit with code 2 and one message after an error of the library, with code 130 after an interrupt."""
    try:
        yield
    except StatefolioError as error:
        from statefolio.commands.terminal import show_error

        show_error(error)
        raise typer.Exit(2) from error
    except KeyboardInterrupt as stop:
        print(f"Interrupted; {str(stop) or 'nothing was written.'}", file=sys.stderr)
        raise typer.Exit(130) from stop


def _parameter(declared: Declared) -> inspect.Parameter:
    """Return the parameter that typer turns into the option."""
    option, kind, default = declared.option, declared.type, declared.default
    shown = option.default_text or True if default is None else True
    if declared.words or declared.read is not None:  # typed as text, which `declared.value` reads
        kind = list[str] | None if option.repeated else str if declared.required else str | None
        default = _written(default)
    if option.argument:
        info: Any = typer.Argument(help=option.help, metavar=option.metavar, show_default=shown)
    else:
        negated = f"/--no-{declared.name.removeprefix('--')}" if kind is bool and default is True else ""
        complete = (lambda: list(declared.words)) if declared.words else None
        info = typer.Option(
            f"{declared.name}{negated}",
            help=option.help,
            metavar=declared.metavar,
            show_default=shown,
            autocompletion=complete,
        )
    return inspect.Parameter(
        declared.field,
        inspect.Parameter.KEYWORD_ONLY,
        default=inspect.Parameter.empty if declared.required else default,
        annotation=Annotated[kind, info],
    )


def _written(default: Any) -> str | None:
    """Return a default as the user would type it."""
    if isinstance(default, tuple):
        return ",".join(f"{each:g}" for each in default)
    return None if default is None or default is MISSING else str(default)
