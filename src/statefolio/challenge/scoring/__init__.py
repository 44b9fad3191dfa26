"""The scoring engine: from a round's data and a submission to scores. It knows no database, no web and no clock."""
