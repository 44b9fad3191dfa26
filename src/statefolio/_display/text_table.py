"""Prints tables as text: nothing is cut, long texts wrap within their column, wide tables continue below."""

import textwrap
from collections.abc import Sequence

WIDTH = 100
"""Characters in a line."""
GAP = "  "
FEWEST = 16
"""The narrowest column of wrapped text."""
LONG = 28
"""Texts with more characters than this may wrap."""


def text_table(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], labels: int = 1) -> str:
    """Return a table as lines of at most `WIDTH` characters where its columns allow it.

    Parameters
    ----------
    heads : sequence of str
        One heading per column; headings wrap at spaces.
    rows : sequence of sequences of str
    right : sequence of bool
        Whether a column is aligned to the right.
    labels : int
        Number of columns at the left that are repeated where a table continues below.

    Examples
    --------
    >>> print(text_table(["factor", "loading"], [["market", "1.12"], ["value", "0.3"]], [False, True]))
    factor  loading
    ------  -------
    market     1.12
    value       0.3
    """
    widths = _widths(heads, rows, right)
    parts = []
    for chosen in _blocks(widths, labels):
        lines = _lines([heads[i] for i in chosen], [widths[i] for i in chosen], [right[i] for i in chosen])
        lines.append(GAP.join("-" * widths[i] for i in chosen))
        for row in rows:
            lines += _lines([row[i] for i in chosen], [widths[i] for i in chosen], [right[i] for i in chosen])
        parts.append("\n".join(line.rstrip() for line in lines))
    return "\n\n".join(parts)


def wrapped(text: str, width: int = WIDTH) -> str:
    """Return sentences wrapped at spaces.

    >>> print(wrapped("Two short sentences. They wrap.", 20))
    Two short sentences.
    They wrap.
    """
    return "\n".join(
        textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in text.split("\n")
    )


def _widths(heads: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[int]:
    natural = [max((len(row[i]) for row in rows), default=0) for i in range(len(heads))]
    words = [max(map(len, _together(head).split(" ")), default=0) for head in heads]
    widths = [max(cells, word, min(len(head), 9)) for cells, word, head in zip(natural, words, heads, strict=True)]
    wrapping = [i for i in range(len(heads)) if not right[i] and natural[i] > LONG]
    excess = sum(widths) + len(GAP) * (len(widths) - 1) - WIDTH
    while excess > 0 and wrapping:
        widest = max(wrapping, key=lambda i: widths[i])
        longest = max((len(word) for row in rows for word in row[widest].split()), default=1)
        if widths[widest] <= max(FEWEST, longest, words[widest]):
            wrapping.remove(widest)
            continue
        widths[widest] -= 1
        excess -= 1
    return widths


def _blocks(widths: Sequence[int], labels: int) -> list[list[int]]:
    """Return the columns of each part of a table: as many as fit, the labels in every part."""
    first = list(range(min(labels, len(widths))))
    blocks, used = [list(first)], sum(widths[i] + len(GAP) for i in first)
    room = used
    for i in range(len(first), len(widths)):
        if room + widths[i] > WIDTH and len(blocks[-1]) > len(first):
            blocks.append(list(first))
            room = used
        blocks[-1].append(i)
        room += widths[i] + len(GAP)
    return blocks


def _lines(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> list[str]:
    parts = [
        textwrap.wrap(_together(cell), width, break_long_words=False, break_on_hyphens=False) or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(map(len, parts))
    padded = [part + [""] * (height - len(part)) for part in parts]
    return [
        GAP.join(
            (text.rjust(width) if is_right else text.ljust(width)).replace("\u00a0", " ")
            for text, width, is_right in zip(line, widths, right, strict=True)
        )
        for line in zip(*padded, strict=True)
    ]


def _together(text: str) -> str:
    """Return a text in which "95 %" does not break."""
    return text.replace(" %", "\u00a0%")
