"""The configs in the pages are right: whole ones, and fragments put into a config that lacks nothing."""

from __future__ import annotations

from contextlib import chdir

import pytest
import yaml
from doc_folder import make_doc_folder
from doc_pages import Block, Page, read_pages

from nntrain.config.schema import Config
from nntrain.errors import NntrainError
from nntrain.jobs.plan import open_config

REST = {
    "model": [{"dense": {"units": 10, "activation": "softmax"}}],
    "optimizer": "adam",
    "loss": "categorical_crossentropy",
}
PAGES = read_pages()


def is_refused(page: Page, block: Block) -> bool:
    """Return whether a page shows that a config is refused."""
    name = block.file_name
    return name is not None and any(name in command.text and command.exit_code != 0 for command in page.commands)


BLOCKS = [
    pytest.param(block, id=f"{page.name}:{block.line}")
    for page in PAGES
    for block in page.blocks
    if block.language == "yaml" and not is_refused(page, block)
]


def problems(block: Block, folder) -> str | None:
    """Return what `nntrain check` says against a block: a config that names its file, or a part of a config."""
    text, name = block.text, block.file_name or "fragment.yaml"
    tree = yaml.safe_load(text)
    if block.file_name is None:
        if not isinstance(tree, dict) or not set(tree) <= set(Config.model_fields):
            return None
        text = yaml.safe_dump({**REST, **tree}, sort_keys=False)
    elif "jobs" in tree:
        return None
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    try:
        with chdir(folder):
            open_config(name, [])
    except NntrainError as error:
        return str(error)
    return None


@pytest.fixture(scope="module")
def doc_folder(tmp_path_factory):
    """Return a folder with the files that the pages speak of."""
    folder = tmp_path_factory.mktemp("docs")
    make_doc_folder(folder)
    return folder


@pytest.mark.parametrize("block", BLOCKS)
def test_a_config_in_a_page_has_no_problem(block: Block, doc_folder):
    assert problems(block, doc_folder) is None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_config_in_a_page_names_its_file(page: Page):
    whole = [block for block in page.blocks if block.language == "yaml" and block.text.find("\nmodel:") >= 0]
    assert [block.line for block in whole if block.file_name is None] == []


def test_a_config_with_mistakes_is_one_that_a_command_of_the_page_refuses():
    text = "```yaml\n# a.yaml\nseed: 1\n```\n```console\n$ nntrain check {}.yaml\n1 problem; nothing was run\n```\n"
    right, other = (Page("docs/page.md", text.format(name)) for name in "ab")
    assert is_refused(right, right.blocks[0])
    assert not is_refused(other, other.blocks[0])


def test_a_mistake_in_a_config_or_in_a_part_of_one_is_found(tmp_path):
    (whole, part, right) = Page(
        "docs/page.md",
        "```yaml\n# a.yaml\nseed: 1\n```\n```yaml\nfit: {epoch: 3}\n```\n```yaml\nfit: {epochs: 3}\n```\n",
    ).blocks
    assert "model: " in str(problems(whole, tmp_path))
    assert "did you mean 'epochs'?" in str(problems(part, tmp_path))
    assert problems(right, tmp_path) is None
