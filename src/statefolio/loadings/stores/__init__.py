"""A store of loadings on disk: a Zarr group that grows by blocks of assets, and by dates."""
