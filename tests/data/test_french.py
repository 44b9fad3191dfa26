"""The French library's files: written here with every oddity, and the publisher's own."""

import gzip
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from statefolio.data import french_blocks, read_french
from statefolio.exceptions import FileFormatError, InputError, UnknownNameError

# {blank} stands for the blanks at the ends of lines that these files have.
PORTFOLIOS = """\
This file was created by CMPT_IND_RETS using the 202112 CRSP database.
It contains value- and equal-weighted returns for 3 industry portfolios.

Missing data are indicated by -99.99 or -999.


  Average Value Weighted Returns -- Monthly
,Food ,Hi  Tec,Other
192607,   1.50, -99.99,   2.00
192608,  -0.25,-999.00,  -1.00
192702,   0.10,   0.20,-999


  Average Value Weighted Returns -- Annual
,Food ,Hi  Tec,Other
  1927,  10.00,   1.00,   2.00


  Number of Firms in Portfolios
,Food ,Hi  Tec,Other
192607,     43,      2,    -99.99


  For portfolios formed in June of year t
  Value Weight Average of BE/ME Calculated for June of t to June of t+1 as:{blank}
  Sum[ME(Mth) * BE(Fiscal Year t-1) / ME(Dec t-1)] / Sum[ME(Mth)]
,Food ,Hi  Tec,Other
192707, 0.1234, 0.5000, 0.2500

Copyright 2021 Kenneth R. French
""".replace("{blank}", "  ")

DAILY = """\
This file was created by using the 202509 CRSP database.
The Tbill return, over the number of trading days, compounds.

,Mkt-RF,SMB,RF
19630701,   -0.67,    0.00,    0.01
19630702,    0.79,   -0.26,    0.01

Copyright 2025 Eugene F. Fama and Kenneth R. French
"""

MOMENTUM = """\
Missing data are indicated by -99.99 or -999.

,Mom{blank}
192701,   0.36
192702,  -2.14

Annual Factors:
January-December{blank}
,Mom{blank}
  1927,  24.77
""".replace("{blank}", "   ")


def written(folder: Path, text: str, ends: str = "\r\n", name: str = "file.CSV") -> Path:
    path = folder / name
    path.write_bytes(text.replace("\n", ends).encode())
    return path


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_first_block_is_read_in_decimals_with_codes_as_nan(tmp_path, ends):
    table = read_french(written(tmp_path, PORTFOLIOS, ends))
    assert list(table.columns) == ["Food", "Hi Tec", "Other"]
    assert list(table.index) == list(pd.to_datetime(["1926-07-31", "1926-08-31", "1927-02-28"]))
    assert table.index.name == "date"
    expected = [[0.015, np.nan, 0.02], [-0.0025, np.nan, -0.01], [0.001, 0.002, np.nan]]
    np.testing.assert_allclose(table.to_numpy(), expected, rtol=1e-15)
    assert table.attrs == {
        "block": "Average Value Weighted Returns -- Monthly",
        "frequency": "monthly",
        "units": "decimals",
    }


def test_years_end_in_december(tmp_path):
    table = read_french(written(tmp_path, PORTFOLIOS), "annual")
    assert table.index[0] == pd.Timestamp("1927-12-31")
    assert table.loc["1927-12-31", "Food"] == 0.1


def test_numbers_that_are_no_returns_stay_as_printed(tmp_path):
    path = written(tmp_path, PORTFOLIOS)
    firms = read_french(path, "number of firms")
    assert firms.loc["1926-07-31", "Food"] == 43
    assert np.isnan(firms.loc["1926-07-31", "Other"])
    assert firms.attrs["units"] == "as printed"
    assert read_french(path, "be/me").loc["1927-07-31", "Food"] == 0.1234


def test_titles_of_several_lines_are_one_name(tmp_path):
    blocks = french_blocks(written(tmp_path, PORTFOLIOS))
    assert len(blocks) == 4
    assert blocks[3].startswith("For portfolios formed in June of year t Value Weight Average of BE/ME")


def test_daily_file_without_title(tmp_path):
    path = written(tmp_path, DAILY)
    assert french_blocks(path) == ["Daily"]
    table = read_french(path, "DAILY")
    assert table.index[-1] == pd.Timestamp("1963-07-02")
    assert table.loc["1963-07-01", "Mkt-RF"] == -0.0067


def test_annual_block_headed_by_two_lines(tmp_path):
    path = written(tmp_path, MOMENTUM)
    assert french_blocks(path) == ["Monthly", "Annual Factors: January-December"]
    assert list(read_french(path).columns) == ["Mom"]
    assert read_french(path, "annual").loc["1927-12-31", "Mom"] == pytest.approx(0.2477, rel=1e-15)


def test_gzip_and_zip_are_recognised_by_content(tmp_path):
    plain = read_french(written(tmp_path, DAILY))
    packed = tmp_path / "packed.CSV"
    packed.write_bytes(gzip.compress(DAILY.encode()))
    zipped = tmp_path / "zipped.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("F-F.CSV", DAILY)
    pd.testing.assert_frame_equal(read_french(packed), plain)
    pd.testing.assert_frame_equal(read_french(zipped), plain)


def test_unknown_block_lists_the_names(tmp_path):
    with pytest.raises(UnknownNameError, match=r"no block 'weekly'(?s:.)*Number of Firms in Portfolios"):
        read_french(written(tmp_path, PORTFOLIOS), "weekly")


def test_ambiguous_block_lists_those_that_fit(tmp_path):
    with pytest.raises(InputError, match=r"'value weighted', which is part of 2 names") as raised:
        read_french(written(tmp_path, PORTFOLIOS), "value weighted")
    assert "Annual" in str(raised.value)
    assert "Firms" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (PORTFOLIOS[: PORTFOLIOS.index("-1.00")], "line 10 .*truncated"),
        (DAILY[: DAILY.index("0.79")], "truncated"),
        (DAILY[: DAILY.index("19630702") + 5], "line 6 .*'19630'"),
        (DAILY.replace(",Mkt-RF,SMB,RF\n", ""), "without a header"),
        (DAILY.replace("19630702", "19631302"), "must have dates and numbers"),
        (DAILY.replace("19630702", "19630630"), "repeated or unsorted"),
        (DAILY.replace("SMB", "RF"), "got 'RF' twice"),
        (DAILY.replace("0.79", "x.79"), "truncated"),
        (DAILY.replace("-0.26", "none"), "must have dates and numbers"),
        ("some words, and no data\n", "no block of data"),
        ("  \n", "is empty"),
    ],
)
def test_broken_files_say_where(tmp_path, text, message):
    with pytest.raises(FileFormatError, match=message):
        read_french(written(tmp_path, text))


def test_unreadable_files(tmp_path):
    with pytest.raises(FileFormatError, match="cannot be read"):
        read_french(tmp_path / "absent.CSV")
    (tmp_path / "half.gz").write_bytes(gzip.compress(DAILY.encode())[:-20])
    with pytest.raises(FileFormatError, match="truncated"):
        read_french(tmp_path / "half.gz")
    (tmp_path / "wide.CSV").write_bytes(DAILY.encode("utf-16-le"))
    with pytest.raises(FileFormatError, match="UTF-8"):
        read_french(tmp_path / "wide.CSV")


def test_prose_of_another_encoding(tmp_path):
    path = tmp_path / "op.CSV"
    path.write_bytes(b"This file was created by the publisher\x92s program\n\n" + DAILY.encode())
    pd.testing.assert_frame_equal(read_french(path), read_french(written(tmp_path, DAILY)))


# ---- the publisher's own files ------------------------------------------------------------------------

INDUSTRIES = ["12_Industry_Portfolios", "30_Industry_Portfolios", "49_Industry_Portfolios"]


@pytest.mark.parametrize(("name", "assets"), [*zip(INDUSTRIES, [12, 30, 49], strict=True)])
def test_industry_files_have_eight_blocks(raw, name, assets):
    path = raw / f"{name}.CSV.gz"
    blocks = french_blocks(path)
    assert len(blocks) == 8
    for block in blocks:
        assert read_french(path, block).shape[1] == assets
    returns = read_french(path, "value weighted returns -- monthly")
    assert returns.index[0] == pd.Timestamp("1926-07-31")
    assert returns.min().min() > -1.0
    assert returns.max().max() <= 3.0  # decimals, not percent
    assert read_french(path, "number of firms").max().max() > 100


def test_codes_of_49_industries_are_missing(raw):
    returns = read_french(raw / "49_Industry_Portfolios.CSV.gz")
    assert int(returns.isna().sum().sum()) == 2868
    late = set(returns.columns[returns.isna().any()])
    assert late == {"Soda", "Hlth", "Rubbr", "FabPr", "Guns", "Gold", "PerSv", "Softw", "Paper"}
    assert (returns.min() > -0.99).all()


def test_25_portfolios_have_ten_blocks_from_different_dates(raw):
    path = raw / "25_Portfolios_5x5.CSV.gz"
    assert len(french_blocks(path)) == 10
    assert read_french(path, "average of OP").index[0] == pd.Timestamp("1963-07-31")
    assert read_french(path, "Equal Weighted Returns -- Annual").shape == (95, 25)


def test_daily_market_crashes(raw):
    factors = read_french(raw / "F-F_Research_Data_5_Factors_2x3_daily.CSV.gz")
    assert factors.shape == (15667, 6)
    assert factors.loc["1987-10-19", "Mkt-RF"] == pytest.approx(-0.1744)
    assert factors.loc["2008-10-13", "Mkt-RF"] == pytest.approx(0.1136)
    three = read_french(raw / "F-F_Research_Data_Factors_daily.CSV.gz", "daily")
    assert three.shape == (26087, 4)
    common = three.loc[factors.index, "Mkt-RF"]
    pd.testing.assert_series_equal(common, factors["Mkt-RF"])


def test_monthly_and_annual_factors(raw):
    path = raw / "F-F_Research_Data_5_Factors_2x3.CSV.gz"
    monthly, annual = read_french(path), read_french(path, "annual")
    assert (monthly.shape, annual.shape) == ((678, 6), (56, 6))
    assert annual.loc["2019-12-31", "Mkt-RF"] == pytest.approx(0.2828)


def test_momentum_files(raw):
    assert read_french(raw / "F-F_Momentum_Factor.CSV.gz").columns.tolist() == ["Mom"]
    assert read_french(raw / "F-F_Momentum_Factor.CSV.gz", "annual").shape == (95, 1)
    assert read_french(raw / "F-F_Momentum_Factor_daily.CSV.gz").shape == (26028, 1)


def test_raw_daily_factors_equal_the_parquet_table(raw):
    factors = read_french(raw / "F-F_Research_Data_5_Factors_2x3_daily.CSV.gz")
    table = pd.read_parquet(raw.parent / "ff5_mom_daily.parquet")
    np.testing.assert_allclose(factors, table[factors.columns], atol=1e-12)


@pytest.mark.parametrize("others", ["2,1,-1", "2.5,1.5,-1.5"])
def test_a_number_too_large_for_a_float_is_refused(tmp_path, others):
    path, (date, *rest) = tmp_path / "f.csv", others.split(",")
    path.write_text(f",Mkt-RF,SMB\n192607,-{'9' * 500},{rest[0]}\n192608,{date},{rest[1]}\n")
    with pytest.raises(FileFormatError, match="must have dates and numbers"):
        read_french(path)
