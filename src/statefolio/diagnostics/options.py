"""Rules for the options that several diagnoses share."""

from math import ceil

from statefolio._options import Number, Whole

LEVEL = Number(above=0.0, below=1.0, example=0.05)
BLOCK_LENGTH = Whole(at_least=1, example=10)
SEED = Whole(at_least=0, example=0)


def replications_rule(level: float) -> Whole:
    """Return the rule for a number of replications: with fewer, no p-value could be as small as the level."""
    return Whole(at_least=ceil(1.0 / level) - 1)
