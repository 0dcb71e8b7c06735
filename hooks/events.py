"""What a section's process tells, read as it comes. Whoever reads never waits for the rest of a message."""

from __future__ import annotations

import os
import pickle
import struct
from typing import Any

LONGEST = 100_000_000  # bytes of a message; whoever announces more has written into a file that is not its own


class Events:
    """The reading end of a pipe whose other end is a `multiprocessing` connection."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.begun = bytearray()
        self.over = False  # nobody can write any more
        self.garbled = False  # what comes is no message
        os.set_blocking(descriptor, False)

    def close(self) -> None:
        os.close(self.descriptor)

    def read(self) -> list[tuple[Any, ...]]:
        """The messages that are there in full."""
        while not self.over:
            try:
                data = os.read(self.descriptor, 1 << 20)
            except BlockingIOError:
                break
            self.begun += data
            self.over = not data
            if len(self.begun) > LONGEST:
                break
        found = []
        while len(self.begun) >= 4 and not self.garbled:
            (length,) = struct.unpack_from("!i", self.begun)
            self.garbled = not 0 < length <= LONGEST
            if self.garbled or len(self.begun) < 4 + length:
                break
            try:
                found.append(pickle.loads(self.begun[4 : 4 + length]))
            except Exception:
                self.garbled = True
            del self.begun[: 4 + length]
        return found
