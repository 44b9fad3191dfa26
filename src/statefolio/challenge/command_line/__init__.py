"""The commands of `statefolio challenge`: those of the organiser and those of the participant."""
