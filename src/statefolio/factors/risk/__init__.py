"""Factor risk: a covariance from loadings and what they are not sure of, kept in low rank."""
