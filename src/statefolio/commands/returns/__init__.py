"""The command `tearsheet`: from a file of returns to a report."""
