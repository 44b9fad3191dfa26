"""The command `warm`, and the compilation ahead of a first run."""
