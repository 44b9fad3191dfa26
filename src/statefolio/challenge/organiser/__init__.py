"""The organiser's jobs: from making a challenge's folder to revealing its data."""
