"""Runs the command line as `python -m statefolio`."""

from statefolio.commands.command_line import main

if __name__ == "__main__":
    main()
