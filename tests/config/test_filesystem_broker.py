"""The embedded broker: messages are seen whole or not at all, and a spoilt one stops no worker."""

import threading
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from config.celery import app
from config.filesystem_broker import Channel

MESSAGES = 400


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Any]:
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    queue = str(tmp_path / "queue")
    return {"data_folder_in": queue, "data_folder_out": queue, "control_folder": str(tmp_path / "control")}


def connect(folders: dict[str, Any]) -> Connection:
    return app.connection("filesystem://localhost/", transport_options=folders)


def test_reader_that_looks_all_the_time_reads_every_message_whole(folders: dict[str, Any]) -> None:
    """With kombu's own channel two messages in a hundred were read while they were written."""

    def write() -> None:
        with connect(folders) as connection:
            channel = connection.channel()
            for number in range(MESSAGES):
                channel._put("work", {"number": number, "text": "é" * 2_000})

    writer = threading.Thread(target=write)
    read: set[int] = set()
    with connect(folders) as connection:
        channel = connection.channel()
        assert isinstance(channel, Channel)
        writer.start()
        while len(read) < MESSAGES:
            waited = not writer.is_alive()
            try:
                read.add(channel._get("work")["number"])
            except Empty:
                assert not waited, "the writer is done and messages are missing"
    writer.join()
    assert read == set(range(MESSAGES))


def test_spoilt_message_is_dropped_and_the_next_one_read(folders: dict[str, Any]) -> None:
    (Path(folders["data_folder_in"]) / "0_cut.work.msg").write_bytes(b"")
    with connect(folders) as connection:
        channel = connection.channel()
        channel._put("work", {"number": 1})
        with pytest.raises(Empty):
            channel._get("work")
        assert channel._get("work") == {"number": 1}


def test_queues_bound_at_once_are_all_known(folders: dict[str, Any]) -> None:
    def bind(number: int) -> None:
        with connect(folders) as connection:
            connection.channel()._queue_bind("news", "", "", f"queue{number}")

    threads = [threading.Thread(target=bind, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with connect(folders) as connection:
        channel = connection.channel()
        assert {one.queue for one in channel.get_table("news")} == {f"queue{number}" for number in range(12)}
        channel._delete("queue3", "news", "", "")
        assert "queue3" not in {one.queue for one in channel.get_table("news")}
