"""When two runs say the same."""

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageDraw

from hooks import compare, section
from hooks.records import Cell, Output, Ran, Record


@pytest.mark.parametrize(
    ("old", "new", "alike"),
    [
        ("loss 0.123456", "loss 0.123457", True),
        ("loss 0.1234", "loss 0.1236", False),
        ("loss 0.1234", "loss 0.1235", True),  # one unit of the last digit
        ("1.00e-08", "1.01e-08", True),
        ("1.00e-08", "1.03e-08", False),
        ("123456.7", "123458.0", True),  # within 1e-4
        ("100 steps", "101 steps", False),  # whole numbers are exact
        ("1e5", "1.00001e5", True),
        ("-0.00", "0.00", True),
        ("nan", "0.0", False),
        ("a  1.5", "a 1.5", True),  # columns shift
        ("word", "words", False),
        ("v1.2.3", "v1.2.4", False),
        ("x1.5", "x1.6", False),  # a name, not a number
        ("[1. 2.]", "[1. 2.]", True),
        ("1.5\n", "1.5\n\n", False),
    ],
)
def test_texts(old: str, new: str, alike: bool) -> None:
    assert compare.texts_alike(old, new) is alike
    assert compare.texts_alike(new, old) is alike


def picture(*strokes: tuple[int, int, int, int]) -> bytes:
    image = Image.new("L", (120, 80), 255)
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill=0)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_figures_are_compared_by_how_they_look() -> None:
    one = picture((10, 10, 100, 60))
    moved = picture((10, 30, 100, 70))
    smaller = io.BytesIO()
    Image.new("L", (100, 80), 255).save(smaller, "PNG")
    assert compare.images_alike(one, picture((10, 10, 100, 60), (50, 2, 52, 2)))
    assert not compare.images_alike(one, moved)
    assert not compare.images_alike(one, smaller.getvalue())
    assert not compare.images_alike(one, b"")


def test_colors_that_are_equally_gray_are_not_equal() -> None:
    gray = picture((10, 10, 100, 60))
    blue, green = (Output("figure", "", "image/svg+xml", f'<path style="fill: {color}"/>'.encode(), gray) for color in ("#1f77b4", "#2ca02c"))
    assert compare.same((blue,), (replace(blue, content=blue.content + b" "),))
    assert not compare.same((blue,), (green,))


READ = section.parse("# T\n\n```python\na\n```\n\n```python {volatile}\nb\n```\n\n```python {tolerance=0.1}\nc\n```\n", "t.md")
RAN = Ran("2026-01-01", "Linux x86-64", "3.11.7", 1.0)


def record(a: str, b: str, c: str) -> Record:
    cells = tuple(Cell(f"block-{i}", (Output("stdout", text),), float(i)) for i, text in enumerate((a, b, c), 1))
    return Record("key", cells, RAN)


def test_differences_respect_each_blocks_options() -> None:
    old = record("1.00", "one", "1.00")
    assert not list(compare.differences(READ, old, record("1.00", "two", "1.05").cells))
    found = list(compare.differences(READ, old, record("1.50", "one", "2.00").cells))
    assert [(d.cell, d.line) for d in found] == [("block-1", 3), ("block-3", 11)]
    assert found[0].text == "-1.00\n+1.50"


def test_equal_outputs_keep_their_old_bytes() -> None:
    old, new = record("1.00", "one", "1.00"), record("1.01", "two", "9.00")
    kept = compare.keep(READ, old, new)
    assert [cell.outputs[0].text for cell in kept.cells] == ["1.00", "one", "9.00"]


def test_a_cell_whose_code_has_changed_shows_what_it_prints_now() -> None:
    old, new = record("1.00", "one", "1.0"), record("1.00000", "one", "1.00")
    first = replace(new.cells[0], source="another")
    kept = compare.keep(READ, old, replace(new, cells=(first, *new.cells[1:])))
    assert [cell.outputs[0].text for cell in kept.cells] == ["1.00000", "one", "1.0"]


def test_a_volatile_output_stays_only_while_its_code_does() -> None:
    old, new = record("1", "one", "1"), record("1", "two", "1")
    assert compare.keep(READ, old, new).cells[1].outputs[0].text == "one"
    edited = replace(new, cells=tuple(replace(cell, source="another") for cell in new.cells))
    assert compare.keep(READ, old, edited).cells[1].outputs[0].text == "two"


def test_another_number_or_kind_of_outputs_is_a_difference() -> None:
    one = (Output("stdout", "a"),)
    assert not compare.same(one, ())
    assert not compare.same(one, (Output("stderr", "a"),))
    assert not compare.same((Output("result", "a"),), (Output("result", "a", "text/html", b"<b>a</b>"),))
    assert not compare.same((Output("error", "a", name="ValueError"),), (Output("error", "a", name="TypeError"),))
