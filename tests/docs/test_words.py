"""The list of words that are not used finds what it should, and nothing else."""

from __future__ import annotations

import tomllib

import pytest

from tests.docs.words import LIST, ROOT, WordList, files_of_the_project

WORDS = WordList(
    {
        "words": {"door, doors": "callback"},
        "names": {"told, tell_*": "notify_*"},
        "names_in": {"gateway/console/*": {"about": "summary"}},
        "phrases": {r"\bring for\b": "wake"},
        "files": {"*/tally.py": "counters.py"},
    }
)


def found(path: str, text: str) -> list[tuple[int, str]]:
    return [(hit.line, hit.found) for hit in WORDS.hits(path, text)]


@pytest.mark.parametrize("spelling", ["door", "open_door", "MpesaDoors", "DOOR_KEY", "the door."])
def test_a_word_is_found_in_any_spelling(spelling: str) -> None:
    assert len(found("docs/guide.md", f"first line\n{spelling}\n")) == 1


@pytest.mark.parametrize("other", ["indoor", "doorstep", "outdoors"])
def test_a_part_of_a_longer_word_is_not_found(other: str) -> None:
    assert found("docs/guide.md", other) == []


def test_a_name_is_found_in_code_and_not_in_text() -> None:
    code = '"""What a customer is told."""\n\ntold = 1  # told\ntell_agent(told)\n'

    assert found("core/texts.py", code) == [(3, "told"), (4, "tell_agent"), (4, "told")]
    assert found("docs/guide.md", code) == []


def test_a_method_is_found_where_it_is_defined_and_not_where_it_is_called() -> None:
    code = "class Row:\n    def told(self): ...\n\nrow.told()\nrow.told\n"

    assert found("core/texts.py", code) == [(2, "told"), (5, "told")]


def test_a_name_of_one_folder_is_found_there_only() -> None:
    assert found("gateway/console/forms.py", "about = 1\n") == [(1, "about")]
    assert found("gateway/app.py", "about = 1\n") == []


def test_a_phrase_is_found_whatever_its_case() -> None:
    assert found("docs/guide.md", "Ring for texts.\n") == [(1, "Ring for")]


def test_a_file_is_found_by_its_name() -> None:
    assert found("gateway/tally.py", "") == [(0, "gateway/tally.py")]


def test_a_line_says_where_the_word_stands_and_what_to_use() -> None:
    [hit] = WORDS.hits("docs/guide.md", "\nThe door.\n")

    assert str(hit) == "docs/guide.md:2: door -> callback"


def test_the_list_can_be_read_and_leaves_history_out() -> None:
    words = WordList(tomllib.loads((ROOT / LIST).read_text()))

    assert words.hits("core/x.py", "for one in whoever:\n    pass\n")
    paths = {path for path, _ in files_of_the_project()}
    assert "README.md" in paths
    assert not paths & {LIST, "CHANGELOG.md"}
