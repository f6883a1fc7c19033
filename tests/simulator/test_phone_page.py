"""The phone in the browser: its page, scripts and styles."""

from pathlib import Path

from flask.testing import FlaskClient

STATIC = Path(__file__).parents[2] / "simulator" / "static"


def test_the_page_and_everything_it_loads_are_served(phone: FlaskClient) -> None:
    with phone.get("/phone/") as page:
        assert page.content_type.startswith("text/html")
    assert phone.get("/phone").headers["Location"] == "/phone/"
    for file in STATIC.iterdir():
        with phone.get(f"/phone/static/{file.name}") as served:
            assert served.status_code == 200
    assert phone.get("/phone/static/../app.py").status_code == 404


def test_the_page_needs_no_other_host() -> None:
    for file in STATIC.iterdir():
        source = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "://" not in source, file.name
