"""What every page may show of one's notices."""

from functools import cached_property

from django.http import HttpRequest

from notifications.addresses import AddressState, Board, board_of


class NoticeBoard:
    """``notice_board`` in a template: read from the database if the template uses it, once, with one statement."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def _board(self) -> Board | None:
        user = getattr(self._request, "user", None)
        return board_of(user) if user is not None and user.is_authenticated else None

    @property
    def unread(self) -> int:
        """How many notices the person has not read; 0 for a visitor."""
        return self._board.unread if self._board else 0

    @property
    def address(self) -> AddressState | None:
        """Whether mail reaches the person; None for a visitor."""
        return self._board.address if self._board else None


def notice_board(request: HttpRequest) -> dict[str, NoticeBoard]:
    """Context processor: ``notice_board``."""
    return {"notice_board": NoticeBoard(request)}
