"""The command, and the pages it writes."""

import base64
import hashlib
import json
import re
from pathlib import Path

import html_pages
import pytest
from html_pages import Elements

from fashion_nn import ledger
from fashion_nn.cli.main import app, run
from fashion_nn.ledger import pages
from fashion_nn.ledger.protocols import Results

ROOT = Path(__file__).parents[2]


def command(*words):
    return run(app, ["reproduce", *words])


def test_json_is_a_list_of_objects(capsys):
    assert command("001-008", "004", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found) == 1 + len(ledger.select(["004"]))
    assert {"id", "quoted", "measured", "verdict", "evidence"} <= set(found[0])
    assert (found[0]["id"], found[0]["quoted"], found[0]["verdict"]) == (
        "001-008",
        "0.9176",
        "differs",
    )
    assert found[0]["measured"] == pytest.approx(0.8175745)


def test_a_few_claims_are_shown_in_full_and_many_as_a_table(capsys):
    assert command("001-033") == 0
    said = capsys.readouterr().out
    assert "001-033  differs" in said
    assert "fashion-nn lab backprop report-001/sigmoid" in said
    assert command("004") == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(ledger.select(["004"]))


@pytest.mark.parametrize("words", [["009"], ["001-999"], ["S009-1"]])
def test_what_there_is_not_is_one_line(words, capsys):
    assert command(*words) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: unknown claim or report {words[0]!r}")
    assert said.count("\n") == 1


def test_full_says_first_how_long_it_takes(monkeypatch, capsys):
    ran = []

    def run(name, progress=None):
        ran.append(name)
        return Results(protocol=name, seeds=[0], seconds=1.0)

    monkeypatch.setattr(ledger, "run", run)
    assert command("000-011", "--full") == 0
    assert ran == ["bad-initialisation"]
    said = capsys.readouterr().err
    assert re.search(r"protocols: bad-initialisation; about \d+ (s|min) of processor time", said)


def test_everything_at_once_fits_on_a_screen(capsys):
    assert command() == 0
    said = capsys.readouterr().out
    assert len(said.splitlines()) < 40
    assert re.search(rf"\d+ of {len(ledger.load())} hold, \d+ do not", said)
    assert all(verdict in said for verdict in ledger.VERDICTS)


def test_the_page_needs_no_other_file(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "_pictures", lambda progress: [("A & B", b"\x89PNG")])
    entries = ledger.judge(ledger.select(["001-008", "001-014", "004-001"]))
    pages.write_html(entries, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert not re.search(r"(src|href)=[\"'](?!data:)|https?://|@import|url\(", page)
    found = Elements(page)
    shown = [claim["id"] for claim in found.all("article") if "id" in claim]
    assert shown == ["001-008", "001-014", "004-001"]
    assert all(entry.claim.claim in found.text for entry in entries)
    assert "A &amp; B" in page
    assert "prefers-color-scheme: dark" in page
    assert "{{" not in page and "{%" not in page


def test_what_a_report_prints_cannot_end_the_script(tmp_path, monkeypatch):
    from dataclasses import replace

    monkeypatch.setattr(pages, "_pictures", lambda progress: [])
    claim = replace(ledger.select(["001-008"])[0], quoted="</script><b>")
    pages.write_html(ledger.judge([claim]), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert page.count("</script>") == 1
    assert "</script><b>" in Elements(page).text


def test_the_policy_of_the_page_allows_its_script_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "_pictures", lambda progress: [])
    pages.write_html(ledger.judge(ledger.select(["001-008"])), tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    (script,) = re.findall(r"<script>(.*?)</script>", page, re.S)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (tag["content"] for tag in Elements(page).all("meta") if "http-equiv" in tag)
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data:",
        "style-src 'unsafe-inline'",
        f"script-src 'sha256-{digest}'",
    ]


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_in_a_browser(browser, tmp_path, monkeypatch, scheme, width):
    monkeypatch.setattr(pages, "_pictures", lambda progress: [])
    pages.write_html(ledger.judge(ledger.select(["000", "001"])), tmp_path / "page.html")
    html_pages.require_well_shown(browser, [tmp_path / "page.html"], scheme, width)


def test_the_filters_of_the_page(browser, tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "_pictures", lambda progress: [])
    entries = ledger.judge(ledger.select(["000", "001-008"]))
    pages.write_html(entries, tmp_path / "page.html")
    tab = browser.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    assert tab.text_content("#count") == f"{len(entries)} of {len(entries)}"
    assert tab.locator("main article:visible").count() == 0
    tab.select_option("#report", "001")
    assert tab.text_content("#count") == f"1 of {len(entries)}"
    assert tab.locator("main article:visible").get_attribute("id") == "001-008"
    tab.select_option("#verdict", "match")
    assert tab.text_content("#count") == f"0 of {len(entries)}"
    tab.select_option("#verdict", "")
    tab.select_option("#report", "")
    tab.fill("#text", "0.9176 001-008")
    assert tab.text_content("#count") == f"1 of {len(entries)}"
    tab.close()


@pytest.mark.slow
def test_the_pictures_are_drawn(tmp_path):
    drawn = pages._pictures(None)
    assert len(drawn) > 7
    assert all(data.startswith(b"\x89PNG") for _, data in drawn)
    assert sum(len(data) for _, data in drawn) < 120_000


def test_the_page_in_docs_is_small(browser):
    path = ROOT / "docs/ledger.html"
    assert path.stat().st_size < 500_000
    for width in (390, 1280):
        tab = browser.new_page(viewport={"width": width, "height": 844})
        tab.goto(path.as_uri())
        assert tab.evaluate("document.documentElement.scrollHeight") <= 15_000
        wide = (
            "[...document.querySelectorAll('table')].some(table => table.scrollWidth > innerWidth)"
        )
        assert not tab.evaluate(wide)
        tab.close()


def test_the_page_in_docs_is_the_one_that_the_command_writes(tmp_path):
    pages.write_markdown(ledger.judge(ledger.load()), tmp_path / "ledger.md")

    def verdicts(path):
        """Ids and verdicts: the last digits of what is measured may differ between machines."""
        rows = (re.split(r"(?<!\\)\|", line) for line in path.read_text().splitlines())
        return [(row[1].strip(), row[5].strip()) for row in rows if len(row) == 13]

    assert verdicts(ROOT / "docs/ledger.md") == verdicts(tmp_path / "ledger.md")
    heads = 2 * len({claim.report for claim in ledger.load()})
    assert len(verdicts(tmp_path / "ledger.md")) == len(ledger.load()) + heads
