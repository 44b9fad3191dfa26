"""The command `risk`."""
