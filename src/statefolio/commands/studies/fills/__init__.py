"""Orders out to a broker, and fills back: broker formats, files of fills, reconciliation."""
