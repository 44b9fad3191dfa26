"""Describes a fitted residual structure as named values and arrays, for the file of a risk model, and restores it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from statefolio._arrays.types import Array
from statefolio.exceptions import InputError
from statefolio.loadings.array_layout import Form
from statefolio.risk.residual_structure import NoStructure, ResidualFactors, SectorBlocks

KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (ResidualFactors, SectorBlocks, NoStructure)}
"""The residual structures that a file may have."""


def check_structure(structure: Any) -> None:
    """Raise InputError for a residual structure that cannot be saved."""
    if KINDS.get(type(structure).__name__) is not type(structure):
        raise InputError(
            f"residual_structure must be 'factors', ResidualFactors, SectorBlocks or None to be saved, got "
            f"{type(structure).__name__}. Use one of them, or pickle the risk model."
        )


def structure_parts(structure: Any, assets: pd.Index) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the description and the arrays of a fitted structure; its assets are those of the model."""
    recent = getattr(structure, "_recent", pd.DataFrame(columns=assets, dtype=np.float64))
    described = {
        "kind": type(structure).__name__,
        "options": structure.get_params(deep=False),
        "dates": [] if recent.empty else recent.index,
        "names": structure.loadings_.columns,
        "count": getattr(structure, "count_", None),
        "held_out": getattr(structure, "held_out_", None),
    }
    arrays = {"recent": recent.reindex(columns=assets), "loadings": structure.loadings_.reindex(assets)}
    return described, {name: frame.to_numpy(dtype=np.float64) for name, frame in arrays.items()}


def unrestored_structure(described: Mapping[str, Any]) -> Any:
    """Return a structure with the options of a file; raises ValueError, LookupError or TypeError for other values."""
    structure = KINDS[described["kind"]](**described["options"])
    if not isinstance(structure, NoStructure):
        structure._check_options()
    if isinstance(structure, ResidualFactors) and described["count"] != len(described["names"]):
        raise ValueError("the number of residual factors has another value")
    return structure


def structure_forms(described: Mapping[str, Any], assets: int) -> dict[str, Form]:
    """Return the types and shapes of the arrays of a structure."""
    return {
        "recent": Form("f", (len(described["dates"]), assets)),
        "loadings": Form("f", (assets, len(described["names"]))),
    }


def restore_structure(
    structure: Any, described: Mapping[str, Any], arrays: Mapping[str, Array], assets: pd.Index
) -> None:
    """Set the state of a structure from what `structure_parts` returned."""
    structure.loadings_ = pd.DataFrame(arrays["loadings"], index=assets, columns=described["names"])
    if isinstance(structure, NoStructure):
        return
    structure._recent = pd.DataFrame(arrays["recent"], index=pd.DatetimeIndex(described["dates"]), columns=assets)
    if isinstance(structure, ResidualFactors):
        structure.count_, structure.held_out_ = int(described["count"]), described["held_out"]
