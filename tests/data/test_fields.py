"""Files with fields of assets, in the words of vendors of several countries."""

import warnings

import pandas as pd
import pytest

from statefolio.data import read_prices, read_returns
from statefolio.exceptions import InputError, StatefolioWarning


@pytest.fixture
def file(tmp_path):
    def write(text, name="AAA.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def quiet(reader, path, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", StatefolioWarning)
        return reader(path, **options)


INVESTING = {
    "German": '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"',
    "French": '"Date","Dernier","Ouv."," Plus Haut","Plus Bas","Vol.","Variation %"',
    "Spanish": '"Fecha","Último","Apertura","Máximo","Mínimo","Vol.","% var."',
    "Portuguese": '"Data","Último","Abertura","Máxima","Mínima","Vol.","Var%"',
    "Italian": '"Data","Ultimo","Apertura","Massimo","Minimo","Vol.","Var. %"',
}


@pytest.mark.parametrize("language", INVESTING)
def test_fields_in_other_languages(file, language):
    rows = '"28.11.2025","1.234,56","1.230,00","1.240,00","1.229,10","1,20M","0,53%"\n'
    rows += '"27.11.2025","1.228,05","1.230,00","1.240,00","1.229,10","900,5K","-0,20%"\n'
    path = file(f"{INVESTING[language]}\n{rows}")
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        prices = read_prices(path)
    assert any("of one asset" in str(each.message) for each in said)
    assert prices.to_dict("list") == {"AAA": [1228.05, 1234.56]}
    returns = quiet(read_returns, path)
    assert returns["AAA"].round(6).tolist() == [-0.0020, 0.0053]


@pytest.mark.parametrize(
    ("head", "rows", "expected"),
    [
        ("Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen", ["1,2,1,1.5,9", "1,2,1,1.6,9"], [1.5, 1.6]),
        ("Date,Close,Volume", ["1.5,100", "1.6,110"], [1.5, 1.6]),
        ("Date,High,Low,Close", ["2,1,1.5", "2,1,1.6"], [1.5, 1.6]),
        ("Date,open,adjusted", ["2,1.5", "2,1.6"], [1.5, 1.6]),
        ("caldt,prc,ret", ["1.5,0.01", "1.6,0.02"], [1.5, 1.6]),
    ],
)
def test_a_price_and_what_goes_with_it_is_one_asset(file, head, rows, expected):
    text = "\n".join([head, *(f"2020-01-{k + 2:02d},{row}" for k, row in enumerate(rows))])
    path = file(text)
    with pytest.warns(StatefolioWarning, match="of one asset"):
        assert read_prices(path).to_dict("list") == {"AAA": expected}
    if "ret" not in head:
        with pytest.raises(InputError, match="must have a column of returns"):
            read_returns(path)
    else:
        assert quiet(read_returns, path).to_dict("list") == {"AAA": [0.01, 0.02]}
    if "Low" not in head and "Najnizszy" not in head:
        assert len(quiet(read_prices, path, layout="wide").columns) == head.count(",")


@pytest.mark.parametrize("head", ["date,OPEN,LOW", "date,SMB,value", "date,LAST,HIGH", "date,C,O"])
def test_assets_with_names_of_fields_stay_assets(file, head):
    table = read_prices(file(f"{head}\n2020-01-02,1,2\n2020-01-03,2,3\n"))
    assert table.columns.tolist() == head.split(",")[1:]


@pytest.mark.parametrize("head", ["date,bid,ask", "t,o,h,l,c"])
def test_fields_without_a_clear_price_are_refused(file, head):
    values = ",".join("1234"[: head.count(",")])
    with pytest.raises(InputError, match=r"Set value to one of them, or layout='wide'"):
        read_prices(file(f"{head}\n2020-01-02,{values}\n2020-01-03,{values}\n"))


def test_a_value_named_in_a_table_of_numbers_is_one_asset(file):
    path = file("v,vw,o,c,h,l,t,n\n100,1.5,1,1.5,2,1,1577941200000,10\n100,1.5,1,1.6,2,1,1578027600000,10\n")
    assert quiet(read_prices, path, date="t", value="c").to_dict("list") == {"AAA": [1.5, 1.6]}


@pytest.mark.parametrize(
    "names",
    [
        "AAA.Close,AAA.Volume,BBB.Close,BBB.Volume",
        "Close_AAA,Volume_AAA,Close_BBB,Volume_BBB",
        "AAA_Close,AAA_Volume,BBB_Close,BBB_Volume",
        "\"('Close', 'AAA')\",\"('Volume', 'AAA')\",\"('Close', 'BBB')\",\"('Volume', 'BBB')\"",
    ],
)
def test_fields_in_the_names_of_assets(file, names):
    path = file(f"Date,{names}\n2020-01-02,1.5,9,2.5,8\n2020-01-03,1.6,9,2.6,8\n")
    with pytest.warns(StatefolioWarning, match="'Close' was taken"):
        assert read_prices(path).to_dict("list") == {"AAA": [1.5, 1.6], "BBB": [2.5, 2.6]}
    assert read_prices(path, value="Volume").to_dict("list") == {"AAA": [9, 9], "BBB": [8, 8]}


def test_one_field_in_the_names_stays_in_them(file):
    table = read_prices(file("Date,AAA.O,BBB.O\n2020-01-02,1.5,9\n2020-01-03,1.6,9\n"))
    assert table.columns.tolist() == ["AAA.O", "BBB.O"]


@pytest.mark.parametrize(
    "text",
    [
        "Date A,AAA,Date B,BBB\n43832,1,43863,2\n43833,3,43864,4\n",
        "date,AAA,date2,BBB\n20200102,1,20200203,2\n20200103,3,20200204,4\n",
    ],
)
def test_tables_side_by_side_are_refused(file, text):
    with pytest.raises(InputError, match="several tables side by side"):
        quiet(read_prices, file(text))


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("TIME PERIOD", ("02 Jan 2020", "03 Jan 2020"), "dates"),
        ("Time", ("16:00:00", "16:00:00"), "times of day"),
        ("Weekday", ("Thu", "Friday"), "weekdays"),
        ("yyyymmdd date", ("20200102", "20200103"), "dates"),
    ],
)
def test_columns_that_repeat_the_date_are_left_out(file, name, cells, kind):
    path = file(f"date,{name},AAA\n2020-01-02,{cells[0]},1\n2020-01-03,{cells[1]},2\n")
    with pytest.warns(StatefolioWarning, match=f"a column of {kind}, '{name}'"):
        assert read_prices(path).to_dict("list") == {"AAA": [1, 2]}


def test_a_column_per_month_is_refused(file):
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    with pytest.raises(InputError, match=r"a column per month \('Jan', 'Feb', ...\)"):
        read_returns(file(f"Year,{','.join(months)}\n2019{',0.01' * 12}\n2020{',0.02' * 12}\n"))
    assert len(read_prices(file("date,MAR,DEC\n2020-01-02,1,2\n2020-01-03,1,2\n")).columns) == 2


@pytest.mark.parametrize("cell", ["1577836800000", "20200102.0", "43832", "1735689600000000"])
def test_numbers_in_the_first_line_are_data(file, cell):
    row = f"{cell},7195.24,7255.0,7200.85,1577923199999\n"
    with pytest.raises(InputError, match="must have names in its first line"):
        read_prices(file(row * 3))


def test_numbers_of_assets_are_names(file):
    text = "PERMNO,DlyCalDt,DlyPrc,DlyRet,Ticker\n10001,2019-12-31,10.5,,AA\n10001,2020-01-02,11,0.0476,BB\n"
    assert quiet(read_returns, file(text))["10001"].iloc[1] == 0.0476
    for name in ("PERMNO", "stock_id", "id"):
        text = f"date,{name},RET\n20200131,10001,0.05\n20200228,10001,0.02\n"
        assert quiet(read_returns, file(text)).to_dict("list") == {"10001": [0.05, 0.02]}


def test_cells_that_are_no_numbers_are_no_names_of_assets(file):
    with pytest.raises(InputError, match=r"has names of assets or values, got '12bp'"):
        read_returns(file("date,AAA,BBB\n2020-01-02,12bp,3\n2020-01-03,1bp,2\n"))


def test_quarters_in_their_own_column(file):
    table = read_returns(file("year,quarter,R_F,R_MKT\n1967,1,0.01,0.02\n1967,2,0.01,0.02\n"))
    assert table.index.tolist() == [pd.Timestamp("1967-03-31"), pd.Timestamp("1967-06-30")]


@pytest.mark.parametrize("zeros", [0, 3, 6, 9])
def test_counts_since_1970_in_every_unit(file, zeros):
    text = "date,AAA,BBB\n" + "".join(f"{moment}{'0' * zeros},1,2\n" for moment in (1577923200, 1578009600))
    with pytest.warns(StatefolioWarning, match="seconds since 1970"):
        table = read_prices(file(text))
    assert table.index.tolist() == [pd.Timestamp("2020-01-02"), pd.Timestamp("2020-01-03")]


def test_counts_of_several_units_are_refused(file):
    with pytest.raises(InputError, match="must have dates such as"):
        read_prices(file("date,AAA,BBB\n1577923200,1,2\n1578009600000000000,1,2\n"))


def test_a_name_twice_under_fields_is_refused(file):
    with pytest.raises(InputError, match="got 'AAA' twice"):
        read_prices(file("Ticker,AAA,AAA\n,Last Price,Last Price\n2020-01-02,1.5,3.5\n2020-01-03,1.6,3.6\n"))


def test_names_that_say_percent_are_warned_of(file):
    path = file("date,AAA (%),BBB (%)\n2020-01-31,1.5,2\n2020-02-29,1,-3\n")
    with pytest.warns(StatefolioWarning, match=r"'AAA \(%\)', as of percent"):
        read_returns(path)


@pytest.mark.parametrize(
    ("options", "named"),
    [({"value": "px"}, "asset"), ({"layout": "long"}, "asset and value"), ({"asset": "code"}, "value")],
)
def test_columns_that_could_all_be_meant_are_refused(file, options, named):
    path = file("date,code,sector,px\n2020-01-02,US,Tech,1\n2020-01-03,US,Tech,2\n2020-01-06,DE,Auto,2\n")
    with pytest.raises(InputError, match=rf"'sector'.*Set {named} to one of them each"):
        read_prices(path, **options)
    assert read_prices(path, asset="code", value="px").columns.tolist() == ["US", "DE"]
    path = file("date,lot,code,px\n2020-01-02,1,US,1\n2020-01-03,2,US,2\n2020-01-06,2,DE,2\n")
    assert read_prices(path, value="px").columns.tolist() == ["US", "DE"]


@pytest.mark.parametrize("code", ["-66.0", "-77", "-88.0", "-99.0", ".B", "C"])
def test_marks_of_crsp_for_missing_returns(file, code):
    table = read_returns(file(f"PERMNO,date,RET\n10001,20200131,{code}\n10001,20200228,0.02\n"))
    assert table["10001"].isna().tolist() == [True, False]
