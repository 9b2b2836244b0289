"""The commands and the Python of README.md and of each page in docs/ work as written, and print what the page shows."""

from __future__ import annotations

import pytest
from doc_pages import Page, read_pages
from doc_session import Session

PAGES = [
    pytest.param(page, id=page.name, marks=[pytest.mark.tensorflow] if page.needs_tensorflow else [])
    for page in read_pages()
    if page.steps
]


@pytest.mark.parametrize("page", PAGES)
def test_the_steps_of_a_page_work_and_print_what_it_shows(page: Page, nntrain):
    assert Session(page, nntrain if page.needs_tensorflow else nntrain.fresh).run() == []
