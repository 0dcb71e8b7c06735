"""What tests on real data need: the sets in the cache, or on the mirror that `DLKIT_MIRROR` names."""

import os
from pathlib import Path

import pytest

from dlkit.data import cache, find


def need(*names: str) -> None:
    """Skip, aloud, where the sets are at hand neither way: a test does not go to the internet by itself."""
    mirror = os.environ.get("DLKIT_MIRROR", "")
    for name in names:
        keys = [file.key for file in find(name).wanted]
        if not mirror.startswith("http") and not all((cache() / key).is_file() or (mirror and (Path(mirror) / key).is_file()) for key in keys):
            pytest.skip(f"data set {name!r} is not here; python -m dlkit.data fetch {name}, or set DLKIT_MIRROR")
