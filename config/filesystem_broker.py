"""kombu's broker in a folder, with messages that appear whole.

kombu creates a message's file, then writes it: a worker that looks in between reads an empty message, fails and stops,
and the whole installation with it. Here a message, and the table of queues, is written under another name and then
moved into place, which the file system does at once.
"""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """A channel whose writes are seen whole or not at all."""

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        """Put a message on a queue. Raises ``ChannelError`` when the folder cannot be written to."""
        name = f"{round(time.monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        _write_whole(Path(self.data_folder_out) / name, dumps(payload))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The next message of a queue; one that cannot be read (cut short by a full disk) is dropped, not fatal.

        What it told of stands in PostgreSQL, where the sweeps find it.
        """
        try:
            return super()._get(queue)
        except JSONDecodeError:
            raise Empty from None

    def _queue_bind(self, exchange: str, routing_key: str, pattern: str, queue: str) -> None:
        """Note which queue an exchange feeds."""
        file = self._exchange_file(exchange)
        bound = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._tables():
            known = self.get_table(exchange)
            if bound not in known:
                _write_whole(file, dumps([bound, *known]))

    def _delete(
        self, queue: str, exchange: str, routing_key: str, pattern: str, *args: Any, **kwargs: Any
    ) -> None:
        """Forget a queue."""
        super(filesystem.Channel, self)._delete(queue, exchange, routing_key, pattern, *args, **kwargs)
        gone = filesystem.exchange_queue_t(routing_key or "", pattern or "", queue or "")
        with self._tables():
            known = self.get_table(exchange)
            if gone in known:
                _write_whole(self._exchange_file(exchange), dumps([one for one in known if one != gone]))

    @contextmanager
    def _tables(self) -> Iterator[None]:
        """Two processes that change the tables do it one after the other."""
        folder = Path(self.control_folder)
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _write_whole(file: Path, text: str) -> None:
    draft = file.with_name(f".{uuid.uuid4()}.part")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise ChannelError(f"Cannot write {file.name}: {error}") from error


class Transport(filesystem.Transport):
    """kombu's transport with that channel."""

    Channel = Channel
