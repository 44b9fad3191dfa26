"""The code of the prose pages runs and prints what the pages show; code that cannot run here is marked as such."""

import code_blocks
import pytest

PAGES = {str(path.relative_to(code_blocks.DOCS)): path.read_text(encoding="utf-8") for path in code_blocks.pages()}
WITH_CODE = [
    name for name, text in PAGES.items() if any(b.language in code_blocks.RUN for b in code_blocks.blocks(text))
]


@pytest.mark.parametrize("name", PAGES)
def test_every_code_block_is_run_or_marked(name):
    assert code_blocks.unmarked(PAGES[name]) == []


@pytest.mark.parametrize("name", WITH_CODE)
def test_a_page_prints_what_it_shows(name, tmp_path):
    assert code_blocks.differences(PAGES[name], tmp_path) == []
