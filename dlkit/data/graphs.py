"""Graphs: nodes with features and classes, and networkx's built-in ones behind the same interface."""

from __future__ import annotations

import collections
import io
import pickle
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dlkit.data.catalogue import DataError
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch


@dataclass(frozen=True)
class Graph:
    """A graph whose nodes belong to classes.

    Shapes: `features` float32 (N, D); `labels` int64 (N,); `edges` int64 (2, E), each undirected edge once each way,
    sorted; `train`, `val`, `test` bool (N,).
    """

    features: torch.Tensor
    labels: torch.Tensor
    edges: torch.Tensor
    train: torch.Tensor
    val: torch.Tensor
    test: torch.Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def adjacency(self) -> torch.Tensor:
        """The adjacency matrix, float32 (N, N), dense."""
        matrix = torch.zeros(len(self), len(self))
        matrix[self.edges[0], self.edges[1]] = 1
        return matrix


def cora() -> Graph:
    """2,708 papers of seven fields, 1,433 words that each has or has not, and who cites whom. Source: Sen et al., 2008.

    The split is that of Yang et al., 2016: 140 nodes to train, 500 to validate, 1,000 to test; the others have no part.

    Example: `cora().edges.shape == (2, 10_556)`.

    Raises:
        DataError: a file cannot be had, or is not the catalogue's.
    """
    tx, allx, ty, ally, neighbors = (_unpickle(fetch(f"cora/ind.cora.{part}").read_bytes()) for part in ("tx", "allx", "ty", "ally", "graph"))
    test = np.loadtxt(fetch("cora/ind.cora.test.index"), dtype=np.int64)
    features = np.concatenate([allx.toarray(), np.zeros(tx.shape, np.float32)]).astype(np.float32)
    labels = np.concatenate([ally, np.zeros_like(ty)])
    features[test], labels[test] = tx.toarray(), ty  # the test nodes' rows stand in the order of the index
    pairs = {(a, b) for a, others in neighbors.items() for b in others if a != b}
    return _graph(features, labels.argmax(1), pairs, 140, range(140, 640), test)


def karate_club() -> Graph:
    """Zachary's karate club: 34 members, who meets whom, and which of two clubs each joined. Source: Zachary, 1977.

    One member of each club is to train, all others are to test; features are one-hot, (34, 34). It comes with networkx.

    Example: `karate_club().train.sum() == 2`.
    """
    import networkx

    club = networkx.karate_club_graph()
    labels = np.array([club.nodes[n]["club"] != "Mr. Hi" for n in club]).astype(np.int64)
    graph = _graph(np.eye(len(labels), dtype=np.float32), labels, set(club.edges), 0, range(0), np.arange(1, 33))
    graph.train[[0, 33]] = True
    return graph


def _graph(features: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], pairs: set[tuple[int, int]], train: int, val: range, test: Any) -> Graph:
    both = sorted({*pairs, *((b, a) for a, b in pairs)})
    parts = torch.zeros(3, len(labels), dtype=torch.bool)
    parts[0, :train] = parts[1, val.start : val.stop] = True
    parts[2, torch.from_numpy(test)] = True
    edges = torch.tensor(both, dtype=torch.int64).T.contiguous()
    return Graph(torch.from_numpy(features), torch.from_numpy(labels.astype(np.int64)), edges, parts[0], parts[1], parts[2])


class _Restricted(pickle.Unpickler):
    """Makes arrays, sparse matrices and dictionaries, and calls nothing else, whatever the file asks for."""

    def find_class(self, module: str, name: str) -> Any:
        if name == "_reconstruct" and module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            return _empty
        if name == "csr_matrix" and module.startswith("scipy.sparse"):
            from scipy.sparse import csr_matrix  # type: ignore[import-untyped, unused-ignore]

            return csr_matrix
        known: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): np.ndarray,
            ("numpy", "dtype"): lambda kind, *_: np.dtype(kind),
            ("collections", "defaultdict"): collections.defaultdict,
            ("__builtin__", "list"): list,
            ("__builtin__", "object"): object,
            ("copy_reg", "_reconstructor"): _object,
        }
        if (module, name) not in known:
            raise DataError(f"a pickle that asks for {module}.{name}: nothing of this set needs it")
        return known[module, name]


def _empty(kind: type, shape: tuple[int, ...], code: str) -> np.ndarray[Any, Any]:
    """An array whose state comes next in the pickle."""
    one_of(kind, np.ndarray)
    return np.empty(shape, np.dtype(code))


def _object(kind: Any, base: type, state: object) -> Any:
    """An empty matrix whose attributes come next in the pickle."""
    if kind.__name__ != "csr_matrix" or base is not object or state is not None:
        raise DataError(f"a pickle that makes a {kind.__name__}: nothing of this set needs it")
    return kind.__new__(kind)


def _unpickle(content: bytes) -> Any:
    return _Restricted(io.BytesIO(content), encoding="latin1").load()
