"""Cases at the console: open ones first, closed by saying how they were settled."""

from __future__ import annotations


def test_a_case_is_closed_once_with_how_it_was_settled(console):
    support, path = console.login("support"), f"/cases/{console.ids['case_id']}/close"

    assert support.post(path, reason="").status_code == 422
    assert support.post(path, reason="talked to her").location == "/console/cases/"
    again = support.post(path, reason="talked to her")

    assert "no such open case" in again.text
    assert console.acts() == [("support", "close", "case", "talked to her")]


def test_open_cases_are_shown_unless_others_are_asked_for(console):
    browser = console.login()
    assert "Something is odd" in browser.get("/cases/").text

    browser.post(f"/cases/{console.ids['case_id']}/close", reason="done")

    assert "Something is odd" not in browser.get("/cases/").text
    assert "Something is odd" in browser.get("/cases/", state="closed").text
    assert "Something is odd" in browser.get("/cases/", state="").text
