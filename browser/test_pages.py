"""Every linked page of the console: it loads, fits a small laptop, all fields have labels, the
headings are in order, and the text has enough contrast."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page

from browser.chromium import BrowserErrors
from browser.console_page import ConsolePage
from browser.installation import Installation

WIDTHS = (1280, 1024)
MIN_PAGES = 45
NEEMA = "+254722000004"
# WCAG 2.2, 1.4.3, level AA, for text of normal size. Large text has to meet it too.
MIN_CONTRAST = 4.5

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3')].map(heading => Number(heading.tagName[1]))"
# A wide table scrolls inside its frame. At this width no table may need that.
CUT_OFF = """[...document.querySelectorAll('.scroll')]
    .map(frame => frame.scrollWidth - frame.clientWidth).filter(over => over > 0)"""
MENU_CUT_OFF = """(({scrollWidth, clientWidth, scrollHeight, clientHeight}) =>
    scrollWidth > clientWidth || scrollHeight > clientHeight)(document.querySelector('.bar'))"""
UNLABELLED = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(field => !field.labels.length && !field.ariaLabel).map(field => field.name)"""
# Every element with text of its own: its colour against the nearest opaque background.
FAINT = """least => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const drawn = (...colours) => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) { canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); }
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b].map(part => part / 255)
    .map(part => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const grounds = (one) =>
    one ? [...grounds(one.parentElement), getComputedStyle(one).backgroundColor] : [];
  const contrast = (one) => {
    const ground = grounds(one);
    const [a, b] = [drawn(...ground), drawn(...ground, getComputedStyle(one).color)].map(light);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  return [...document.body.querySelectorAll('*')]
    .filter(one => one.checkVisibility() && !(one instanceof SVGElement))
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
    .map(one => [contrast(one), one.textContent.trim().slice(0, 40)])
    .filter(([ratio]) => ratio < least)
    .map(([ratio, words]) => `${ratio.toFixed(1)}: ${words}`);
}"""


def test_every_linked_page_is_usable(
    installation: Installation, log_in: Callable[[str], ConsolePage], browser_errors: BrowserErrors
) -> None:
    installation.pay_bill(NEEMA, "370001000", "75", validated=False)
    console = log_in("owner")
    seen: dict[str, str] = {}
    waiting = ["/console/"]
    found: dict[str, list[str]] = {}
    while waiting:
        path = waiting.pop(0)
        if _kind_of_page(path) in seen:
            continue
        seen[_kind_of_page(path)] = path
        console.page.goto(path)
        if problems := [*_page_problems(console.page), *browser_errors.messages]:
            found[path] = problems
            browser_errors.messages.clear()
        waiting += _linked_pages(console.page)

    assert found == {}
    assert len(seen) >= MIN_PAGES, sorted(seen.values())


def _kind_of_page(path: str) -> str:
    """Return the path without ids: pages that differ only in their ids are one kind."""
    return re.sub(r"/\d+", "/N", urlsplit(path).path)


def _linked_pages(page: Page) -> list[str]:
    hrefs = page.locator("a[href^='/console/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    return [href for href in hrefs if not urlsplit(href).path.endswith(".csv")]


def _page_problems(page: Page) -> list[str]:
    problems = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        if over := page.evaluate(TOO_WIDE):
            problems.append(f"{over} pixels too wide at {width}")
        if width == max(WIDTHS) and (cut_off := page.evaluate(CUT_OFF)):
            problems.append(f"tables cut off by {cut_off} pixels at {width}")
        if page.evaluate(MENU_CUT_OFF):
            problems.append(f"the menu cut off at {width}")
    if unlabelled := page.evaluate(UNLABELLED):
        problems.append(f"no label: {unlabelled}")
    levels = page.evaluate(HEADINGS)
    if levels.count(1) != 1 or levels[0] != 1 or 3 in levels:
        problems.append(f"headings {levels}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        problems += [f"{scheme}, {problem}" for problem in page.evaluate(FAINT, MIN_CONTRAST)]
    return problems
