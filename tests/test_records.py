"""Records on disk: what goes in comes out, and half a record is none."""

import json
from pathlib import Path

import pytest

from hooks import records
from hooks.records import Cell, Output, Ran, Record, Uses

PIXEL = b"\x89PNG\r\n\x1a\n" + b"x" * 20
RECORD = Record(
    "abc",
    (
        Cell("block-1", (Output("stdout", "one\ntwo\n"), Output("result", "<x>", "text/html", b"<b>x</b>\n<i>y</i>")), 0.5),
        Cell("value-1", (Output("value", "0.5"),)),
        Cell("block-2", (Output("figure", "<Figure>", "image/svg+xml", b"<svg/>", PIXEL), Output("figure", "", "image/svg+xml", b"<svg>2</svg>", PIXEL))),
        Cell("block-3", (Output("error", "Traceback\n", name="ValueError"), Output("display", "pic", "image/png", PIXEL))),
    ),
    Ran("2026-01-01", "Linux x86-64", "3.11.7", 1.0, "CPU"),
)
USES = Uses({"almanac": "123"}, {"rain.csv": "456"}, {"numpy": "2.0"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "_records" / "water" / "rain.json"
    records.write(path, RECORD, USES, {"block-2": "fig-rain"})
    return path


def test_what_goes_in_comes_out(file: Path) -> None:
    assert records.read(file) == (RECORD, USES, "")


def test_pictures_have_names_that_a_person_knows(file: Path) -> None:
    names = sorted(path.name for path in file.with_suffix("").iterdir())
    assert names == ["block-3.png", "fig-rain-2.gray.png", "fig-rain-2.svg", "fig-rain.gray.png", "fig-rain.svg"]


def test_one_field_a_line_and_sorted(file: Path) -> None:
    text = file.read_text()
    assert json.loads(text)["format"] == records.FORMAT
    assert text == json.dumps(json.loads(text), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def test_writing_the_same_again_touches_nothing(file: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")}
    records.write(file, RECORD, USES, {"block-2": "fig-rain"})
    assert {path: path.stat().st_mtime_ns for path in file.parent.rglob("*")} == before


def test_a_picture_that_is_gone_goes(file: Path) -> None:
    records.write(file, Record("d", RECORD.cells[:2], RECORD.ran), USES, {})
    assert not file.with_suffix("").exists()
    assert not list(file.parent.glob(".*"))


@pytest.mark.parametrize("harm", ["conflict", "cut", "picture", "no picture", "format", "not json"])
def test_a_harmed_record_is_none(file: Path, harm: str) -> None:
    text = file.read_text()
    if harm == "conflict":
        file.write_text("<<<<<<< ours\n" + text + "=======\n>>>>>>> theirs\n")
    elif harm == "cut":
        file.write_text(text[: len(text) // 2])
    elif harm == "picture":
        (file.with_suffix("") / "fig-rain.svg").write_bytes(b"<svg>another</svg>")
    elif harm == "no picture":
        (file.with_suffix("") / "fig-rain.svg").unlink()
    elif harm == "format":
        file.write_text(text.replace('"format": 1', '"format": 0'))
    else:
        file.write_text("[]")
    record, uses, trouble = records.read(file)
    assert record is None
    assert uses is None
    assert trouble


def test_inputs_of_another_run_are_noticed(file: Path) -> None:
    """A merge may take the outputs from one branch and the inputs from another."""
    file.write_text(file.read_text().replace('"one\\n"', '"1\\n"'))
    record, uses, trouble = records.read(file)
    assert record is not None
    assert uses is None
    assert "not of one run" in trouble
