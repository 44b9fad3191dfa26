"""The command `watch`: a folder into which files with new rows are dropped."""
