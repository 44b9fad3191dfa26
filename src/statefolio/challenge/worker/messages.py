"""What a child sends: a result as JSON, and arrays, in one block of bytes. Floats keep every bit."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(content: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """Return the bytes.

    Examples
    --------
    >>> content, arrays = unpack(pack({"value": 0.1}, {"dates": np.arange(2)}))
    >>> content, arrays["dates"].tolist()
    ({'value': 0.1}, [0, 1])
    """
    text = np.frombuffer(json.dumps(dict(content), allow_nan=False).encode(), dtype=np.uint8)
    file = io.BytesIO()
    named: dict[str, Any] = {f"array {name}": values for name, values in (arrays or {}).items()}
    np.savez(file, content=text, **named)
    return file.getvalue()


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the result and the arrays."""
    with np.load(io.BytesIO(message), allow_pickle=False) as file:
        content = json.loads(file["content"].tobytes())
        arrays = {name.removeprefix("array "): file[name] for name in file.files if name != "content"}
    return content, arrays
