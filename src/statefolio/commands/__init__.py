"""The commands: one folder per family, each from options through a job on files to what the terminal shows."""
