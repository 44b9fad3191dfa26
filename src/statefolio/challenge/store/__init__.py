"""The database of a challenge: teams, credentials, submissions and their queue, the board, the audit log."""
