"""What the tests of training share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from runs import build, validation

from dlkit.train import Checkpoints


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """As many as the forks have that the tests start: with more, sums are taken in another order, and the bits differ."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A checkpoint of a small run."""
    trainer, loader = build(tmp_path)
    trainer.fit(loader, validation(), epochs=1)
    path = Checkpoints(tmp_path).latest()
    assert path is not None
    return path
