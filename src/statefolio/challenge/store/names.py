"""Names of teams: which are valid, and which look alike.

Two names look alike where their skeletons are equal: compatibility forms resolved (NFKC), case folded, accents,
spaces and punctuation removed, and letters of other scripts, digits and pairs that look like a Latin letter replaced
by it. The table holds what common fonts draw alike in Latin, Greek, Cyrillic, Armenian and Cherokee letters.
"""

import unicodedata

from statefolio.challenge.store.errors import InvalidTeamName

LONGEST = 60
"""Most characters of a name."""

_ALIKE = {
    # Cyrillic
    "а": "a", "в": "b", "с": "c", "ԁ": "d", "е": "e", "ё": "e", "һ": "h", "н": "h", "і": "i", "ї": "i", "ј": "j",
    "к": "k", "ӏ": "l", "м": "m", "п": "n", "о": "o", "р": "p", "ԛ": "q", "г": "r", "ѕ": "s", "т": "t", "ц": "u",
    "ѵ": "v", "ԝ": "w", "ш": "w", "х": "x", "у": "y", "ү": "y", "з": "3", "б": "6", "ь": "b", "ъ": "b", "я": "r",
    "є": "e", "э": "e", "ґ": "r", "ѡ": "w", "ҽ": "e", "ҟ": "k", "қ": "k", "ҡ": "k", "ң": "h", "ҳ": "x", "ө": "o",
    # Greek
    "α": "a", "β": "b", "γ": "y", "δ": "d", "ε": "e", "η": "n", "ι": "i", "κ": "k", "μ": "m", "ν": "v", "ο": "o",
    "π": "n", "ρ": "p", "σ": "o", "τ": "t", "υ": "u", "χ": "x", "ω": "w", "ζ": "z", "ϲ": "c", "ϳ": "j", "θ": "o",
    "λ": "a", "φ": "o",
    # Armenian, Cherokee and others
    "ա": "w", "հ": "h", "ո": "n", "ս": "u", "օ": "o", "ց": "g", "զ": "q", "ք": "p", "ⅼ": "l", "ꮪ": "s", "ꮯ": "c",
    "ꮃ": "w", "ꭺ": "a", "ꭼ": "e", "ꮋ": "h", "ꮖ": "i", "ꭻ": "j", "ꮶ": "k", "ꮮ": "l", "ꮇ": "m", "ꮲ": "p", "ꭱ": "r",
    "ꭲ": "t", "ꮩ": "v", "ꮓ": "z",
    # Latin letters without a decomposition
    "ı": "i", "ɩ": "i", "ł": "l", "ƚ": "l", "ø": "o", "đ": "d", "ɗ": "d", "ħ": "h", "ŧ": "t", "ƶ": "z", "ɑ": "a",
    "ɡ": "g", "ƅ": "b", "ʏ": "y", "ᴀ": "a", "ʙ": "b", "ᴄ": "c", "ᴅ": "d", "ᴇ": "e", "ɢ": "g", "ʜ": "h", "ɪ": "i",
    "ᴊ": "j", "ᴋ": "k", "ʟ": "l", "ᴍ": "m", "ɴ": "n", "ᴏ": "o", "ᴘ": "p", "ʀ": "r", "ꜱ": "s", "ᴛ": "t", "ᴜ": "u",
    "ᴠ": "v", "ᴡ": "w", "ᴢ": "z", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "p", "ð": "d", "ɵ": "o", "ŋ": "n", "ſ": "f",
    # Digits and strokes
    "0": "o", "1": "i", "l": "i", "|": "i", "!": "i", "5": "s", "$": "s", "@": "a", "3": "e", "4": "a", "8": "b",
    "€": "e", "£": "l",
}  # fmt: skip
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("nn", "m"))


def checked_name(name: str) -> str:
    r"""Return a team's name in its composed form, without spaces at its ends.

    Raises
    ------
    InvalidTeamName
        For a name that is empty, longer than 60 characters, or has markup, control, format or right-to-left
        characters, or more than two marks on one letter.

    Examples
    --------
    >>> checked_name("  Cafe\u0301 Alpha ")
    'Café Alpha'
    >>> checked_name("<b>")
    Traceback (most recent call last):
    statefolio.challenge.store.errors.InvalidTeamName: team name must have letters, digits, ... got '<b>'. ...
    """
    shown = ascii(name if len(name) <= LONGEST else name[:LONGEST] + "...")
    if len(name) > 4 * LONGEST:
        raise InvalidTeamName(f"team name must have at most {LONGEST} characters, got {len(name)}. Shorten it.")
    composed = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(composed) <= LONGEST:
        raise InvalidTeamName(f"team name must have 1 to {LONGEST} characters, got {len(composed)}. Shorten it.")
    if any(unicodedata.bidirectional(each) in _RIGHT_TO_LEFT for each in composed):
        raise InvalidTeamName(f"team name must be written from left to right, got {shown}. Use other letters.")
    marks = 0
    for each in composed:
        kind = unicodedata.category(each)
        marks = marks + 1 if kind[0] == "M" else 0
        if (kind[0] not in "LMN" and each not in _OTHER) or marks > 2 or each in _INVISIBLE:
            raise InvalidTeamName(
                f"team name must have letters, digits, spaces and the characters {_OTHER.strip()} alone, got {shown}. "
                f"Leave out {each!a}."
            )
    if not any(unicodedata.category(each)[0] in "LN" for each in composed) or not skeleton(composed):
        raise InvalidTeamName(f"team name must have a letter or digit, got {shown}. Choose another.")
    return composed


def skeleton(name: str) -> str:
    """Return what names that look alike have in common.

    Examples
    --------
    >>> skeleton("Alpha One") == skeleton("АLРHA-0пе") == skeleton("Ａlpha_One")
    True
    >>> skeleton("alpha") == skeleton("beta")
    False
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    bare = "".join(each for each in unicodedata.normalize("NFKD", folded) if unicodedata.category(each)[0] in "LNS")
    # Twice: the table leads to letters that it replaces in turn.
    for _ in range(2):
        bare = "".join(_ALIKE.get(each, each) for each in bare)
    for pair, letter in _PAIRS:
        bare = bare.replace(pair, letter)
    return bare


_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10))))
_OTHER = " -_.'&+#()"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"})
