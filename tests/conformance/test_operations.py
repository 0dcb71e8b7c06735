"""Functions held to torch's own: a few samples of each here, all of them in the nightly run."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.conformance import databases

databases.need()
import dlkit  # noqa: E402
from tests.conformance import operations, table  # noqa: E402

ROWS = ["add", "prod", "pow", "clamp", "var", "matmul", "einsum", "cat", "__getitem__", "index_put", "sort", "where"]


def said(results: list[operations.Result]) -> list[str]:
    """What differs, for people."""
    return [
        f"{r.name} {r.variant} {r.dtype} sample {r.number}, {where}: {wrong}"
        for r in results
        for where, wrong in r.wrong.items()
        if wrong
    ]


@pytest.mark.parametrize("name", operations.NAMES)
def test_a_function_agrees_with_torch(name: str) -> None:
    results = list(operations.run(name, cap=3))
    assert results
    assert not said(results)


def test_what_is_listed_is_there() -> None:
    missing = [name for name in operations.NAMES if name not in databases.operations()]
    assert not missing
    assert len(operations.NAMES) == len(set(operations.NAMES)) >= 110
    for name in operations.NAMES:
        operations.ours(name)


@pytest.mark.parametrize("name", ROWS)
def test_a_row_of_the_table_is_what_the_suite_finds(name: str) -> None:
    assert table.row(name, list(operations.run(name))) in table.PAGE.read_text(encoding="utf-8").splitlines()


def test_the_table_has_all_operations_and_at_least_95_percent_have_passed() -> None:
    page = table.PAGE.read_text(encoding="utf-8").split("## Layers of")[0]
    assert re.findall(r"^\| `([^`]+)`", page, re.M) == operations.NAMES
    counts = re.findall(r"^\| `[^`]+` \| (\d+) \| (\d+) \|", page, re.M)
    samples, passed = (sum(int(pair[i]) for pair in counts) for i in (0, 1))
    assert f"{samples} samples: {passed} passed" in page
    assert passed >= 0.95 * samples
    assert " differ" not in page.split("**")[2]


@pytest.mark.slow
def test_the_table_is_what_the_suite_finds() -> None:
    assert table.page(table.everything()) == table.PAGE.read_text(encoding="utf-8")


right = dlkit.sin
WRONG: dict[str, Any] = {
    "value": lambda x: right(x) + 1e-3,
    "type": lambda x: right(x).to("float16"),
    "shape": lambda x: right(x)[None],
    "no tensor": lambda x: right(x).data,
    "gradient": lambda x: right(x) * 2 - right(x).detach(),
    "no gradient": lambda x: right(x).detach(),
    "second gradient": lambda x: right(x).detach() + dlkit.cos(x).detach() * (x - x.detach()),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_suite_notices_a_wrong(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(r.passed for r in operations.run("sin"))
    monkeypatch.setattr(operations, "ours", lambda name: WRONG[what])
    results = list(operations.run("sin"))
    assert not any(r.passed for r in results if what != "second gradient" or r.dtype == "float64")


def test_a_refusal_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(x: Any) -> Any:
        raise NotImplementedError("not for exp")

    monkeypatch.setattr(operations, "ours", lambda name: refuse)
    results = list(operations.run("exp"))
    assert {r.unsupported for r in results} == {"not for exp"}
    assert not any(r.passed for r in results)
