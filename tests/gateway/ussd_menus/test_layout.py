"""Pages: nothing lost, nothing cut that could be kept whole, nothing too large."""

from hypothesis import given
from hypothesis import strategies as st

from core.gsm7 import septets
from gateway.ussd_menus.layout import paginate

LINE = st.text(alphabet="abc €", min_size=1, max_size=60).map(str.strip).filter(bool)


@given(st.lists(LINE, min_size=1, max_size=20), st.integers(20, 60), st.integers(15, 20))
def test_every_page_fits_and_every_word_is_there(lines: list[str], whole: int, part: int) -> None:
    cut = paginate(lines, septets, whole, part)

    room = whole if len(cut) == 1 else part
    assert all(septets("\n".join(page)) <= room for page in cut)
    assert "".join(" ".join(line for page in cut for line in page).split()) == "".join(
        " ".join(lines).split()
    )


def test_a_line_that_fits_a_page_is_never_broken() -> None:
    assert paginate(["a" * 10, "b" * 10, "c" * 5], len, 20, 16) == [
        ("a" * 10,),
        ("b" * 10, "c" * 5),
    ]


def test_a_line_larger_than_a_page_is_broken_between_words() -> None:
    assert paginate(["one two three four"], len, 10, 9) == [("one two",), ("three",), ("four",)]
