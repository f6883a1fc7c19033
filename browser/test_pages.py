"""Every page of the console that a link leads to, looked at once: it loads, fits a small laptop,
its fields have labels, its headings are in order, and its words stand out from their ground."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from playwright.sync_api import Page

from browser.chromium import Complaints
from browser.desk import Desk
from browser.town import Town

WIDTHS = (1280, 1024)
LEAST_PAGES = 45
NEEMA = "+254722000004"
# WCAG 2.2, 1.4.3, level AA, for words of ordinary size; what is large counts as ordinary here.
LEAST_CONTRAST = 4.5

TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEADINGS = "[...document.querySelectorAll('h1, h2, h3')].map(one => Number(one.tagName[1]))"
# A wide table scrolls inside its frame: at this width none has to.
CUT_OFF = """[...document.querySelectorAll('.scroll')]
    .map(frame => frame.scrollWidth - frame.clientWidth).filter(over => over > 0)"""
UNLABELLED = """[...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
    .filter(field => !field.labels.length && !field.ariaLabel).map(field => field.name)"""
# Every element with words of its own: its colour on the nearest ground that is not transparent.
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


def test_every_page_that_a_link_leads_to_is_fit_to_be_seen(
    town: Town, log_in: Callable[[str], Desk], complaints: Complaints
) -> None:
    town.pay_bill(NEEMA, "370001000", "75", validated=False)
    desk = log_in("owner")
    seen: dict[str, str] = {}
    waiting = ["/console/"]
    found: dict[str, list[str]] = {}
    while waiting:
        path = waiting.pop(0)
        if _kind(path) in seen:
            continue
        seen[_kind(path)] = path
        desk.page.goto(path)
        if problems := [*_unfit(desk.page), *complaints.heard]:
            found[path] = problems
            complaints.heard.clear()
        waiting += _links(desk.page)

    assert found == {}
    assert len(seen) >= LEAST_PAGES, sorted(seen.values())


def _kind(path: str) -> str:
    """Pages that differ only in whom they are about are one kind."""
    return re.sub(r"/\d+", "/N", urlsplit(path).path)


def _links(page: Page) -> list[str]:
    hrefs = page.locator("a[href^='/console/']").evaluate_all(
        "links => links.map(link => link.getAttribute('href'))"
    )
    return [href for href in hrefs if not urlsplit(href).path.endswith(".csv")]


def _unfit(page: Page) -> list[str]:
    problems = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 720})
        if over := page.evaluate(TOO_WIDE):
            problems.append(f"{over} pixels too wide at {width}")
        if width == max(WIDTHS) and (cut_off := page.evaluate(CUT_OFF)):
            problems.append(f"tables cut off by {cut_off} pixels at {width}")
    if unlabelled := page.evaluate(UNLABELLED):
        problems.append(f"no label: {unlabelled}")
    levels = page.evaluate(HEADINGS)
    if levels.count(1) != 1 or levels[0] != 1 or 3 in levels:
        problems.append(f"headings {levels}")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        problems += [f"{scheme}, {told}" for told in page.evaluate(FAINT, LEAST_CONTRAST)]
    return problems
