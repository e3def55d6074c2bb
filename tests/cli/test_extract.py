"""`extractor extract`: streams, formats, exit codes, settings. The extractor itself is a stand-in here."""

from __future__ import annotations

import csv
import io
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import pytest

from extractor.cli.app import main
from extractor.errors import MissingKeyError, UnknownKindError, UnknownModelError
from extractor.kinds.catalogue import kinds_named
from extractor.llm.limits import Limits
from extractor.llm.reply_store import Replies
from extractor.records.coverage import Coverage, Missed
from extractor.records.extraction import Extraction, Failure
from tests.records_for_tests import PROVENANCE

if TYPE_CHECKING:
    from extractor.records.article import Article


class StandIn:
    """Behaves as `Extractor` does, and finds nothing. The article's text says how it comes out."""

    made: ClassVar[list[StandIn]] = []

    def __init__(self, model: str, **settings: Any) -> None:
        if model == "openai/none":
            raise MissingKeyError("OPENAI_API_KEY is not set", hint="export it")
        if model not in ("offline", "openai/some"):
            raise UnknownModelError(f"there is no model {model!r}", hint="see `extractor models`")
        self.model = model
        self.settings = settings
        self.kinds = kinds_named(settings["kinds"])
        self.provenance = PROVENANCE
        self.closed = False
        self.concurrency = 3
        self.shaping: dict[str, Any] = {}
        self.made.append(self)

    async def extract(self, article: Article) -> Extraction:
        names = [kind.name for kind in self.kinds]
        length = len(article.text)
        if article.text == "interrupt":
            signal.raise_signal(signal.SIGINT)
        if article.text == "bug":
            raise ValueError("the secret text of an article")
        if not article.text:
            return Extraction.failed(
                article, Failure(code="empty", message="there is no text in it"), PROVENANCE, names
            )
        found: dict[str, Any] = dict.fromkeys(names, ())
        if article.text == "partial":
            missed = [Missed(start=1, end=length, reason="timeout")]
            failure = Failure(code="timeout", message="the server did not answer\nin time")
            coverage = Coverage.of([(0, 1)], missed)
            return Extraction(article=article, coverage=coverage, error=failure, provenance=PROVENANCE, **found)
        return Extraction(article=article, coverage=Coverage.of([(0, length)], []), provenance=PROVENANCE, **found)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("extractor.cli.run.Extractor", StandIn)
    monkeypatch.setattr(StandIn, "made", [])
    monkeypatch.chdir(tmp_path)
    for name, text in (("a.txt", "Words."), ("b.txt", "More."), ("partial.txt", "partial"), ("empty.txt", "")):
        Path(name).write_text(text, encoding="utf-8")
    Path("binary.txt").write_bytes(b"\0\1")


class Ran:
    """What a run of the program left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.errors = err.splitlines()

    @property
    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        return [(record["article"]["id"], record["coverage"]["status"]) for record in self.records]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return Run(capsys)


class Run:
    """Runs `extractor extract`, quietly."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str, loud: bool = False) -> Ran:
        code = main(["extract", *arguments, *([] if loud else ["-q"])])
        captured = self._capsys.readouterr()
        return Ran(code, captured.out, captured.err)


def test_a_pipe_gets_a_line_for_each_article_in_order(run: Run) -> None:
    ran = run("b.txt", "a.txt")
    assert (ran.code, ran.errors) == (0, [])
    assert ran.outcomes == [("b.txt", "complete"), ("a.txt", "complete")]
    assert [record["article"]["text"] for record in ran.records] == ["More.", "Words."]
    assert StandIn.made[0].closed


def test_bad_sources_have_a_record_and_a_line_each_and_the_good_ones_come_out_in_order(run: Run) -> None:
    ran = run("missing.txt", "a.txt", "binary.txt", "b.txt", "a.txt", "b.txt", "none/", "b.txt", "a.txt", "gone.txt")
    assert ran.code == 3
    good, bad = "complete", "failed"
    assert ran.outcomes == [
        ("missing.txt", bad),
        ("a.txt", good),
        ("binary.txt", bad),
        ("b.txt", good),
        ("a.txt", good),
        ("b.txt", good),
        ("none/", bad),
        ("b.txt", good),
        ("a.txt", good),
        ("gone.txt", bad),
    ]
    assert [record["error"]["code"] for record in ran.records if record["error"]] == [
        "missing_file",
        "binary",
        "missing_file",
        "missing_file",
    ]
    assert len(ran.errors) == 4
    assert all(line.startswith("extractor: ") and line.endswith(")") for line in ran.errors)
    assert "binary.txt is binary" in ran.errors[1]
    assert set(ran.records[0]) >= {"quotes", "claims", "entities", "audit"}


@pytest.mark.parametrize(
    ("sources", "code"),
    [
        (["a.txt"], 0),
        (["a.txt", "b.txt"], 0),
        (["empty.txt"], 3),
        (["partial.txt"], 3),
        (["a.txt", "partial.txt"], 3),
        (["a.txt", "missing.txt"], 3),
        (["empty.txt", "missing.txt"], 3),
        (["missing.txt"], 1),
        (["binary.txt", "missing.txt"], 1),
        (["folder"], 1),
    ],
)
def test_exit_codes(run: Run, sources: list[str], code: int) -> None:
    Path("folder").mkdir()
    ran = run(*sources)
    assert ran.code == code
    assert len(ran.records) == len(sources)
    assert len(ran.errors) == sum(status != "complete" for _, status in ran.outcomes)


def test_an_incomplete_article_is_one_line_whatever_its_message(run: Run) -> None:
    assert run("partial.txt").errors == ["extractor: partial.txt: partial: the server did not answer in time"]


def test_offline_says_how_to_use_a_model_and_several_articles_are_counted(run: Run) -> None:
    ran = run("a.txt", "partial.txt", "missing.txt", loud=True)
    assert "--model" in ran.errors[0]
    assert ran.errors[-3:] == [
        "extractor: 3 articles: 1 complete, 1 partial, 1 failed",
        "extractor: reasons: timeout 1, missing_file 1",
        "extractor: characters not read: 6 timeout, of 13",
    ]
    assert len(run("a.txt", loud=True).errors) == 1
    assert run("a.txt", "--model", "openai/some", loud=True).errors == [
        "extractor: 0 requests, 0 tokens sent, 0 received"
    ]


def test_only_chooses_kinds_and_leaves_the_others_out(run: Run) -> None:
    [record] = run("a.txt", "--only", "quotes, claims").records
    assert {"quotes", "claims"} < set(record)
    assert "entities" not in record
    [failed] = run("missing.txt", "--only", "entities").records
    assert not {"quotes", "claims", "audit"} & set(failed)


def test_limit_counts_articles_and_reads_no_further(run: Run) -> None:
    Path("many.jsonl").write_text('{"text": "x"}\n' * 50 + "{broken\n", encoding="utf-8")
    ran = run("a.txt", "many.jsonl", "--limit", "4")
    assert [id_ for id_, _ in ran.outcomes] == ["a.txt", "many.jsonl:1", "many.jsonl:2", "many.jsonl:3"]
    assert ran.code == 0


def test_jsonl_fields_are_named_by_options(run: Run) -> None:
    Path("c.jsonl").write_text('{"key": "k", "body": "Words."}\n', encoding="utf-8")
    assert run("c.jsonl", "--text-field", "body", "--id-field", "key").outcomes == [("k", "complete")]


class TestFormats:
    def test_json(self, run: Run) -> None:
        ran = run("a.txt", "b.txt", "--format", "json")
        assert [record["article"]["id"] for record in json.loads(ran.out)] == ["a.txt", "b.txt"]

    def test_csv(self, run: Run) -> None:
        rows = list(csv.DictReader(io.StringIO(run("a.txt", "empty.txt", "--format", "csv").out)))
        assert [(row["article"], row["kind"]) for row in rows] == [("a.txt", "complete"), ("empty.txt", "failed")]

    def test_markdown(self, run: Run) -> None:
        assert run("a.txt", "--format", "markdown").out.startswith("# a.txt\n")

    def test_table(self, run: Run) -> None:
        out = run("a.txt", "b.txt", "--format", "table").out
        assert out.startswith("a.txt\ncomplete: 6 of 6 characters read")
        assert "\n\nb.txt\n" in out

    def test_a_terminal_gets_the_table(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        assert "Quotes (0)" in run("a.txt").out

    @pytest.mark.parametrize(
        ("name", "begins"), [("o.json", "[\n"), ("o.jsonl", '{"'), ("o.csv", "article,"), ("o.MD", "# a")]
    )
    def test_the_suffix_of_the_output_sets_the_format(
        self, run: Run, name: str, begins: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("EXTRACTOR_FORMAT", "table")
        ran = run("a.txt", "-o", name)
        assert (ran.code, ran.out, ran.errors) == (0, "", [])
        assert Path(name).read_text(encoding="utf-8").startswith(begins)

    def test_a_flag_wins_over_the_suffix(self, run: Run) -> None:
        assert run("a.txt", "-o", "o.md", "--format", "csv").code == 0
        assert Path("o.md").read_text(encoding="utf-8").startswith("article,")

    def test_a_name_that_says_no_format_is_wrong_usage(self, run: Run) -> None:
        ran = run("a.txt", "-o", "o.txt")
        assert ran.code == 2
        assert len(ran.errors) == 1
        assert not Path("o.txt").exists()

    def test_a_dash_is_standard_output(self, run: Run) -> None:
        assert run("a.txt", "-o", "-").outcomes == [("a.txt", "complete")]


@pytest.mark.parametrize(
    ("name", "says"), [("o.json", "o.json exists"), ("o.jsonl", "o.jsonl holds no records of extractor's")]
)
def test_an_output_that_exists_needs_force(run: Run, name: str, says: str) -> None:
    Path(name).write_text("old", encoding="utf-8")
    ran = run("a.txt", "-o", name)
    assert (ran.code, ran.out, ran.errors) == (1, "", [f"extractor: {says} (--force replaces it)"])
    assert Path(name).read_text(encoding="utf-8") == "old"
    assert run("a.txt", "-o", name, "--force").code == 0
    assert "a.txt" in Path(name).read_text(encoding="utf-8")


def test_an_output_in_a_missing_folder_is_one_line(run: Run) -> None:
    ran = run("a.txt", "-o", "no/o.json")
    assert ran.code == 1
    assert ran.errors == ["extractor: there is no folder 'no' (make it first)"]


def test_the_output_is_neither_source_nor_overwritten_as_one(run: Run) -> None:
    Path("c.jsonl").write_text('{"text": "x"}\n', encoding="utf-8")
    ran = run("c.jsonl", "-o", "./c.jsonl", "--force")
    assert ran.code == 1
    assert "source and the output" in ran.errors[0]
    assert Path("c.jsonl").read_text(encoding="utf-8") == '{"text": "x"}\n'
    assert run(".", "-o", "out.jsonl").code == 3
    again = run(".", "-o", "out.jsonl", "--force")
    ids = [json.loads(line)["article"]["id"] for line in Path("out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert again.code == 3
    assert ids == ["./a.txt", "./b.txt", "./binary.txt", "./c.jsonl:1", "./empty.txt", "./partial.txt"]


def test_an_interrupt_ends_with_130_and_what_is_in_flight_is_written(run: Run) -> None:
    Path("i.txt").write_text("interrupt", encoding="utf-8")
    given = [f"{number}.txt" for number in range(20)]
    for name in given:
        Path(name).write_text(f"Words of {name}.", encoding="utf-8")
    ran = run("a.txt", "i.txt", *given, "-o", "o.jsonl", "--workers", "1")
    assert (ran.code, ran.errors) == (130, ["extractor: interrupted"])
    ids = [json.loads(line)["article"]["id"] for line in Path("o.jsonl").read_text(encoding="utf-8").splitlines()]
    assert ids[:2] == ["a.txt", "i.txt"]
    assert ids == ["a.txt", "i.txt", *given][: len(ids)]
    assert len(ids) < 2 + len(given)
    assert run("a.txt", "i.txt", "b.txt", "-o", "o.json").code == 130
    assert not Path("o.json").exists()
    assert StandIn.made[-1].closed
    assert run("a.txt", "b.txt", "-o", "o.json").code == 0
    assert next(record["article"]["id"] for record in json.loads(Path("o.json").read_text(encoding="utf-8"))) == "a.txt"


def test_a_bug_is_one_line_without_its_message(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bug.txt").write_text("bug", encoding="utf-8")
    ran = run("bug.txt")
    assert ran.code == 1
    [line] = ran.errors
    assert "ValueError at test_extract.py:" in line
    assert "secret" not in line
    assert "report" in line
    monkeypatch.setenv("EXTRACTOR_DEBUG", "1")
    with pytest.raises(ValueError, match="secret"):
        run("bug.txt")


class TestUsage:
    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            ([], "no sources"),
            (["a.txt", "--model", "nonsense"], "no model 'nonsense'"),
            (["a.txt", "--only", "verbs"], "no kind 'verbs'"),
            (["a.txt", "--only", ""], "no kind"),
            (["a.txt", "--format", "xml"], "'xml' is not one of"),
            (["a.txt", "--nonsense"], "No such option: --nonsense"),
            (["a.txt", "--limit", "many"], "--limit"),
            (["a.txt", "--limit", "0"], "--limit is 0, and has to be at least 1"),
            (["a.txt", "--timeout", "nan"], "--timeout is nan"),
            (["a.txt", "--max-repairs", "-1"], "--max-repairs"),
            (["a.txt", "--mode", "xml"], "'xml' is not one of"),
        ],
    )
    def test_wrong_usage_is_one_line_with_a_hint(self, run: Run, arguments: list[str], says: str) -> None:
        ran = run(*arguments)
        assert (ran.code, ran.out) == (2, "")
        [line] = ran.errors
        assert line.startswith("extractor: ")
        assert says in line

    def test_a_missing_key_is_no_wrong_usage(self, run: Run) -> None:
        ran = run("a.txt", "--model", "openai/none", "-o", "o.json")
        assert (ran.code, ran.errors) == (1, ["extractor: OPENAI_API_KEY is not set (export it)"])
        assert not Path("o.json").exists()

    def test_the_errors_are_those_of_the_library(self) -> None:
        assert (UnknownModelError.exit_code, UnknownKindError.exit_code, MissingKeyError.exit_code) == (2, 2, 1)


class TestSettings:
    def test_everything_reaches_the_extractor(self, run: Run) -> None:
        flags = "--prompt p --examples e --mode tools --per-kind --chunk-chars 9 --max-repairs 0 --concurrency 2"
        run("a.txt", "--model", "openai/some", *flags.split(), "--timeout", "1.5", "--base-url", "http://h")
        limits = "--requests-per-minute 60 --tokens-per-minute 900 --max-cost 2.5 --token-budget 7000 --record r.sqlite"
        run("a.txt", "--model", "openai/some", *limits.split())
        assert StandIn.made[1].settings["limits"] == Limits(60, 900, 2.5, 7000)
        assert StandIn.made[1].settings["replies"] == Replies("cache", "r.sqlite")
        settings = StandIn.made[0].settings
        assert callable(settings.pop("on_event"))
        assert settings == {
            "limits": Limits(),
            "replies": Replies(),
            "kinds": None,
            "prompt": "p",
            "examples": "e",
            "mode": "tools",
            "per_kind": True,
            "chunk_chars": 9,
            "max_repairs": 0,
            "concurrency": 2,
            "timeout": 1.5,
            "base_url": "http://h",
        }

    def test_a_flag_goes_before_the_environment_and_that_before_the_file(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        Path("extractor.toml").write_text(
            'model = "openai/some"\nmax-repairs = 5\ntimeout = 7\nconcurrency = 4\nper_kind = true\n'
            'only = ["quotes"]\n',
            encoding="utf-8",
        )
        monkeypatch.setenv("EXTRACTOR_TIMEOUT", "8")
        monkeypatch.setenv("EXTRACTOR_CONCURRENCY", "3")
        run("a.txt", "--concurrency", "2", "--one-call")
        made = StandIn.made[0]
        assert made.model == "openai/some"
        wanted = {"max_repairs": 5, "timeout": 8.0, "concurrency": 2, "per_kind": False, "kinds": ["quotes"]}
        assert {name: made.settings[name] for name in wanted} == wanted

    def test_the_environment_names_the_model(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EXTRACTOR_MODEL", "openai/some")
        run("a.txt")
        assert StandIn.made[0].model == "openai/some"

    def test_the_environment_holds_switches_and_numbers_too(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("EXTRACTOR_PER_KIND", "1")
        monkeypatch.setenv("EXTRACTOR_CHUNK_CHARS", "900")
        monkeypatch.setenv("EXTRACTOR_QUIET", "yes")
        monkeypatch.setenv("EXTRACTOR_MODEL", "")
        assert run("a.txt", loud=True).errors == []
        made = StandIn.made[0]
        assert (made.model, made.settings["per_kind"], made.settings["chunk_chars"]) == ("offline", True, 900)
        monkeypatch.setenv("EXTRACTOR_LIMIT", "many")
        ran = run("a.txt")
        assert ran.code == 2
        assert "EXTRACTOR_LIMIT" in ran.errors[0]

    @pytest.mark.parametrize(
        ("toml", "says"),
        [
            ("modell = 'x'", "extractor.toml: unknown key 'modell' (did you mean 'model'?)"),
            (
                "api_key = 'sk-secret'",
                "extractor.toml: unknown key 'api_key' (API keys are read from the environment only)",
            ),
            ("[extract]\nmodel = 'x'", "extractor.toml: unknown key 'extract'"),
            ("model = ", "extractor.toml is not valid TOML"),
            ("model = 5", "extractor.toml: model is not a string"),
            ("timeout = true", "extractor.toml: timeout is not a number"),
            ("limit = 1.5", "extractor.toml: limit is not a whole number"),
            ("per_kind = 'yes'", "extractor.toml: per_kind is not true or false"),
            ("mode = 'xml'", "extractor.toml: mode is not one of tools, json_schema, json, md_json"),
            ("limit = 0", "--limit is 0"),
        ],
    )
    def test_a_wrong_file_is_one_line(self, run: Run, toml: str, says: str) -> None:
        Path("extractor.toml").write_text(toml, encoding="utf-8")
        ran = run("a.txt")
        assert ran.code == 2
        [line] = ran.errors
        assert line.startswith(f"extractor: {says}")
        assert "secret" not in line

    def test_help_works_beside_a_wrong_file(self, run: Run) -> None:
        Path("extractor.toml").write_text("nonsense", encoding="utf-8")
        assert run("--help").code == 0


def test_hostile_names_do_not_reach_the_terminal(run: Run) -> None:
    name = "x\x1b[2J\n\u202e.txt"
    Path(name).write_bytes(b"\0")
    ran = run(name)
    [line] = ran.errors
    assert "x␛[2J <U+202E>.txt is binary" in line
    assert ran.records[0]["article"]["id"] == name
