"""Is a basket cointegrated: the field's tests, a labelled result each."""
