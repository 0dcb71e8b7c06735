"""Every set of the catalogue, loaded, is what the catalogue says: the facts found when its checksum was taken."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from datasets import need

from dlkit.data import images, scenes, sets, tables, text


def test_the_catalogue_is_whole() -> None:
    """Each file has a checksum, and an address or what it is rebuilt from; each set a license and a citation."""
    usual = [held for held in sets().values() if not held.off_mirror]
    assert (len(usual), len(sets())) == (31, 40)
    files = [file for held in usual for file in held.files.values()]
    assert len(files) == 69
    assert sum(file.bytes for file in files) == 145_834_596
    for file in files:
        assert len(file.sha256) == 64
        assert file.urls or file.rebuild or file.name.endswith(".SHA256SUMS")
        assert file.what
        assert file.expect
    assert all(held.license and held.citation for held in sets().values())
    assert all(file.urls and len(file.sha256) == 64 and held.substitute for held in sets().values() if held.off_mirror for file in held.wanted)


@pytest.mark.parametrize(
    ("name", "split", "count", "mean", "std"),
    [
        ("mnist", "train", 60_000, 0.1307, 0.3081),
        ("mnist", "test", 10_000, 0.1325, 0.3105),
        ("fashion-mnist", "train", 60_000, 0.2860, 0.3530),
        ("fashion-mnist", "test", 10_000, 0.2868, 0.3524),
    ],
)
def test_idx(name: str, split: str, count: int, mean: float, std: float) -> None:
    need(name)
    loaded = {"mnist": images.mnist, "fashion-mnist": images.fashion_mnist}[name](split)
    assert loaded.images.shape == (count, 1, 28, 28)
    assert (loaded.images.dtype, loaded.labels.dtype) == (torch.uint8, torch.int64)
    assert (loaded.images.min(), loaded.images.max()) == (0, 255)
    pixels = loaded.floats()
    assert (round(pixels.mean().item(), 4), round(pixels.std().item(), 4)) == (mean, std)
    counts = torch.bincount(loaded.labels).tolist()
    if name == "fashion-mnist":
        assert counts == [count // 10] * 10
    elif split == "train":
        assert counts == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    else:
        assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert len(loaded) == count
    assert len(loaded.classes) == 10


def test_cifar10() -> None:
    need("cifar10-jpeg")
    train, test = images.cifar10("train"), images.cifar10("test")
    assert (train.images.shape, test.images.shape) == ((50_000, 3, 32, 32), (10_000, 3, 32, 32))
    assert torch.bincount(train.labels).tolist() == [5000] * 10
    assert torch.bincount(test.labels).tolist() == [1000] * 10
    assert train.classes == test.classes == ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
    grays = torch.arange(256, dtype=torch.float64) / 255
    counts = torch.stack([torch.bincount(train.images[:, channel].flatten(), minlength=256) for channel in range(3)])
    mean = (counts * grays).sum(1) / counts[0].sum()
    std = ((counts * grays**2).sum(1) / counts[0].sum() - mean**2).sqrt()
    assert mean.tolist() == pytest.approx([0.4913, 0.4821, 0.4465], abs=6e-5)
    assert std.tolist() == pytest.approx([0.2452, 0.2428, 0.2606], abs=6e-5)
    some, others = (held.images[::stride].flatten(1).float() for held, stride in ((test, 20), (train, 10)))
    near = torch.cdist(some, others).topk(10, largest=False).indices
    right = train.labels[::10][near].mode(1).values == test.labels[::20]
    assert 0.22 < right.float().mean() < 0.37  # ten neighbors among 5,000 images; chance is 0.1


def test_omniglot() -> None:
    need("omniglot")
    for part, count, characters in ((1, 2720, 136), (2, 3120, 156)):
        loaded = images.omniglot(part)
        assert loaded.images.shape == (count, 1, 105, 105)
        assert len(loaded.classes) == characters
        assert len({name.partition("/")[0] for name in loaded.classes}) == 5


def test_paintings() -> None:
    need("paintings")
    assert images.painting("starry_night").shape == (3, 1014, 1280)
    assert images.painting("great_wave").shape == (3, 514, 928)


def test_boxes() -> None:
    need("bccd")
    sizes = {split: scenes.bccd(split) for split in ("train", "val", "test")}
    assert {split: len(held) for split, held in sizes.items()} == {"train": 205, "val": 87, "test": 72}
    assert all(held.images.shape[1:] == (3, 480, 640) for held in sizes.values())
    counts = sum((torch.bincount(torch.cat(held.labels), minlength=3) for held in sizes.values()), torch.zeros(3, dtype=torch.int64))
    assert dict(zip(scenes.CELLS, counts.tolist(), strict=True)) == {"RBC": 4153, "WBC": 372, "Platelets": 361}
    boxes = torch.cat([box for held in sizes.values() for box in held.boxes])
    assert (boxes[:, :2] < boxes[:, 2:]).all(), "the two empty ones are left out"
    assert (boxes >= 1).all()
    assert (boxes[:, 2] <= 640).all()
    assert (boxes[:, 3] <= 480).all()


def test_masks() -> None:
    need("camvid-small")
    train, val = scenes.camvid("train"), scenes.camvid("val")
    assert (train.images.shape, val.images.shape) == ((62, 3, 360, 480), (17, 3, 360, 480))
    assert (train.masks.shape, val.masks.shape) == ((62, 360, 480), (17, 360, 480))
    counts = torch.bincount(torch.cat([train.masks.flatten(), val.masks.flatten()]).long(), minlength=12)
    shares = [0.1488, 0.2447, 0.009, 0.3095, 0.0541, 0.1133, 0.0099, 0.0155, 0.051, 0.0059, 0.0071, 0.0312]
    assert counts.all()
    assert (counts / counts.sum()).tolist() == pytest.approx(shares, abs=6e-5)


@pytest.mark.parametrize(
    ("name", "load", "shape", "missing"),
    [
        ("california-housing", tables.california_housing, (20640, 10), 207),
        ("airfoil", tables.airfoil, (1503, 6), 0),
        ("auto-mpg", tables.auto_mpg, (398, 9), 6),
        ("penguins", tables.penguins, (344, 8), 19),
        ("ett", tables.ett, (17420, 8), 0),
        ("series", tables.series, (144, 2), 0),
        ("series", lambda: tables.series("daily-min-temperatures"), (3650, 2), 0),
        ("series", lambda: tables.series("monthly-sunspots"), (2820, 2), 0),
        ("adult", tables.adult, (32561, 15), 0),
        ("adult", lambda: tables.adult("test"), (16281, 15), 0),
    ],
)
def test_tables(name: str, load, shape: tuple[int, int], missing: int) -> None:  # type: ignore[no-untyped-def]
    need(name)
    table = load()
    assert table.shape == shape
    assert table.missing() == missing
    assert table.tensor().shape == (shape[0], len(table.numbers()))
    assert table.frame().shape == shape


COLUMNS = {
    tables.california_housing: [
        *("longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population", "households", "median_income"),
        *("median_house_value", "ocean_proximity"),
    ],
    tables.auto_mpg: ["mpg", "cylinders", "displacement", "horsepower", "weight", "acceleration", "model_year", "origin", "name"],
    tables.penguins: ["species", "island", "bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g", "sex", "year"],
    tables.ett: ["date", "HUFL", "HULL", "MUFL", "MULL", "LUFL", "LULL", "OT"],
    tables.series: ["Month", "Passengers"],
    lambda: tables.series("daily-min-temperatures"): ["Date", "Temp"],
    lambda: tables.series("monthly-sunspots"): ["Month", "Sunspots"],
}


def test_what_the_tables_hold() -> None:
    need("california-housing", "penguins", "adult", "ett", "airfoil", "auto-mpg", "series")
    housing = tables.california_housing()
    assert round(housing["median_house_value"].mean()) == 206856
    assert list(housing)[-1] == "ocean_proximity"
    assert all(list(load()) == columns for load, columns in COLUMNS.items())
    assert Counter(tables.penguins()["species"].tolist()) == {"Adelie": 152, "Gentoo": 124, "Chinstrap": 68}
    assert Counter(tables.adult()["income"].tolist()) == {"<=50K": 24720, ">50K": 7841}
    assert Counter(tables.adult("test")["income"].tolist()) == {"<=50K": 12435, ">50K": 3846}
    assert tables.ett()["date"][[0, -1]].tolist() == ["2016-07-01 00:00:00", "2018-06-26 19:00:00"]
    assert tables.airfoil().tensor("chord", "sound_level").shape == (1503, 2)
    assert tables.airfoil().numbers() == list(tables.AIRFOIL)


@pytest.mark.parametrize(
    ("name", "characters", "words", "distinct"),
    [("time-machine", 178887, 32306, 69), ("tiny-shakespeare", 1115394, 202651, 65), ("novels", 3830120, 678555, 108)],
)
def test_corpora(name: str, characters: int, words: int, distinct: int) -> None:
    need(name)
    held = text.corpus(name)
    assert (len(held), len(held.split()), len(set(held))) == (characters, words, distinct)
    if name == "tiny-shakespeare":
        assert held.count("\n") == 40000
    if name == "novels":
        assert len(set(held.split())) == 67773


@pytest.mark.parametrize(("split", "tokens", "distinct", "unknown"), [("valid", 217646, 13776, 11718), ("test", 245569, 14142, 15218)])
def test_wikitext(split: str, tokens: int, distinct: int, unknown: int) -> None:
    need("wikitext-2")
    lines = text.corpus(f"wikitext-2-{split}").splitlines()
    held = [token for line in lines for token in [*line.split(), "<eos>"]]
    assert (len(held), len(set(held) - {"<eos>"}), held.count("<unk>")) == (tokens, distinct, unknown)


def test_names() -> None:
    need("names")
    names = text.names()
    assert len(names) == 32033
    assert (min(map(len, names)), max(map(len, names)), len(set("".join(names)))) == (2, 15, 26)


def test_pairs() -> None:
    need("fra-eng", "multi30k")
    pairs = text.french()
    assert (len(pairs), pairs[0]) == (142787, ("Go.", "Va !"))
    assert sum(len(english.split()) <= 5 for english, _ in pairs) == 64418
    for source, target in (("fr", "en"), ("en", "de")):
        assert [len(text.multi30k(split, source, target)) for split in ("train", "val", "test")] == [29000, 1014, 1000]
    german, english = text.multi30k()[0]
    assert german.startswith("Zwei junge weiße Männer")
    assert english.startswith("Two young, White males")


def test_sentiment() -> None:
    need("rotten-tomatoes", "sst2")
    assert Counter(label for _, label in text.rotten_tomatoes()) == {1: 5331, 0: 5331}
    expected = {"train": {1: 33828, 0: 26786}, "dev": {1: 3741, 0: 2994}, "test": {1: 444, 0: 428}}
    assert {split: Counter(label for _, label in text.sst2(split)) for split in expected} == expected


def test_inference() -> None:
    need("sick", "breaking-nli")
    expected = {"train": [1299, 2536, 665], "val": [144, 282, 74], "test": [1414, 2793, 720]}
    for split, counts in expected.items():
        labels = Counter(pair.label for pair in text.sick(split))
        assert [labels[n] for n in range(3)] == counts
    labels = Counter(pair.label for pair in text.breaking_nli())
    assert [labels[n] for n in range(3)] == [982, 47, 7164]


def test_instructions() -> None:
    need("instruction-data")
    held = text.instructions()
    assert (len(held), sum(bool(record["input"]) for record in held)) == (1100, 325)
    assert {frozenset(record) for record in held} == {frozenset(("input", "instruction", "output"))}


def test_a_wrong_split_is_named() -> None:
    with pytest.raises(ValueError, match="'tset' is none of 'train', 'test'"):
        images.mnist("tset")
