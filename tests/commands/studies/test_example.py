"""The example that `statefolio init` writes."""

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import get_args

import pytest

from statefolio.commands.studies.example import example_source, write_example
from statefolio.commands.studies.reading import open_study, parse_study
from statefolio.commands.studies.schema.field_types import Table
from statefolio.commands.studies.schema.portfolio_tables import Optimised
from statefolio.commands.studies.schema.study import Study
from statefolio.exceptions import OutputError


def test_it_is_a_study_on_bundled_data(tmp_path):
    file = write_example(tmp_path)
    assert file == tmp_path / "study.toml"
    study = open_study(file).study
    assert study.data.source == "demo"
    objectives = {name: table.objective for name, table in study.portfolio.items()}
    assert objectives == {"risk_budget": "risk_budget", "quarter_kelly": "kelly", "equal_weight": "equal_weight"}
    assert study.portfolio["quarter_kelly"].fraction == 0.25
    assert study.backtest.benchmark == "equal_weight"
    assert study.backtest.costs.proportional > 0
    assert study.validation.holdout is not None


@dataclass
class Block:
    """A table of the example, with its lines: active ones, and fields in comments."""

    header: str
    active: bool
    lines: list[str]

    @property
    def text(self):
        return "\n".join(["", f"[{self.header}]", *(line.removeprefix("# ") for line in self.lines)])


def blocks():
    found = []
    for line in example_source().splitlines():
        header = re.match(r"(# )?\[([\w.]+)\]", line)
        if header:
            found.append(Block(header[2], not header[1], []))
        elif re.match(r"(# )?\w+ = ", line):
            found[-1].lines.append(line)
    return found


def name_of(line):
    return line.removeprefix("# ").split(" = ")[0]


def written(parts, change=None, lines=None):
    """Return the active part of the example, with the lines of one block changed, and other blocks in place of some."""
    replaced = {part.header for part in parts}
    active = [block for block in blocks() if block.active and block.header not in replaced]
    text = []
    for block in active:
        own = [line for line in block.lines if not line.startswith("# ")]
        text.append(Block(block.header, True, lines if block.header == change else own).text)
    return "\n".join([*text, *(part.text for part in parts)])


def variations():
    """Yield the example, with each field and each table in a comment in place of what is active."""
    every = blocks()
    inactive = [block for block in every if not block.active]

    def other(header, kind):
        return next(
            block
            for block in inactive
            if block.header == header and any(each.startswith(f'# kind = "{kind}"') for each in block.lines)
        )

    form = next(block for block in inactive if block.header == "data.form")
    mean, shrunk, none = other("views", "kalman_mean"), other("risk", "shrunk"), other("factors", "none")
    yield written([])
    for block in every:
        if not block.active:
            continue
        own = [line for line in block.lines if not line.startswith("# ")]
        sources = [place for place, line in enumerate(block.lines) if line.startswith("# source")]
        single = block.lines[: sources[0]] if sources else block.lines
        for line in single:
            if line.startswith("# "):
                yield written([], block.header, [*(each for each in own if name_of(each) != name_of(line)), line])
        if sources:  # the fields of files go together
            files = block.lines[sources[0] :]
            yield written([], block.header, files)
            yield written([form], block.header, [line for line in files if not line.startswith("# form")])
    for block in inactive:
        parts = [block]
        if block.header == "risk":
            parts.append(mean)
        if block.header == "data" or block is none:
            parts += [mean, shrunk, *([] if block is none else [none])]
        if block is not form:
            yield written(parts)


def given(table):
    """Yield the tables inside of a study, with the fields that the file gives."""
    yield type(table), table.model_fields_set
    for name in type(table).model_fields:
        value = getattr(table, name)
        for part in value.values() if isinstance(value, dict) else [value]:
            if isinstance(part, Table):
                yield from given(part)


def every_table(annotation):
    """Yield the tables that an annotation names, and those inside of them."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        yield annotation
        for field in annotation.model_fields.values():
            yield from every_table(field.annotation)
    else:
        for part in get_args(annotation):
            yield from every_table(part)


def test_the_example_shows_every_field_of_the_schema():
    """Every field and every table in a comment is valid in place of what is active, and together they are all."""
    shown = defaultdict(set)
    for text in variations():
        for table, fields in given(parse_study(text, "example")):
            for kind in table.__mro__:
                shown[kind] |= fields
    for table in set(every_table(Study)):
        if list(table.model_fields) == ["kind"]:  # a word without options
            assert f'"{get_args(table.model_fields["kind"].annotation)[0]}"' in example_source()
            continue
        known = shown[table] | (shown[Optimised] if issubclass(table, Optimised) else set())
        assert set(table.model_fields) == known & set(table.model_fields), table


def test_every_field_of_the_example_has_a_comment():
    for block in blocks():
        for line in block.lines:
            assert re.search(r"\s+# \S", line.removeprefix("# ")), line


def test_an_existing_file_is_not_replaced(tmp_path):
    write_example(tmp_path / "mine.toml")
    (tmp_path / "mine.toml").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        write_example(tmp_path / "mine.toml")
    assert (tmp_path / "mine.toml").read_text() == "mine"
    with pytest.raises(OutputError, match="cannot be written"):
        write_example(tmp_path / "nowhere" / "mine.toml")
