"""The documents say what is so: every module is on the map, and the README's code runs as printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[1]


def test_architecture_names_every_module_and_no_other() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- `([\w.]+)`:", text, re.MULTILINE)
    modules = [
        path.name
        for path in (ROOT / "extractor").rglob("*")
        if path.suffix in (".py", ".tsv", ".txt", ".typed") and "__pycache__" not in path.parts
        if path.name != "__init__.py" or path.parent == ROOT / "extractor"
    ]
    assert sorted(listed) == sorted(modules)


def test_readme_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 5
    for block in blocks:
        exec(compile(block, "README.md", "exec", dont_inherit=True), {"__name__": "readme"})  # noqa: S102 - our own README


def test_readme_shows_what_the_command_prints() -> None:
    """The lines of the table in the README are those that the offline rules give today."""
    from extractor import Article, extract_sync
    from extractor.rendering.terminal import render_terminal

    seed = ROOT / "seeds" / "nato-defence-spending.txt"
    article = Article(id="seeds/nato-defence-spending.txt", text=seed.read_bytes().decode())
    printed = render_terminal(extract_sync(article), width=100, color=False).splitlines()
    console = re.search(
        r"^```console\n\$ [^\n]*\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    assert console is not None
    shown = [line.rstrip() for line in console[1].splitlines() if line.strip() not in ("", "…")]
    assert [line for line in shown if line not in [line.rstrip() for line in printed]] == []
