"""Fixtures that several tests share."""

from pathlib import Path

import pytest
from copies import Tiny, copy
from upstream import server as server
from upstream import toy as toy


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """A fresh clone of the tiny book."""
    return copy(tmp_path / "tinybook")
