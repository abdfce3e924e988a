"""TensorBoard's event file of a run: an event for each logged step."""

import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

from iebench.manifests.common.files import on_disk, own_folder


class EventFile:
    """Writes TensorBoard events to a new file and flushes each of them.

    PyTorch's SummaryWriter writes in a thread, which prints its own traceback when the disk is full.
    """

    def __init__(self, folder: Path, step: int) -> None:
        """Open the file. step : first step to be written; TensorBoard discards earlier events from this step on."""
        name = f"events.out.tfevents.{time.time_ns() // 10**9:010d}.{socket.gethostname()}.{os.getpid()}"
        number = 0
        while (path := folder / f"{name}.{number}").exists():
            number += 1
        self.path = path
        own_folder(folder)
        with on_disk(path):
            self._file = path.open("wb")
        self._records = RecordWriter(self._file)
        self._put(Event(file_version="brain.Event:2", step=step))
        self._put(Event(session_log=SessionLog(status=SessionLog.START), step=step))

    def write(self, step: int, values: Mapping[str, float]) -> None:
        """Write the values of a step."""
        scalars = [Summary.Value(tag=name, simple_value=value) for name, value in values.items()]
        self._put(Event(summary=Summary(value=scalars), step=step))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _put(self, event: Any) -> None:
        event.wall_time = time.time()
        with on_disk(self.path):
            self._records.write(event.SerializeToString())
            self._file.flush()
