"""What every page may show of one's notices."""

from functools import cached_property

from django.http import HttpRequest

from notifications.selectors import unread_count


class NoticeBoard:
    """``notice_board.unread`` in a template: read from the database if the template uses it, once."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def unread(self) -> int:
        """How many notices the person has not read; 0 for a visitor."""
        user = getattr(self._request, "user", None)
        return unread_count(user) if user is not None else 0


def notice_board(request: HttpRequest) -> dict[str, NoticeBoard]:
    """Context processor: ``notice_board``."""
    return {"notice_board": NoticeBoard(request)}
