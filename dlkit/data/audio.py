"""Sound: recordings as waves."""

from __future__ import annotations

import io
import wave
from dataclasses import dataclass

import numpy as np
import torch

from dlkit.data.archives import members
from dlkit.data.catalogue import DataError
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch


@dataclass(frozen=True)
class Recordings:
    """Waves of different lengths: float32 (T,) from -1 to 1 each; `labels` and `speakers` int64 (N,)."""

    waves: list[torch.Tensor]
    labels: torch.Tensor
    speakers: torch.Tensor
    names: tuple[str, ...]  # of the speakers
    rate: int  # samples a second

    def __len__(self) -> int:
        return len(self.waves)


def spoken_digits(split: str | None = "train") -> Recordings:
    """Spoken digits, 8 kHz; split "train" (2,700), "test" (300) or None, both. Source: Free Spoken Digit Dataset, Jackson et al.

    "test" is the first five recordings of each digit and speaker, as the set's authors say: the same six people speak in both.

    Example: `len(spoken_digits("test")) == 300`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    one_of(split, "train", "test", None)
    waves, labels, speakers = [], [], []
    for name, content in members(fetch("fsdd/fsdd.tar.xz")):
        digit, speaker, index = name.removesuffix(".wav").split("_")
        if split is None or (int(index) < 5) == (split == "test"):
            sound, rate = decode(content)
            if rate != 8000:
                raise DataError(f"fsdd: {name} has {rate} samples a second, not 8000")
            waves.append(sound)
            labels.append(int(digit))
            speakers.append(speaker)
    names = tuple(sorted(set(speakers)))
    return Recordings(waves, torch.tensor(labels), torch.tensor([names.index(speaker) for speaker in speakers]), names, 8000)


def decode(content: bytes) -> tuple[torch.Tensor, int]:
    """A WAV file of 16 bits, one channel: float32 (T,) from -1 to 1, and its samples a second."""
    with wave.open(io.BytesIO(content)) as sound:
        if (sound.getnchannels(), sound.getsampwidth()) != (1, 2):
            raise DataError(f"a WAV file with {sound.getnchannels()} channels of {8 * sound.getsampwidth()} bits, not one of 16")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return torch.from_numpy(samples.astype(np.float32) / 32768), sound.getframerate()
