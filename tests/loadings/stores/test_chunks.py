import numpy as np
import pytest

from statefolio.loadings.stores.chunks import read_part, write_columns, write_rows
from statefolio.loadings.stores.layout import Grid, chunk_assets


@pytest.mark.parametrize("rest", [(), (2,)])
def test_parts_of_an_array_that_grows(tmp_path, rest):
    rng = np.random.default_rng(1)
    grid, whole = Grid((0, 0, *rest), (4, 5, *rest)), rng.normal(size=(15, 12, *rest))
    whole[:6, 5:10], whole[:9, 10:] = np.nan, np.nan  # a chunk without numbers, and assets that join later
    for row in (0, 4):
        for first in (0, 5):
            write_columns(tmp_path, grid, row, first, whole[row : min(row + 4, 6), first : first + 5])
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name[:5] for name in names] == ["c.0.0", "c.1.0"]
    write_rows(tmp_path, grid, 6, whole[6:9, :10])
    write_rows(tmp_path, grid, 6, whole[6:9, :10])  # again, as after a kill
    write_rows(tmp_path, grid, 9, whole[9:])
    assert {path.stat().st_size for path in tmp_path.iterdir()} == {grid.bytes_of_a_chunk}
    for _ in range(20):
        rows, columns = (rng.choice(size, rng.integers(1, size), replace=False) for size in (15, 12))
        found = np.zeros((len(rows), len(columns), *rest))
        read_part(tmp_path, grid, rows, columns, slice(None), found)
        np.testing.assert_array_equal(found, whole[np.ix_(rows, columns)])


@pytest.mark.parametrize(("block", "chunk"), [(64, 64), (4096, 512), (576, 192), (640, 320), (512, 512), (704, 64)])
def test_a_block_has_whole_chunks_of_whole_lanes(block, chunk):
    assert chunk_assets(block, 64) == chunk
