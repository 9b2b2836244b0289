"""The Python of docs/python.md runs from top to bottom and prints what its comments show."""

from __future__ import annotations

import json

import pytest
from doc_folder import make_doc_folder
from doc_pages import read_pages
from shown_output import missing_lines

# Runs the blocks in one interpreter, as a reader does, and prints a list with the output of each.
RUN = """
import contextlib, io, json
outputs, names = [], {{}}
for block in json.loads({blocks!r}):
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(block, names)
    outputs.append(out.getvalue())
print(json.dumps(outputs))
"""


def shown_lines(block: str) -> list[str]:
    """Return the output that a block shows, as comments."""
    return [line[2:] for line in block.splitlines() if line.startswith("# ")]


@pytest.mark.tensorflow
def test_the_examples_of_the_page_about_python_print_what_it_shows(nntrain):
    (page,) = (page for page in read_pages() if page.name == "docs/python.md")
    blocks = [block.text for block in page.blocks if block.language == "python"]
    assert len(blocks) >= 10
    make_doc_folder(nntrain.folder)
    code = RUN.format(blocks=json.dumps(blocks))
    process = nntrain.start_code(code, [], cwd=nntrain.folder, env=nntrain.environment())
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, err
    for block, output in zip(blocks, json.loads(out), strict=True):
        assert missing_lines(shown_lines(block), output) == [], output
