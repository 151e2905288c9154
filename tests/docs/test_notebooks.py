"""The notebooks run from the first cell to the last, and print what their text says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..sampling import only

DOCS = Path(__file__).parents[2] / "docs"

#: What each notebook must print.
PRINTED = {
    "tutorial": ("differences from as-enacted are beyond chance", "arms on violations", "% of worlds; "),
    "notebook-report": ("text_output_is_labelled", "anonymous_cannot_publish", "binding.yaml:", "True"),
    "notebook-policy": ("violations", "0.0\n", "1 Twice the inspectors"),
}


def test_every_notebook_is_tried() -> None:
    assert {path.stem for path in DOCS.glob("*.ipynb")} == set(PRINTED)


@pytest.mark.parametrize("name", only(["notebook-report"], PRINTED))
@pytest.mark.costly
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(DOCS / f"{name}.ipynb", as_version=4)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs are made, not kept"
    nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    ).execute()
    printed = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []))
    assert [words for words in PRINTED[name] if words not in printed] == []
