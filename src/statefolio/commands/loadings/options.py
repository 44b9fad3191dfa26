"""The options of `statefolio loadings`."""

from dataclasses import dataclass, field

from statefolio.commands.shared_options import ModelOptions, Output, PanelFiles, SplitDates


@dataclass(frozen=True, kw_only=True)
class LoadingsOptions:
    """Options of `statefolio loadings`."""

    files: PanelFiles
    dates: SplitDates = field(default_factory=SplitDates)
    model: ModelOptions = field(default_factory=ModelOptions)
    output: Output
