"""The parts of a study, each built from its table: the market, the models, the policies, the windows."""
