"""The command, and the pages it writes."""

import json
import re
from pathlib import Path

import pytest

from fashion_nn import ledger
from fashion_nn.cli.main import app, run
from fashion_nn.ledger import pages

ROOT = Path(__file__).parents[2]


def command(*words):
    return run(app, ["reproduce", *words])


def test_json_is_a_list_of_objects(capsys):
    assert command("001-008", "004", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 60
    assert {"id", "quoted", "measured", "verdict", "evidence"} <= set(found[0])
    assert (found[0]["id"], found[0]["quoted"], found[0]["verdict"]) == ("001-008", "0.9176", "differs")
    assert found[0]["measured"] == pytest.approx(0.8175745)


def test_a_few_claims_are_shown_in_full_and_many_as_a_table(capsys):
    assert command("001-033") == 0
    said = capsys.readouterr().out
    assert "001-033  differs" in said
    assert "fashion-nn lab backprop report-001/sigmoid" in said
    assert command("004") == 0
    assert len(capsys.readouterr().out.splitlines()) == 60


@pytest.mark.parametrize("words", [["009"], ["001-999"], ["S009-1"]])
def test_what_there_is_not_is_one_line(words, capsys):
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: unknown claim or report {words[0]!r}")
    assert said.count("\n") == 1


def test_full_says_first_how_long_it_takes(monkeypatch, capsys):
    ran = []
    monkeypatch.setattr(ledger, "run", lambda name, progress=None: ran.append(name) or {"seconds": 1.0})
    assert command("000-011", "--full") == 0
    assert ran == ["bad-initialisation"]
    assert re.search(r"protocols: bad-initialisation; about \d+ s of processor time", capsys.readouterr().err)


def test_everything_at_once_fits_on_a_screen(capsys):
    assert command() == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) < 40
    assert re.search(rf"\d+ of {len(ledger.load())} hold, \d+ do not", said)


def test_the_page_needs_no_other_file(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "_pictures", lambda progress: [("A & B", b"\x89PNG")])
    entries = ledger.judge(ledger.select(["001-008", "001-014", "004-001"]))
    pages.write_html(entries, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r"(src|href)=[\"'](?!data:)|https?://|@import|url\(", page)
    claims = json.loads(re.search(r"const claims = (.*);\n", page)[1])
    assert [claim["id"] for claim in claims] == ["001-008", "001-014", "004-001"]
    assert "A &amp; B" in page
    assert "prefers-color-scheme: dark" in page
    assert "$" not in re.sub(r"const claims = .*;\n", "", page)


def test_what_a_report_prints_cannot_end_the_script(tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(pages, "_pictures", lambda progress: [])
    claim = replace(ledger.select(["001-008"])[0], quoted="</script><b>")
    pages.write_html(ledger.judge([claim]), tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text().count("</script>") == 1


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    drawn = pages._pictures(None)
    assert len(drawn) > 8
    assert all(data.startswith(b"\x89PNG") for _, data in drawn)
    assert sum(len(data) for _, data in drawn) < 3_000_000


def test_the_page_in_docs_is_the_one_that_the_command_writes(tmp_path):
    pages.write_markdown(ledger.judge(ledger.load()), tmp_path / "ledger.md")

    def verdicts(path):
        """Ids and verdicts: the last digits of what is measured may differ between machines."""
        rows = (re.split(r"(?<!\\)\|", line) for line in path.read_text().splitlines())
        return [(row[1].strip(), row[5].strip()) for row in rows if len(row) == 9]

    assert verdicts(ROOT / "docs/ledger.md") == verdicts(tmp_path / "ledger.md")
    heads = 2 * len({claim.report for claim in ledger.load()})
    assert len(verdicts(tmp_path / "ledger.md")) == len(ledger.load()) + heads
