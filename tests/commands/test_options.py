"""Option records, and the typer commands that are built from them."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import pytest
from typer.testing import CliRunner

from statefolio._options import Number, Whole
from statefolio.commands import typer_command
from statefolio.commands.options import Option, declared_options, read_names
from statefolio.exceptions import InputError


@dataclass(frozen=True, kw_only=True)
class Place:
    out: Annotated[Path, Option("Folder to write.")]
    overwrite: Annotated[bool, Option("Replace it.")] = False


@dataclass(frozen=True, kw_only=True)
class Model:
    noise: Annotated[Literal["ewma", "constant"], Option("How the noise moves.")] = "ewma"
    common: Annotated[bool, Option("One level for all.")] = True


@dataclass(frozen=True, kw_only=True)
class Fit:
    place: Place
    model: Model = field(default_factory=Model)
    refit_every: Annotated[int, Option("Dates between refits.", Whole(at_least=1, example=21))] = 21
    cost: Annotated[float | None, Option("Cost of trading.", Number(at_least=0.0))] = None
    first: Annotated[datetime | None, Option("First date.", name="--from")] = None
    assets: Annotated[tuple[str, ...] | None, Option("Assets.", metavar="A,B", read=read_names)] = None
    triples: Annotated[
        list[tuple[str, ...]] | None, Option("More.", name="--triple", read=read_names, repeated=True)
    ] = None


@pytest.fixture
def fit(monkeypatch):
    """Return a function that types a command line, and the list of the records that the command received."""
    import typer

    app = typer.Typer()
    app.callback()(lambda: None)
    monkeypatch.setattr(typer_command, "app", app)
    received = []

    @typer_command.command(Fit)
    def fit(options: Fit) -> None:
        """Fit a model."""
        if options.cost == 13.0:
            raise InputError("--cost must not be 13.")
        if options.cost == 14.0:
            raise KeyboardInterrupt
        received.append(options)

    def typed(*arguments):
        done = CliRunner().invoke(app, ["fit", *arguments], env={"COLUMNS": "200"})
        return done, re.sub(r"\x1b\[[0-9;]*m", "", done.output)

    return typed, received


def test_the_command_receives_the_record_with_its_defaults(fit):
    typed, received = fit
    done, output = typed("--out", "here")
    assert done.exit_code == 0, output
    assert received == [Fit(place=Place(out=Path("here")))]


def test_options_of_inner_records_and_read_values(fit):
    typed, received = fit
    arguments = "--out here --overwrite --noise constant --no-common --refit-every 5 --from 2020-01-31 --assets A,B"
    done, output = typed(*arguments.split(), "--triple", "A,B,C", "--triple", "A, B, D")
    assert done.exit_code == 0, output
    assert received[0] == Fit(
        place=Place(out=Path("here"), overwrite=True),
        model=Model(noise="constant", common=False),
        refit_every=5,
        first=datetime(2020, 1, 31),
        assets=("A", "B"),
        triples=[("A", "B", "C"), ("A", "B", "D")],
    )


def test_help_shows_names_defaults_and_valid_words(fit):
    done, output = fit[0]("--help")
    assert done.exit_code == 0
    for part in ("Fit a model.", "--refit-every", "Dates between refits. [default: 21]", "ewma|constant", "YYYY-MM-DD"):
        assert part in output
    assert re.search(r"--from +YYYY-MM-DD", output)
    assert "--no-common" in output
    assert "--no-overwrite" not in output  # a flag that is off by default has no negation


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--refit-every", "0"],
            "--refit-every must be a whole number of at least 1, got 0. Pass e.g. --refit-every",
        ),
        (["--cost", "-1"], "--cost must be a finite number of at least 0, got -1.0."),
        (["--refit-every", "often"], "--refit-every must be a whole number, got 'often'."),
        (["--cost", "cheap"], "--cost must be a number, got 'cheap'."),
        (["--cost", "nan"], "--cost must be a finite number of at least 0, got nan."),
        (["--noise", "loud"], "--noise must be 'ewma' or 'constant', got 'loud'. Pass e.g. --noise='ewma'."),
        (["--from", "soon"], "--from must be a date such as 2015-12-31, got 'soon'."),
        (["--cost", "13"], "--cost must not be 13."),
    ],
)
def test_an_error_names_the_option_as_it_is_typed(fit, arguments, message):
    typed, received = fit
    done, output = typed("--out", "here", *arguments)
    assert done.exit_code == 2
    assert message in output
    assert not received


def test_an_interrupt_has_its_exit_code(fit):
    done, output = fit[0]("--out", "here", "--cost", "14")
    assert done.exit_code == 130
    assert "nothing was written" in output


def test_a_default_record_replaces_the_defaults_of_its_fields():
    @dataclass(frozen=True, kw_only=True)
    class Demo:
        place: Place = Place(out=Path("demo"))

    Demo.__annotations__["place"] = Place
    out, overwrite = declared_options(Demo)
    assert (out.default, out.required, overwrite.default) == (Path("demo"), False, False)


def test_a_field_without_a_declaration_is_a_mistake_of_the_programmer():
    @dataclass(frozen=True)
    class Bare:
        window: int = 5

    with pytest.raises(TypeError, match=r"Bare\.window must be annotated with an Option"):
        list(declared_options(Bare))
