"""The files that a study keeps next to its results: checkpoint, holdout seal, record of trials."""
