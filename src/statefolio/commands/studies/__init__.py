"""Commands on studies, and the study file: `demo`, `init`, `run`, `update`."""
