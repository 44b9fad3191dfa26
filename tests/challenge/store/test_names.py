"""Names of teams that look alike, and names that are refused."""

import pytest

from statefolio.challenge.store.errors import InvalidTeamName
from statefolio.challenge.store.names import checked_name, skeleton


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Alpha", "ALPHA"),
        ("Alpha", "Αlpha"),  # Greek capital
        ("paypal", "раураl"),  # Cyrillic
        ("scope", "ѕсоре"),
        ("Alpha One", "alpha-one"),
        ("Alpha 1", "Alpha l"),
        ("Alpha 0", "Alpha O"),
        ("modern", "modem"),
        ("ﬁnance", "finance"),
        ("Ⅷ", "VIII"),
        ("café", "cafe"),
        ("𝐀𝐥𝐩𝐡𝐚", "alpha"),
        ("Ａｌｐｈａ", "alpha"),
        ("Łódź", "Lodz"),
        ("straße", "STRASSE"),
        ("Team ①", "Team 1"),
    ],
)
def test_names_that_look_alike(name, other):
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(("name", "other"), [("Alpha", "Beta"), ("Team 1", "Team 2"), ("東京", "大阪"), ("Ana", "Eva")])
def test_names_that_do_not(name, other):
    assert skeleton(name) != skeleton(other)
    assert checked_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "   ",
        "a" * 61,
        "a" * 10_000,
        "<script>alert(1)</script>",
        "a\u202eb",  # right-to-left override
        "שלום",
        "مرحبا",
        "a\u200bb",  # zero width
        "a\x00b",
        "a\nb",
        "Z\u0351\u0352\u0353\u0354algo",
        "...",
        "🙂",
        "\ud800",
        "\u3164",  # a letter that is drawn as nothing
    ],
)
def test_names_that_are_refused(name):
    with pytest.raises(InvalidTeamName) as caught:
        checked_name(name)
    assert len(str(caught.value)) < 1000
    assert str(caught.value).isascii()


def test_the_skeleton_of_a_skeleton_is_itself():
    for name in ("Łódź 10", "раураl", "modern", "rnrn", "Ⅷ", "vvv", "cl"):
        assert skeleton(skeleton(name)) == skeleton(name)
