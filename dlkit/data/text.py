"""Text: whole works, lines with a label, pairs of sentences.

Every loader raises DataError where its file cannot be had or is not what the catalogue promises, and ValueError for a
split or a name that the set does not have.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import NamedTuple

from dlkit.data.archives import members
from dlkit.data.choices import one_of
from dlkit.data.fetching import fetch

WORKS = {
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


def work(name: str) -> str:
    """A text as one string: "time-machine", "tiny-shakespeare", "novels", "wikitext-2-valid" or "wikitext-2-test"."""
    return _text(WORKS[one_of(name, *WORKS)])


def names() -> list[str]:
    """32,033 first names in lower case. Source: Karpathy's makemore."""
    return _text("names/names.txt").split()


def french() -> list[tuple[str, str]]:
    """142,787 English sentences, each with its French translation, from short to long. Source: Tatoeba."""
    content = dict(members(fetch("fra-eng/fra-eng.zip")))["fra.txt"].decode("utf-8")
    return [(source, target) for source, target in (line.split("\t") for line in content.split("\n") if line)]


def multi30k(split: str = "train", source: str = "de", target: str = "en") -> list[tuple[str, str]]:
    """Captions in two of "en", "de", "fr"; split "train" (29,000), "val" (1,014) or "test" (1,000). Source: Elliott et al., 2016."""
    stem = {"train": "train", "val": "val", "test": "test_2016_flickr"}[one_of(split, "train", "val", "test")]
    sides = [_lines(f"multi30k/{stem}.{one_of(language, 'en', 'de', 'fr')}.gz") for language in (source, target)]
    return list(zip(*sides, strict=True))


def rotten_tomatoes() -> list[tuple[str, int]]:
    """10,662 snippets of reviews of films, first the 5,331 positive (1), then the negative (0). Source: Pang and Lee, 2005."""
    sides = ((_lines("rotten-tomatoes/rt-polarity.pos"), 1), (_lines("rotten-tomatoes/rt-polarity.neg"), 0))
    return [(line.strip(), label) for lines, label in sides for line in lines]


def sst2(split: str = "train") -> list[tuple[str, int]]:
    """Phrases of reviews, positive (1) or not; split "train" (60,614), "dev" (6,735), "test" (872). Source: Socher et al., 2013."""
    rows = _rows(f"sst2/{one_of(split, 'train', 'dev', 'test')}.tsv")
    return [(row["sentence"].strip(), int(row["label"])) for row in rows]


def sick(split: str = "train") -> list[Inference]:
    """Pairs of sentences for inference; split "train" (4,500), "val" (500) or "test" (4,927). Source: Marelli et al., 2014."""
    file = {"train": "train", "val": "trial", "test": "test_annotated"}[one_of(split, "train", "val", "test")]
    rows = _rows(f"sick/SICK_{file}.txt")
    return [Inference(row["sentence_A"], row["sentence_B"], LABELS.index(row["entailment_judgment"].lower())) for row in rows]


def breaking_nli() -> list[Inference]:
    """8,193 pairs that differ in one word, to test a model of inference. Source: Glockner et al., 2018."""
    content = dict(members(fetch("breaking-nli/breaking_nli_dataset.zip")))["data/dataset.jsonl"].decode("utf-8")
    rows = [json.loads(line) for line in content.splitlines()]
    return [Inference(row["sentence1"], row["sentence2"], LABELS.index(row["gold_label"])) for row in rows]


def instructions() -> list[dict[str, str]]:
    """1,100 instructions, each with its input (perhaps empty) and output. Source: Raschka, 2024."""
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
