"""Changes small valid files at random, for `fuzz.py`: their bytes, or what is packed in them, packed again."""

import gzip
import io
import json
import zipfile
from collections.abc import Iterator

import numpy as np

from statefolio.loadings import storage

TOKENS = [
    *(b"\r", b"\n", b"\r\n", b"\x00", b'"', b"'", b'"""', b",", b";", b"\t", b"[", b"]", b"{", b"}", b"=", b".", b"#"),
    *(b"\xef\xbb\xbf", b"\xff\xfe", b"nan", b"inf", b"1e999", b"-", b"2020-02-30", b"NaT", b"null", b"true"),
    *(b"%", b"(", b")", b"$", b"|", b"-99.99", b"#N/A N/A", b"01/02/2020", b"1.234,56", b"1,234.56", b"Close", b"Date"),
    *(b"PK\x03\x04", b"\x1f\x8b", b"PAR1", b"\x93NUMPY", b"\x80", b"\xf0\x9f\x98\x80"),
    *(b"0" * 400, b"9" * 5000, b"[" * 2000, b"a." * 2000),
]


def mutate(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a file in one to six places."""
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 7))):
        place, kind = int(rng.integers(len(changed) + 1)), int(rng.integers(8))
        length = int(rng.geometric(0.05))
        if kind == 0 and place < len(changed):
            changed[place] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            changed[place : place + 1] = rng.bytes(1)
        elif kind == 2:
            del changed[place : place + length]
        elif kind == 3:
            changed[place:place] = TOKENS[int(rng.integers(len(TOKENS)))]
        elif kind == 4:
            other = int(rng.integers(len(changed) + 1))
            changed[place:place] = changed[other : other + length]
        elif kind == 5:
            changed[place:place] = bytes(changed[place : place + 1]) * int(rng.integers(1, 2000))
        elif kind == 6:
            _change_lines(changed, rng)
        elif rng.random() < 0.2:
            del changed[place:]
    return bytes(changed)


def _change_lines(changed: bytearray, rng: np.random.Generator) -> None:
    """Drop, repeat or move a line."""
    lines = changed.split(b"\n")
    line = lines.pop(int(rng.integers(len(lines))))
    for _ in range(int(rng.integers(3))):
        lines.insert(int(rng.integers(len(lines) + 1)), line)
    changed[:] = b"\n".join(lines)


def mutate_packed(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a gzip, a zip or a workbook: its bytes, or those of a member."""
    if rng.random() < 0.3:
        return mutate(content, rng)
    if content.startswith(b"\x1f\x8b"):
        return gzip.compress(mutate(gzip.decompress(content), rng), compresslevel=1)
    if not content.startswith(b"PK"):
        return mutate(content, rng)
    members = _members(content)
    name = list(members)[int(rng.integers(len(members)))]
    return _zipped(members | {name: mutate(members[name], rng)})


def mutate_model(content: bytes, rng: np.random.Generator) -> bytes:
    """Change a model file: its bytes, or those of a member or of the zip, with the right checksum."""
    kind = int(rng.integers(4))
    payload = content.partition(b"\n")[2]
    if kind == 0:
        return mutate(content, rng)
    if kind == 1:
        payload = mutate(payload, rng)
        return storage.first_line(payload) + payload
    members = _members(payload)
    name = "model.json" if kind == 2 else list(members)[int(rng.integers(len(members)))]
    changed = mutate_json(members[name], rng) if name == "model.json" else mutate(members[name], rng)
    payload = _zipped(members | {name: changed})
    return storage.first_line(payload) + payload


def mutate_json(text: bytes, rng: np.random.Generator) -> bytes:
    """Replace a random value of a JSON text by another; or change its bytes."""
    if rng.random() < 0.3:
        return mutate(text, rng)
    whole = json.loads(text)
    places = list(_places(whole))
    owner, key = places[int(rng.integers(len(places)))]
    values = [None, True, -1, 10**30, 1.5, "", "x" * 1000, [], {}, {"tuple": [1]}, {"array": [[10**9], "float64", []]}]
    owner[key] = values[int(rng.integers(len(values)))]
    return json.dumps(whole).encode()


def _places(value: object) -> Iterator[tuple[dict | list, object]]:
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from _places(part)


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()
