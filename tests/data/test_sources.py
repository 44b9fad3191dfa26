"""Bytes and text of files."""

import zipfile

import pytest

from statefolio.data.encodings import decode
from statefolio.data.sources import read_bytes
from statefolio.exceptions import FileFormatError, StatefolioError


def test_byte_order_mark_is_dropped(tmp_path):
    path = tmp_path / "marked.csv"
    path.write_bytes("\ufeffdate,A\n".encode())
    assert decode(read_bytes(path), path) == "date,A\n"


def test_zip_of_two_files_is_refused(tmp_path):
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a")
        archive.writestr("b.csv", "b")
    with pytest.raises(FileFormatError, match="zip of 2 files"):
        read_bytes(path)


def test_broken_zip_is_refused(tmp_path):
    path = tmp_path / "broken.zip"
    path.write_bytes(b"PK\x03\x04 and nothing more")
    with pytest.raises(FileFormatError, match="compressed and broken"):
        read_bytes(path)


def test_errors_are_statefolios_and_value_errors(tmp_path):
    with pytest.raises(FileFormatError) as raised:
        read_bytes(tmp_path / "absent")
    assert isinstance(raised.value, StatefolioError)
    assert isinstance(raised.value, ValueError)
