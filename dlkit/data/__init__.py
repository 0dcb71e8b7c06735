"""Data sets: the catalogue, how its files are fetched, and loaders for each kind."""

from dlkit.data.catalogue import DataError, find, sets
from dlkit.data.fetching import cache, fetch, fetch_all

__all__ = ["DataError", "cache", "fetch", "fetch_all", "find", "sets"]
