"""Build the documentation as a site: ``make docs``, or ``python -m builder.build OUT``.

The sources are ``docs/*.md``, the notebooks and the project's own pages, with reference pages made from code and
schemas. ``docs/index.md`` is the table of contents: each of its sections is one genre. Any warning is an error.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

from . import reference, schemas
from .accessible import make_all_accessible

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: Pages of the project that belong to the site too.
PROJECT = ("ARCHITECTURE.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "SECURITY.md")

_LINK = re.compile(r"(!?\[[^\[\]]*\])\(([^)\s]+)\)")


def main(out: Path) -> int:
    """Write the sources and build the site of them in ``out``. Returns the exit code of Sphinx."""
    from sphinx.cmd.build import build_main

    source = out / "source"
    if source.exists():
        shutil.rmtree(source)
    (source / "reference").mkdir(parents=True)
    copy_pages(source)
    write_reference(source / "reference")
    write_index(source)
    shutil.copy(Path(__file__).parent / "conf.py", source)
    code = build_main(["-b", "html", "-W", "--keep-going", "-q", "-j", "2", str(source), str(out / "html")])
    make_all_accessible(out / "html")
    return code


def copy_pages(source: Path) -> None:
    """The written pages, with links that fit their new places."""
    for path in sorted(DOCS.glob("*.md")):
        (source / path.name).write_text(relinked(path.read_text(encoding="utf-8"), ""), encoding="utf-8")
    for name in PROJECT:
        text = (ROOT / name).read_text(encoding="utf-8")
        target = source / "project" / name
        target.parent.mkdir(exist_ok=True)
        target.write_text(relinked(text, "docs/"), encoding="utf-8")
    for path in sorted(DOCS.glob("*.ipynb")):
        (source / f"{path.stem}-notebook.md").write_text(as_page(path), encoding="utf-8")
    for path in sorted(DOCS.glob("*.png")):
        shutil.copy(path, source)


def relinked(text: str, prefix: str) -> str:
    """Links of a page in the source tree as links of the site. What the site does not hold becomes plain words."""

    def link(match: re.Match[str]) -> str:
        words, target = match.groups()
        if target.startswith(("http://", "https://", "#")):
            return match[0]
        path, hash_, place = target.partition("#")
        name = path.rpartition("/")[2]
        if name.endswith(".ipynb"):
            name = f"{name.removesuffix('.ipynb')}-notebook.md"
        elif not name.endswith(".png") and not is_page(name):
            return words.removeprefix("!")[1:-1]
        inside, outside = ("", "../") if prefix else ("project/", "")
        folder = inside if name in PROJECT else outside
        return f"{words}({folder}{name}{hash_}{place})"

    return _LINK.sub(link, text)


def is_page(name: str) -> bool:
    """Whether the site has a page of this name."""
    return (DOCS / name).is_file() or name in PROJECT


def as_page(path: Path) -> str:
    """A notebook as a page: its text, its code and what the code printed."""
    parts = []
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(relinked(text, ""))
        elif text.strip():
            parts.append(f"```python\n{text}\n```")
            printed = "".join("".join(output.get("text", [])) for output in cell.get("outputs", []))
            if printed.strip():
                parts.append(f"```text\n{printed.rstrip()}\n```")
    return "\n\n".join(parts) + "\n"


def write_reference(folder: Path) -> None:
    """The pages made from code and schemas."""
    (folder / "rules").mkdir()
    for name, text in {**reference.pages(), **schemas.pages()}.items():
        (folder / f"{name}.md").write_text(text, encoding="utf-8")


def write_index(source: Path) -> None:
    """The table of contents: one hidden list per section of ``docs/index.md``, and the pages it does not name."""
    text = relinked((DOCS / "index.md").read_text(encoding="utf-8"), "")
    made = [
        f"* [{path.read_text(encoding='utf-8').partition(chr(10))[0].removeprefix('# ')}](reference/{path.name})"
        for path in sorted((source / "reference").glob("*.md"))
    ]
    text = text.replace("\n\n## Explanation", "\n".join(["", *made, "", "## Explanation"]), 1)
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    lists, named = [], {"index"}
    for section in sections[1:]:
        title = section.partition("\n")[0]
        pages = [page.removesuffix(".md") for _, page in _LINK.findall(section) if page.endswith(".md")]
        pages = [page for page in dict.fromkeys(pages) if page not in named]
        named |= set(pages)
        lists.append(toctree(title, pages))
    found = {path.relative_to(source).with_suffix("").as_posix() for path in source.rglob("*.md")}
    rest = sorted(page for page in found - named if not page.startswith("reference/rules/"))
    if rest:
        lists.append(toctree("More", rest))
    (source / "index.md").write_text(text + "\n\n" + "\n\n".join(lists) + "\n", encoding="utf-8")


def toctree(title: str, pages: list[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"])


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "docs").resolve()))
