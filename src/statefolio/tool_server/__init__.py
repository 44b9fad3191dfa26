"""A server of tools for assistants, by the Model Context Protocol: fits, risk, verdicts, studies on a folder's files."""
