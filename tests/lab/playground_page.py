"""The Playground's page in a browser: opened, and used by its labels."""

import json
from contextlib import contextmanager

ADDRESS = "https://playground.tensorflow.org/#"


@contextmanager
def opened(browser, page, address="", **context):
    """A tab with the page; afterwards nothing was written to the console, and nothing loaded."""
    tab = browser.new_context(**context).new_page()
    said, asked = [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(f"{page.as_uri()}#{address}")
    yield tab
    assert not said
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    tab.context.close()


def status(tab):
    return tab.locator("#status").text_content()


def train(tab, epochs):
    """Train up to this epoch, and wait for it."""
    tab.get_by_label("up to epoch").fill(str(epochs))
    tab.get_by_role("button", name="Train", exact=True).click()
    tab.get_by_text(f"{epochs} epochs: training loss").wait_for(timeout=60_000)


def copied(tab, button):
    """What a button of the page copies."""
    tab.locator("#copy-box").evaluate("box => box.open = true")
    tab.get_by_role("button", name=button).click()
    return tab.get_by_label("Copied text").input_value()


def losses(tab):
    """The rows of the copied table of losses: training and test loss of each seed."""
    _, *rows = copied(tab, "losses as CSV").splitlines()
    return [[float(cell) for cell in row.split(",")[1:]] for row in rows]


def give_rows(tab, rows):
    """Use these rows as own data."""
    tab.locator("#own").evaluate("box => box.open = true")
    tab.get_by_label("Rows", exact=True).fill(rows)
    tab.get_by_role("button", name="Use these rows").click()


def axe(tab, source):
    """The serious violations that axe-core finds on the page."""
    tab.evaluate(f"{source};0")
    found = tab.evaluate("axe.run()")["violations"]
    return [
        json.dumps([one["id"], [node["html"] for node in one["nodes"]]])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
