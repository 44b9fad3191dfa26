"""Reads small files for tests, with their warnings, and writes workbooks."""

import warnings

import openpyxl

from statefolio.exceptions import StatefolioWarning


def read(reader, path, *said, **options):
    """Read a file; every warning must hold one of the words, and every word be in a warning."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        table = reader(path, **options)
    messages = [str(each.message) for each in caught]
    assert all(issubclass(each.category, StatefolioWarning) for each in caught)
    for word in said:
        assert any(word in message for message in messages), (word, messages)
    assert all(any(word in message for word in said) for message in messages), messages
    return table


def days(table):
    return table.index.strftime("%Y-%m-%d").tolist()


def workbook(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path
