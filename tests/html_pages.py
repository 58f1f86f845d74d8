"""What a page that the project writes holds, and how a browser shows it."""

import re
from html.parser import HTMLParser


class Elements(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text, self._in_script = [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self._in_script = tag == "script"

    def handle_endtag(self, tag):
        self._in_script = False

    def handle_data(self, data):
        if not self._in_script:
            self.text += data

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def require_well_shown(browser, pages, scheme, width):
    """Open each page in Chromium: it fits, is light or dark, readable, silent, and asks for
    nothing.
    """
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844})
    tab = context.new_page()
    said, asked = [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.on("pageerror", lambda error: said.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    for page in pages:
        tab.goto(page.as_uri())
        assert tab.evaluate("document.documentElement.scrollWidth") == width
        assert tab.evaluate(
            "[...document.images].every(image => image.complete && image.naturalWidth && image.alt)"
        )
        paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
        light = sum(map(int, re.findall(r"\d+", paper)[:3])) / 3
        assert light > 240 if scheme == "light" else light < 40
        contrast = tab.evaluate(_CONTRAST)
        assert contrast["ink"] > 7 and contrast["quiet"] > 4.5
        covered = tab.evaluate(
            "[...document.querySelectorAll('h1, h2')].every(head => head.offsetHeight)"
        )
        assert covered
    assert not said
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    context.close()


_CONTRAST = """() => {
    const shade = text => {
        const parts = text.match(/\\d+/g).slice(0, 3).map(part => part / 255)
        const linear = parts.map(part =>
            part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]
    }
    const paper = shade(getComputedStyle(document.body).backgroundColor)
    const ratio = element => {
        const ink = shade(getComputedStyle(element).color)
        return (Math.max(ink, paper) + .05) / (Math.min(ink, paper) + .05)
    }
    return {ink: ratio(document.body), quiet: ratio(document.querySelector('.quiet'))}
}"""
