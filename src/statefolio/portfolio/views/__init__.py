"""What returns are expected to be, and how unsure that is."""
