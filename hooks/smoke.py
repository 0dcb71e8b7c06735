"""Smoke runs: a section that takes a GPU, or minutes, in short. Names that its front matter gives have other values."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Any

from hooks.marks import Block

NO_GPU = (("CUDA_VISIBLE_DEVICES", ""), ("HIP_VISIBLE_DEVICES", ""))  # for any framework that has not looked for them yet
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

Values = tuple[tuple[str, Any], ...]


def problems(values: Values, blocks: Iterable[Block]) -> Iterator[tuple[str, str]]:
    """What is wrong with the names of `smoke`: each is assigned a literal once, at the top level of a block."""
    trees = [(block, ast.parse(block.source)) for block in _run(blocks) if values and block.kind != "console"]
    for name, _ in values:
        assigned = [(block, node) for block, tree in trees for node in _bound(tree, name)]
        literals = [node for _, tree in trees for node in _literals(tree, name)]
        if not assigned:
            yield f"`smoke` names `{name}`, which no block assigns.", f"Write `{name} = ...` at the top level of a block, or take it out."
        elif len(assigned) > 1:
            block, node = assigned[1]
            yield f"`smoke` names `{name}`, which is assigned again on line {block.line + node.lineno}.", "Give that another name."
        elif not literals:
            block, node = assigned[0]
            line = block.line + node.lineno
            yield f"`smoke` names `{name}`, which is not assigned a literal on line {line}.", f"Write a number, a text or a list: `{name} = 100`."


def shortened(values: Values, blocks: Iterable[Block]) -> dict[str, str]:
    """The source of each block of a smoke run, by its name. Every line stays where it was."""
    found = {}
    for block in _run(blocks):
        source = block.source
        if block.kind != "console":
            for name, value in values:
                for literal in _literals(ast.parse(source), name):
                    source = _replaced(source, literal, repr(value))
        found[block.name] = source
    return found


def _run(blocks: Iterable[Block]) -> list[Block]:
    return [block for block in blocks if block.executed and not block.solution and not block.options.test]


def _bound(tree: ast.AST, name: str) -> Iterator[ast.Name]:
    """The places outside of functions and classes where a name is bound."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Store):
            yield node
        if not isinstance(node, SCOPES):
            yield from _bound(node, name)


def _literals(tree: ast.Module, name: str) -> Iterator[ast.expr]:
    """The literals that are assigned to a name at the top level."""
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) | ast.AnnAssign(target=ast.Name(id=target), value=ast.expr() as value):
                try:
                    ast.literal_eval(value)
                except ValueError:
                    continue
                if target == name:
                    yield value


def _replaced(source: str, literal: ast.expr, text: str) -> str:
    """Code with another text in the place of a literal; the columns of a tree count bytes."""
    lines = source.encode().splitlines(keepends=True)
    last = literal.end_lineno or literal.lineno
    begin = sum(map(len, lines[: literal.lineno - 1])) + literal.col_offset
    end = sum(map(len, lines[: last - 1])) + (literal.end_col_offset or 0)
    data = b"".join(lines)
    kept = b"\\\n" * (last - literal.lineno)  # a literal of several lines
    return (data[:begin] + kept + text.encode() + data[end:]).decode()
