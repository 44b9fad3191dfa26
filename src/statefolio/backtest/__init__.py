"""From weights to money, and what that says."""
