"""pytest collects every block of the book and of the website's own pages, and every doctest of our modules."""

from pathlib import Path

from hooks.testing import collector

pytest_collect_file = collector(Path(__file__).parent, doctests=("dlkit", "hooks"))
