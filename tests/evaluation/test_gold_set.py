"""The gold set in `evals/gold` is what its label files say, and the table in the README what is measured on it."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from extractor.cli.app import main
from extractor.evaluation.gold import read_gold
from extractor.evaluation.judge import read_judgements

EVALS = Path(__file__).parents[2] / "evals"
GOLD = EVALS / "gold"


def module(path: Path) -> Any:
    """A script of `evals/`, imported: they are no package."""
    spec = importlib.util.spec_from_file_location(f"evals_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_the_files_are_made_from_the_labels() -> None:
    for name, content in module(GOLD / "settle.py").build().items():
        assert (GOLD / name).read_text(encoding="utf-8") == content, f"{name}: python evals/gold/settle.py build"


@pytest.mark.parametrize("name", ["dev", "test", "annotator-a", "annotator-b"])
def test_every_label_stands_at_its_offsets(name: str) -> None:
    gold = read_gold([GOLD / f"{name}.jsonl"])
    for one in gold.articles.values():
        assert one.quotes is not None
        assert one.claims is not None
        assert one.entities is not None
        known = {entity.id for entity in one.entities}
        for source in (*(quote.speaker for quote in one.quotes), *(claim.claimant for claim in one.claims)):
            assert source is None or source.entity is None or source.entity in known
        quotes = {quote.id for quote in one.quotes}
        assert all(claim.quote is None or claim.quote in quotes for claim in one.claims)


def test_every_difference_is_settled_with_a_note() -> None:
    for path in (GOLD / "labels").glob("*.settled.json"):
        assert all(decision["why"].strip() for decision in json.loads(path.read_text(encoding="utf-8"))), path.name


def test_parts_share_no_article() -> None:
    dev, test = (set(read_gold([GOLD / f"{part}.jsonl"]).articles) for part in ("dev", "test"))
    assert not dev & test
    assert dev | test == {path.name.split(".")[0] for path in (GOLD / "labels").glob("*.settled.json")}


def test_the_tables_of_scores_are_what_is_measured() -> None:
    leaderboard = module(EVALS / "leaderboard.py")
    for page, make in leaderboard.TABLES.items():
        assert leaderboard.written(page) == make(), "python evals/leaderboard.py --write"


def test_the_judge_s_agreement_is_what_its_readme_says_and_its_replies_can_be_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    judge = EVALS / "judge"
    script = module(judge / "agreement.py")
    text = (judge / "README.md").read_text(encoding="utf-8")
    assert script.written(text, script.table()) == text, "python evals/judge/agreement.py --write"
    gold = tmp_path / "gold.jsonl"
    judged = {one.article for one in read_judgements(judge / "model.jsonl")}
    lines = (GOLD / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    gold.write_text("\n".join(line for line in lines if json.loads(line)["article"]["id"] in judged), encoding="utf-8")
    kept, again = tmp_path / "replies.sqlite", tmp_path / "again.jsonl"
    assert main(["replies", "import", str(judge / "replies.jsonl"), "--file", str(kept)]) == 0
    call = ["evaluate", str(gold), "--predictions", f"offline={judge / 'claims.jsonl'}", "--only", "claims", "-q"]
    assert main([*call, "--judge", "openai/desk", "--replay", str(kept), "--judgements", str(again)]) == 0
    capsys.readouterr()
    assert again.read_text(encoding="utf-8") == (judge / "model.jsonl").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_experiments_are_what_their_readme_says() -> None:
    experiments = module(EVALS / "prompts" / "experiments.py")
    page = experiments.PAGE.read_text(encoding="utf-8")
    written = page.split(experiments.BEGIN)[1].split(experiments.END)[0].strip() + "\n"
    assert written == experiments.table(experiments.recorded()), "python evals/prompts/experiments.py --write"
    peers = module(EVALS / "prompts" / "peers.py")
    beside = page.split(peers.BEGIN)[1].split(peers.END)[0].strip() + "\n"
    assert beside == peers.table(), "python evals/prompts/peers.py --write"
