"""Pictures of the documentation: each is used, taken by the browser tests, light and described."""

import re

from tests.browser.pictures import FOLDER, PICTURES
from tests.documentation import DOCUMENTS, read

#: Bytes that a picture may weigh.
MOST = 150_000


def test_every_picture_is_taken_by_the_browser_tests() -> None:
    taken = {picture.png.name for picture in PICTURES} | {picture.aria.name for picture in PICTURES}
    assert {path.name for path in FOLDER.iterdir()} == taken, "make screenshots, and git add or rm"


def test_every_picture_is_light() -> None:
    assert {
        path.name: path.stat().st_size for path in FOLDER.glob("*.png") if path.stat().st_size > MOST
    } == {}


def test_every_picture_is_shown_and_described() -> None:
    shown: dict[str, str] = {}
    for document in DOCUMENTS:
        for words, target in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", read(document)):
            path = (document.parent / target).resolve()
            assert path.is_file(), f"{document.name}: {target}"
            assert len(words) > 20, f"{document.name}: say what {target} shows"
            shown[path.stem] = words
    assert set(shown) == {picture.name for picture in PICTURES}
