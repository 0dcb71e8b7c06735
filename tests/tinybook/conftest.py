"""The tiny book is tested as any book is."""

from pathlib import Path

from hooks.testing import collector

pytest_collect_file = collector(Path(__file__).parent)
