"""Where skfolio is met: estimators of both libraries, each in the other's clothes."""
