"""What the catalogue says of the files themselves, beside what the loaders give."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from datasets import need

from dlkit import data
from dlkit.data import fetch, fetch_all, sets
from dlkit.data.archives import members
from dlkit.data.catalogue import find
from dlkit.data.downloading import rebuilding
from dlkit.data.graphs import _unpickle
from dlkit.data.scenes import CELLS, voc

LOADERS = [name for module, names in data._LOADERS.items() if module not in ("batches", "fetching", "store", "tokens") for name in names]


@pytest.mark.parametrize("name", LOADERS)
def test_every_loader_says_what_it_gives_and_from_where_and_its_example_holds(name: str) -> None:
    said = getattr(data, name).__doc__
    if name in data._LOADERS["generated"]:
        assert ">>> " in said
        return
    assert "Source: " in said
    (example,) = re.findall(r"^ *Example: `(.+)`\.$", said, re.MULTILINE)
    mine = [held.name for held in sets().values() if name in held.loaders]
    assert bool(mine) == ("DataError: " in said)
    need(*mine)
    assert eval(example, {name: getattr(data, name)})


def test_every_set_is_loaded_by_a_test() -> None:
    assert all(set(held.loaders) <= set(LOADERS) and bool(held.loaders) != bool(held.off_mirror) for held in sets().values())
    said = "".join(path.read_text() for path in Path(__file__).parent.glob("test_data*.py"))
    assert [name for name, held in sets().items() if not held.off_mirror and f'"{name}"' not in said] == []


@pytest.mark.parametrize("name", ["bccd", "camvid-small", "cifar10-jpeg", "fsdd"])
def test_every_member_of_a_packed_archive_is_in_its_list(name: str) -> None:
    """So one that is rebuilt from upstream is the same set. Its list is known by its checksum."""
    need(name)
    file = find(name).files[f"{name}.tar.xz"]
    found = dict(members(fetch(file.key)))
    assert len(found) == {"bccd": 732, "camvid-small": 158, "cifar10-jpeg": 60_000, "fsdd": 3000}[name]
    rebuilding.check(file, found)
    assert find(name).files[f"{name}.SHA256SUMS"].sha256 == file.content_sha256
    if keep := rebuilding.KEEP.get(name):
        assert all(re.fullmatch(keep, member) for member in found)
    else:
        assert file.rebuild is not None
        assert sorted(found) == sorted(file.rebuild["members"])


def test_cells() -> None:
    need("bccd")
    files = dict(members(fetch("bccd/bccd.tar.xz")))
    lists = {split: files[f"ImageSets/Main/{split}.txt"].decode().split() for split in ("train", "val", "trainval", "test")}
    assert {split: len(names) for split, names in lists.items()} == {"train": 205, "val": 87, "trainval": 292, "test": 72}
    assert sorted(lists["train"] + lists["val"]) == sorted(lists["trainval"])
    flat = set()
    for name in files:
        if name.startswith("Annotations/"):
            boxes, labels = voc(files[name], CELLS, empty=True)
            empty = (boxes[:, 2] <= boxes[:, 0]) | (boxes[:, 3] <= boxes[:, 1])
            flat |= {(Path(name).stem, CELLS[label]) for label in labels[empty]}
    assert flat == {("BloodImage_00338", "RBC"), ("BloodImage_00343", "RBC")}


def test_cora() -> None:
    need("cora")
    parts = {part: _unpickle(fetch(f"cora/ind.cora.{part}").read_bytes()) for part in ("x", "tx", "allx", "y", "ty", "ally", "graph")}
    shapes = {part: parts[part].shape for part in parts if part != "graph"}
    assert shapes == {"x": (140, 1433), "tx": (1000, 1433), "allx": (1708, 1433), "y": (140, 7), "ty": (1000, 7), "ally": (1708, 7)}
    assert (len(parts["graph"]), sum(map(len, parts["graph"].values()))) == (2708, 10858)
    assert (parts["allx"][:140] != parts["x"]).nnz == 0  # the training nodes come first
    assert (parts["ally"][:140] == parts["y"]).all()
    assert sorted(np.loadtxt(fetch("cora/ind.cora.test.index"), dtype=int)) == list(range(1708, 2708))


def test_movies() -> None:
    need("movielens-latest-small")
    files = dict(members(fetch("movielens-latest-small/ml-latest-small.zip")))
    assert files["ml-latest-small/movies.csv"].count(b"\n") - 1 == 9742
    assert b"The user may redistribute the data set" in b" ".join(files["ml-latest-small/README.txt"].split())


def test_headers_and_fields() -> None:
    need("sick", "sst2", "breaking-nli", "adult", "airfoil")
    columns = ["pair_ID", "sentence_A", "sentence_B", "relatedness_score", "entailment_judgment"]
    assert {tuple(path.read_text().partition("\n")[0].split("\t")) for path in fetch_all("sick").values()} == {tuple(columns)}
    assert {path.read_text().partition("\n")[0] for path in fetch_all("sst2").values()} == {"sentence\tlabel"}
    pairs = dict(members(fetch("breaking-nli/breaking_nli_dataset.zip")))["data/dataset.jsonl"].splitlines()
    assert {tuple(sorted(json.loads(pair))) for pair in pairs} == {("annotator_labels", "category", "gold_label", "pairID", "sentence1", "sentence2")}
    assert fetch("adult/adult-test.csv").read_text().count("<=50K.") == 12435
    assert b"\r" not in fetch("airfoil/airfoil_self_noise.dat").read_bytes()
