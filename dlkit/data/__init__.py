"""Data sets: the catalogue, how its files are fetched, and loaders for each kind, each loaded when it is first asked for."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from dlkit.data.catalogue import DataError, find, sets

if TYPE_CHECKING:
    from dlkit.data.fetching import fetch, fetch_all
    from dlkit.data.store import cache

__all__ = ["DataError", "cache", "fetch", "fetch_all", "find", "sets"]

_LOADERS = {
    "audio": ("spoken_digits",),
    "batches": ("Batches", "buckets", "loader"),
    "builtin": ("breast_cancer", "diabetes", "digits", "iris", "wine"),
    "fetching": ("fetch", "fetch_all"),
    "generated": ("arithmetic", "copying", "glyphs", "recall", "shapes"),
    "graphs": ("cora", "karate_club"),
    "images": ("cifar10", "fashion_mnist", "mnist", "omniglot", "painting"),
    "ratings": ("movielens",),
    "scenes": ("bccd", "camvid"),
    "store": ("cache",),
    "tables": ("adult", "airfoil", "auto_mpg", "california_housing", "ett", "penguins", "series"),
    "text": ("breaking_nli", "corpus", "french", "instructions", "multi30k", "names", "rotten_tomatoes", "sick", "sst2"),
    "tokens": ("Vocabulary", "pad", "tokenize", "windows"),
    "words": ("analogies", "glove", "similarities"),
}
_HOME = {name: module for module, names in _LOADERS.items() for name in names}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"dlkit.data.{_HOME[name]}"), name)
    if name in _LOADERS:
        return import_module(f"dlkit.data.{name}")
    raise AttributeError(f"dlkit.data has no {name!r}", name=name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME, *_LOADERS])
