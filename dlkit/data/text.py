"""Text: long ones, lines with a label, pairs of sentences."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import NamedTuple

from dlkit.data.archives import members
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch

CORPORA = {
    "time-machine": "time-machine/timemachine.txt",
    "tiny-shakespeare": "tiny-shakespeare/input.txt",
    "novels": "novels/bronte.txt",
    "wikitext-2-valid": "wikitext-2/valid.txt",
    "wikitext-2-test": "wikitext-2/test.txt",
}
LABELS = ("entailment", "neutral", "contradiction")


class Inference(NamedTuple):
    """Two sentences, and whether the second follows from the first: a number of `LABELS`."""

    premise: str
    hypothesis: str
    label: int


def corpus(name: str) -> str:
    """A long text as one string: "time-machine" (Wells, 179 kB), "tiny-shakespeare" (1.1 MB), "novels" (Charlotte Bronte, 3.8 MB),
    "wikitext-2-valid" (1.1 MB) or "wikitext-2-test" (1.3 MB; rare words are <unk>). Source: `find(set).citation`
    of the sets time-machine, tiny-shakespeare, novels and wikitext-2.

    Example: `len(corpus("tiny-shakespeare")) == 1_115_394`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another name.
    """
    return _text(CORPORA[one_of(name, *CORPORA)])


def names() -> list[str]:
    """32,033 first names in lower case, the most common first; 2,539 of them come twice: before you split, `dict.fromkeys(names())`.
    Source: Karpathy's makemore.

    Example: `names()[0] == "emma"`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    return _text("names/names.txt").split()


def french() -> list[tuple[str, str]]:
    """142,787 English sentences, each with its French translation, from short to long. Source: Tatoeba.

    Many English sentences come several times, with other translations: split by the English, else a model has seen the test.

    Example: `french()[0] == ("Go.", "Va !")`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    content = dict(members(fetch("fra-eng/fra-eng.zip")))["fra.txt"].decode("utf-8")
    return [(source, target) for source, target in (line.split("\t") for line in content.split("\n") if line)]


def multi30k(split: str = "train", source: str = "de", target: str = "en") -> list[tuple[str, str]]:
    """Captions of photographs in two of "en", "de", "fr"; split "train" (29,000), "val" (1,014) or "test" (1,000). Source: Elliott
    et al., 2016.

    Example: `len(multi30k("test", "fr", "en")) == 1000`.

    Raises:
        DataError: a file cannot be had, or is not the catalogue's.
        ValueError: another split or language.
    """
    stem = {"train": "train", "val": "val", "test": "test_2016_flickr"}[one_of(split, "train", "val", "test")]
    sides = [_lines(f"multi30k/{stem}.{one_of(language, 'en', 'de', 'fr')}.gz") for language in (source, target)]
    return list(zip(*sides, strict=True))


def rotten_tomatoes() -> list[tuple[str, int]]:
    """10,662 snippets of reviews of films, first the 5,331 positive (1), then the negative (0): shuffle before you split.
    Source: Pang and Lee, 2005.

    Example: `[label for _, label in rotten_tomatoes()[5330:5332]] == [1, 0]`.

    Raises:
        DataError: a file cannot be had, or is not the catalogue's.
    """
    sides = ((_lines("rotten-tomatoes/rt-polarity.pos"), 1), (_lines("rotten-tomatoes/rt-polarity.neg"), 0))
    return [(line.strip(), label) for lines, label in sides for line in lines]


def sst2(split: str = "train") -> list[tuple[str, int]]:
    """Phrases of reviews, positive (1) or not (0); split "train" (60,614), "dev" (6,735) or "test" (872). Source: Socher et al., 2013.

    "train" and "dev" are a random split of phrases, parts of the same sentences: accuracy on "dev" is too good, since most of it
    was seen in training. "test", whole sentences, is the development set of the GLUE benchmark.

    Example: `len(sst2("test")) == 872`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    rows = _rows(f"sst2/{one_of(split, 'train', 'dev', 'test')}.tsv")
    return [(row["sentence"].strip(), int(row["label"])) for row in rows]


def sick(split: str = "train") -> list[Inference]:
    """Pairs of sentences for inference; split "train" (4,500), "val" (500) or "test" (4,927). Source: Marelli et al., 2014.

    Example: `sick("val")[0].label in range(3)`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
        ValueError: another split.
    """
    file = {"train": "train", "val": "trial", "test": "test_annotated"}[one_of(split, "train", "val", "test")]
    rows = _rows(f"sick/SICK_{file}.txt")
    return [Inference(row["sentence_A"], row["sentence_B"], LABELS.index(row["entailment_judgment"].lower())) for row in rows]


def breaking_nli() -> list[Inference]:
    """8,193 pairs that differ in one word, to test a model of inference. Source: Glockner et al., 2018.

    Example: `len(breaking_nli()) == 8193`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    content = dict(members(fetch("breaking-nli/breaking_nli_dataset.zip")))["data/dataset.jsonl"].decode("utf-8")
    rows = [json.loads(line) for line in content.splitlines()]
    return [Inference(row["sentence1"], row["sentence2"], LABELS.index(row["gold_label"])) for row in rows]


def instructions() -> list[dict[str, str]]:
    """1,100 instructions, each with its input (perhaps empty) and output. Source: Raschka, 2024.

    Example: `sorted(instructions()[0]) == ["input", "instruction", "output"]`.

    Raises:
        DataError: the file cannot be had, or is not the catalogue's.
    """
    found: list[dict[str, str]] = json.loads(_text("instruction-data/instruction-data.json"))
    return found


def _text(key: str) -> str:
    content = fetch(key).read_bytes()
    return (gzip.decompress(content) if key.endswith(".gz") else content).decode("utf-8")


def _lines(key: str) -> list[str]:
    """Lines end where the file breaks them, not at every character that Unicode calls a line's end."""
    return _text(key).removesuffix("\n").split("\n")


def _rows(key: str) -> list[dict[str, str]]:
    """Rows of a tab-separated file with a header; quotation marks are plain characters there."""
    return list(csv.DictReader(io.StringIO(_text(key), newline=""), delimiter="\t", quoting=csv.QUOTE_NONE))
