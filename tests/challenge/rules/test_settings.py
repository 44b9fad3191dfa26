"""Tests of challenge.toml."""

import json

import pytest

from statefolio.challenge.rules.settings import example_rules, parse_rules, published, read_rules, rules_text
from statefolio.exceptions import FileFormatError, InputError

MINIMAL = '[challenge]\nname = "c"\n[data]\nsource = "demo"\n'


@pytest.mark.parametrize("tutorial", [False, True])
def test_the_examples_are_valid_and_state_the_defaults(tutorial):
    rules = parse_rules(example_rules(tutorial), "challenge.toml")
    assert rules.challenge.tutorial is tutorial
    if not tutorial:
        shortest = parse_rules(MINIMAL.replace('"c"', '"Factor challenge"'), "challenge.toml")
        assert rules.model_dump(exclude={"challenge"}) == shortest.model_dump(exclude={"challenge"})


def test_a_commented_field_of_the_example_is_a_field():
    commented = [line[2:] for line in example_rules().splitlines() if line.startswith("# ") and " = " in line]
    for line in commented:
        if line.split(" = ")[0] in {"opens", "closes"}:
            parse_rules(f"{MINIMAL}[schedule]\n{line}", "challenge.toml")
        if line.split(" = ")[0] in {"database", "public_url", "trusted_header", "trusted_proxies"}:
            parse_rules(f"{MINIMAL}[server]\n{line}", "challenge.toml")


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ('[challenge]\nname = "c"\n', "either the table"),
        (f"{MINIMAL}[synthetic]\n", "either the table"),
        (f"{MINIMAL}[limits]\nper_day = 0\n", "limits.per_day must be a whole number of at least 1"),
        (f"{MINIMAL}[limits]\nper_dya = 1\n", "Did you mean per_day?"),
        (f"{MINIMAL}[windows]\nfinal = 1.5\n", "windows.final must be a date"),
        (f'{MINIMAL}[windows]\nfinal = "soon"\n', "windows.final must be a date"),
        (f"{MINIMAL}[schedule]\nopens = 2027-01-01T00:00:00\n", "with its time zone"),
        (
            f"{MINIMAL}[schedule]\nopens = 2027-01-02T00:00:00Z\ncloses = 2027-01-01T00:00:00Z\n",
            "opens before closes",
        ),
        (f'{MINIMAL}[server]\npublic_url = "ftp://x"\n', "server.public_url"),
        (f'{MINIMAL}[server]\ntrusted_header = "X User"\n', "server.trusted_header"),
        (f"{MINIMAL}[gates]\nweight = 1.5\n", "gates.weight"),
        (f'{MINIMAL}[backtest]\nrebalance = "hourly"\n', "backtest.rebalance"),
        (f"tracks = []\n{MINIMAL}", "tracks must be a list"),
        (f'tracks = ["forecast", "forecast"]\n{MINIMAL}', "tracks must be a list"),
    ],
)
def test_errors_name_the_field(text, part):
    with pytest.raises(InputError, match=part.replace("[", r"\[")):
        parse_rules(text, "challenge.toml")


def test_times_are_converted_to_utc():
    rules = parse_rules(f"{MINIMAL}[schedule]\ncloses = 2027-03-01T17:00:00+02:00\n", "challenge.toml")
    assert rules.schedule.closes is not None
    assert rules.schedule.closes.isoformat() == "2027-03-01T15:00:00+00:00"


def test_a_file_that_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(FileFormatError, match="challenge init"):
        read_rules(tmp_path)
    (tmp_path / "challenge.toml").write_text("a = ")
    with pytest.raises(FileFormatError, match="must be TOML"):
        read_rules(tmp_path)


def test_what_is_published_has_no_server_and_no_path():
    text = MINIMAL.replace('"demo"', '"files"\nprices = "secret.csv"\nfactors = "other.csv"')
    rules = parse_rules(f'{text}[server]\ndatabase = "postgresql://user:password@host/db"\n', "challenge.toml")
    content = rules_text(rules)
    for secret in ("secret.csv", "other.csv", "password", "server"):
        assert secret not in content
    assert json.loads(content) == published(rules)


def test_the_text_of_the_rules_depends_on_every_published_field():
    first = rules_text(parse_rules(MINIMAL, "challenge.toml"))
    for table in ("[limits]\nper_day = 6", "[gates]\nweight = 0.2", "[backtest]\nlag = 2", "[windows]\nembargo = 20"):
        assert rules_text(parse_rules(f"{MINIMAL}{table}\n", "challenge.toml")) != first
    assert rules_text(parse_rules(f"{MINIMAL}[server]\nport = 9\n", "challenge.toml")) == first
