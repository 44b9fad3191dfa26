"""A server of tools for assistants, by the Model Context Protocol: fits, risk, verdicts and studies on one folder."""
