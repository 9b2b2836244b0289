"""The example notebook runs from top to bottom, and its cells show what the text promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[2] / "docs" / "example.ipynb"


def shown(cell) -> str:
    """Return what a cell shows: its HTML or text, and what it printed."""
    texts = []
    for output in cell.outputs:
        data = output.get("data", {})
        texts.append(data.get("text/html") or data.get("text/plain") or output.get("text", ""))
    return "\n".join(texts)


@pytest.mark.tensorflow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_the_example_notebook_runs_and_shows_tables_curves_and_images(tmp_path, monkeypatch):
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.delenv("NO_COLOR", raising=False)
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    cells = [shown(cell) for cell in notebook.cells if cell.cell_type == "code"]
    assert "56,714 parameters" in cells[1]
    assert "epoch 3/3: loss " in cells[2]
    assert 'alt="loss and metrics by epoch"' in cells[2]
    assert cells[3].startswith("array([")
    assert "true \\ answer" in cells[4]
    assert "data:image/png;base64," in cells[5]
    assert float(cells[6].removeprefix("np.float64(").removesuffix(")")) > 0.9
    assert "notebook-1" in cells[7]
    streams = [
        output.text for cell in notebook.cells for output in cell.get("outputs", ()) if output.get("name") == "stderr"
    ]
    assert streams == []


def test_the_notebook_is_stored_without_outputs():
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert [cell for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
