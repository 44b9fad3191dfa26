"""How much of a back-test is luck: windows, trials counted, tests that know of them, a holdout."""
