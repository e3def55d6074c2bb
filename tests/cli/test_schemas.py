"""The committed JSON Schemas are those of the program, and its records keep to them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from extractor.cli.app import main
from extractor.cli.schemas import json_schemas

COMMITTED = Path(__file__).parents[2] / "schemas"


def test_the_committed_schemas_are_up_to_date() -> None:
    assert {path.name: path.read_text(encoding="utf-8") for path in COMMITTED.glob("*.json")} == json_schemas()


def test_there_is_one_for_each_record_and_each_draft() -> None:
    assert set(json_schemas()) == {
        "article.json",
        "claim.json",
        "claim_draft.json",
        "entity.json",
        "entity_draft.json",
        "extraction.json",
        "gold.json",
        "judgements.json",
        "labels.json",
        "quote.json",
        "quote_draft.json",
    }


@pytest.mark.parametrize("name", sorted(json_schemas()))
def test_a_schema_explains_every_field(name: str) -> None:
    schema = json.loads(json_schemas()[name])
    assert schema["$schema"].startswith("https://json-schema.org/")
    for part in (schema, *schema.get("$defs", {}).values()):
        for field, declared in part.get("properties", {}).items():
            assert declared.get("description"), f"{part['title']}.{field}"


def test_the_command_writes_them_once_and_names_the_stale_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new" / "schemas"
    assert main(["schemas", str(folder), "--check"]) == 1
    assert not folder.exists()
    capsys.readouterr()
    assert main(["schemas", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(folder / name) for name in sorted(json_schemas())]
    assert main(["schemas", str(folder), "--check"]) == 0
    (folder / "quote.json").write_text("{}", encoding="utf-8")
    (folder / "verb.json").write_text("{}", encoding="utf-8")
    capsys.readouterr()
    assert main(["schemas", str(folder), "--check"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "quote.json, verb.json" in line


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["schemas", str(tmp_path / "file")]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
