"""`python -m statefolio.cli`."""

from statefolio.cli import main

if __name__ == "__main__":
    main()
