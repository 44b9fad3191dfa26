"""The words for how a file is written: on the command line, in a study file, and in what errors say."""

import pytest

from statefolio.commands.file_forms import form_of_words, read_file, typed, typed_for_factors
from statefolio.commands.shared_options import FileForm
from statefolio.exceptions import InputError, StatefolioError

TWO_WAYS = "Date,AAA,BBB\n01/03/2023,1,2\n01/04/2023,2,3\n"
NUMBERED = "date,number,ret\n2020-01-01,10001,0.5\n2020-01-01,10002,0.25\n"


@pytest.fixture
def file(tmp_path):
    def write(text):
        path = tmp_path / "table.csv"
        path.write_text(text)
        return path

    return write


def in_study(word):
    return f"data.form.{word} ="


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (TWO_WAYS, typed, "Set --date-format, e.g. --date-format %d/%m/%Y."),
        (TWO_WAYS, typed_for_factors, "--factors-form date-format=%d/%m/%Y"),
        (TWO_WAYS, in_study, 'data.form.date_format = "%d/%m/%Y"'),
        (NUMBERED, typed, "--layout long"),
        (NUMBERED, in_study, 'data.form.layout = "long"'),
        (TWO_WAYS, in_study, "Set data.form.date_format, e.g."),
        (TWO_WAYS, typed_for_factors, "Set --factors-form date-format, e.g."),
        ("date;A\n2020-01-01;1.234\n", typed, "Set --decimal . or --decimal ,."),
        ("date,A\nAAA,1\n", typed, "column of dates with --date, or their format with --date-format."),
        (
            "date,A,B\n2020-01-02,1,x\n",
            typed,
            "set --layout long and name the columns with --date, --asset and --value",
        ),
        ("date,x,y\n2020-01-02,A,1\n2020-01-03,B,2\n", typed, "Set --layout long if it names assets."),
        ("date,x,y\n2020-01-02,A,1\n2020-01-03,B,2\n", in_study, "or name them with data.form.missing."),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n", typed, "--date must name a column of "),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n", in_study, "data.form.date must name a column of "),
        ("date,A\n2020-01-01,1\n2020-01-02,2\n", typed_for_factors, "--factors-form date must name a column of "),
    ],
)
def test_errors_speak_of_the_options_of_their_door(file, text, name, said):
    form = FileForm(date="day") if "must name a column" in said else FileForm()
    with pytest.raises(StatefolioError) as raised:
        read_file(file(text), prices=False, form=form, name=name)
    assert said in str(raised.value)
    assert "='" not in str(raised.value)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"separator": "x"}, "--separator must be "),
        ({"sheet": "x"}, "--sheet must be left out where the file is no workbook, got 'x' for "),
        ({"asset": "x"}, "--asset must name a column of "),
        ({"value": "x"}, "--value must name a column of "),
        ({"date_format": "%Y"}, "set --date-format."),
    ],
)
def test_a_bad_word_is_named_itself(file, form, said):
    with pytest.raises(StatefolioError) as raised:
        read_file(file(NUMBERED), prices=False, form=FileForm(**form))
    assert said in str(raised.value)


def test_forms_are_used(file):
    table = read_file(file(TWO_WAYS), prices=True, form=FileForm(date_format="%m/%d/%Y", missing=["3"]))
    assert table.index[0].month == 1
    assert table["BBB"].isna().tolist() == [False, True]


def test_words_for_the_factors():
    form = form_of_words(["date-format=%d/%m/%Y", "decimal=,", "missing=x", "missing=y"], "--factors-form")
    assert form == FileForm(date_format="%d/%m/%Y", decimal=",", missing=["x", "y"])
    assert form_of_words(None, "--factors-form") == FileForm()
    for wrong in ("decimal", "decimal=", "colour=red"):
        with pytest.raises(InputError, match="--factors-form must be WORD=VALUE"):
            form_of_words([wrong], "--factors-form")
