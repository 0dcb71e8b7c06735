"""Slices: what is kept of earlier blocks is enough, and not much more than that. `tests/test_slices.py` holds those of the books."""

from __future__ import annotations

import contextlib
import io
import random

import pytest

from hooks import runnable, section, snippet
from hooks.effects import Effects
from hooks.runnable import Terms
from hooks.snippet import Slice

BARE = Terms("none")


def book(*blocks: str) -> section.Section:
    text = "\n\n".join(f"```python\n{block}\n```" for block in blocks)
    read = section.parse(f"# Title\n\n{text}\n", "a/title.md")
    assert not read.problems
    return read


def said(text: str, names: dict[str, object]) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(text, "<block>", "exec"), names)
    return out.getvalue()


def holds(*blocks: str) -> list[Slice]:
    """Every block, behind its slice in a fresh namespace, prints what it prints in the whole."""
    read = book(*blocks)
    program = snippet.program(read)
    names: dict[str, object] = {"__name__": "__main__"}
    found = []
    for index, block in enumerate(program.blocks):
        kept = program.slice(index, 2)
        alone: dict[str, object] = {"__name__": "__main__"}
        said(runnable.before(read, kept, (), BARE), alone)
        assert said(block.source, alone) == said(block.source, names), (blocks, index, kept)
        found.append(kept)
    return found


def kept(*blocks: str, level: int = 2) -> str:
    """The lines that the last block needs."""
    read = book(*blocks)
    program = snippet.program(read)
    return runnable.before(read, program.slice(len(blocks) - 1, level), (), BARE).replace("\n\n", "\n").strip()


CASES = [
    ("x = 1", "y = x + 1", "print(y)"),
    ("x = 1", "x = 2", "print(x)"),
    ("x = 1\nx += 1", "print(x)"),
    ("a = [3, 1]\nb = a", "b.sort()", "print(a)"),
    ("a = []\nb = a\na.append(1)\na = 5", "print(b)"),
    ("d = {}\nd['k'] = []\nd['k'].append(2)", "print(d)"),
    ("d = {'a': []}\nl = d['a']", "l.append(1)", "print(d)"),
    ("x = [1, 2]\ndel x[0]", "print(x)"),
    ("x = 1\ny = 2", "del x", "print('x' in dir(), y)"),
    ("def f():\n    return g() + x\nx = 1", "def g():\n    return 10", "x = 5", "print(f())"),
    ("n = 0\ndef up():\n    global n\n    n += 1", "up()", "fs = [up]", "fs[0]()", "print(n)"),
    ("seen = []\ndef note(x):\n    seen.append(x)\n    return x", "y = note(3)", "print(seen)"),
    ("it = iter([1, 2, 3])", "for x in it:\n    break", "print(next(it))"),
    ("it = iter([1, 2, 3])", "a, *b = it", "print(list(it), a)"),
    ("it = iter([1, 2, 3])", "print(2 in it)", "print(list(it))"),
    ("it = iter([1, 2, 3])\nz = zip(it, it)", "first = next(z)", "print(list(it))"),
    ("it = iter([4, 5, 6])", "s = [x for x, _ in zip(it, range(1))]", "print(list(it))"),
    ("it = iter([4, 5, 6])", "print(*it)", "print(list(it))"),
    ("class C:\n    count = 0\n    def __init__(self):\n        C.count += 1", "C()", "c = C()", "print(C.count)"),
    ("class P:\n    def __init__(self):\n        self.log = []\n    @property\n    def x(self):\n        self.log.append(1)\n        return 1\np = P()", "y = p.x", "print(p.log)"),
    ("class A:\n    def __iadd__(self, o):\n        self.v = o\n        return self\na = A()\nb = a", "b += 3", "print(a.v)"),
    ("class A:\n    n = 0\n    def __add__(self, o):\n        self.n += o\n        return self.n\na = A()", "y = a + 2", "print(a.n)"),
    ("class A:\n    n = 0\n    def __len__(self):\n        self.n += 1\n        return 3\na = A()", "y = len(a)", "print(a.n)"),
    ("from math import *", "y = sqrt(4)", "print(y + floor(pi))"),
    ("import math as m\nimport os.path", "print(os.path.join('a', 'b'), m.floor(2.5))"),
    ("x = 3", "exec('x = 4')", "print(x)"),
    ("x = 3", "globals()['x'] = 5", "print(x)"),
    ("calls = []\ndef deco(f):\n    calls.append(f.__name__)\n    return f", "@deco\ndef g():\n    return 1", "print(calls)"),
    ("k = 2", "def times(x, by=k):\n    return x * by", "k = 7", "print(times(3))"),
    ("x = 'global'", "ys = [x for x in range(3)]", "print(x, ys)"),
    ("ys = [last := n for n in range(4)]", "print(last)"),
    ("x = 1", "if (y := x + 1) > 1:\n    z = y", "print(z)"),
    ("x = 10", "class K:\n    x = 2\n    y = [x] * 2", "print(x, K.y)"),
    ("import contextlib\nlog = []\n@contextlib.contextmanager\ndef c():\n    log.append(1)\n    yield log", "with c() as v:\n    w = 3", "print(v, w, log)"),
    ("try:\n    x = int('no')\nexcept ValueError as e:\n    x = -1", "print(x)"),
    ("x: int = 3\ny: 'list' = [x]", "print(y)"),
    ("T = int\ndef f(a: T) -> T:\n    return a", "print(f.__annotations__)"),
    ("def make():\n    n = 0\n    def step():\n        nonlocal n\n        n += 1\n        return n\n    return step\ns = make()", "s()", "print(s())"),
    ("from functools import partial\nstore = []\nadd = partial(store.append)", "add(3)", "print(store)"),
    ("q = [1, 2, 3]\npop = q.pop", "x = pop()", "print(q)"),
    ("a, (b, *c) = 1, (2, 3, 4)", "print(c, b)"),
    ("x = y = []", "x.append(1)", "print(y)"),
    ("rows = [[0] for _ in range(2)]", "for r in rows:\n    r[0] += 1", "print(rows)"),
    ("data = {'a': [1]}\ndef get():\n    return data['a']", "get().append(2)", "print(data)"),
    ("def outer():\n    def inner():\n        return v\n    return inner\nv = 1", "f = outer()", "v = 9", "print(f())"),
    ("x = 5\nf = lambda: x", "x = 6", "print(f())"),
    ("fs = {}\ndef reg(f):\n    fs[f.__name__] = f\n    return f", "@reg\ndef a():\n    return b()", "def b():\n    return 4", "print(fs['a']())"),
    ("m = [1, 2]\nmatch m:\n    case [p, q]:\n        r = p + q", "print(r)"),
    ("x = [1]\nx2 = x[:]", "x2.append(3)", "print(x, x2)"),
    ("import random\nr = random.Random(0)", "y = r.random()", "print(r.random())"),
    ("class S:\n    items = []\ns, t = S(), S()", "s.items.append(1)", "print(t.items)"),
    ("def g():\n    yield from range(5)\ni = g()", "next(i)", "print(next(i))"),
    ("len = lambda x: x.append(0)\nv = []", "len(v)", "print(v)"),
    ("a = 1; b = 2", "print(b)"),
    ("total = 0\nfor i in range(3):\n    total += i", "print(total, i)"),
    ("import sys\nsys.answer = 42", "print(sys.answer)\ndel sys.answer\nsys.answer = 42"),
    ("d = dict(a=1)\nd |= dict(b=2)", "print(d)"),
    ("s = {1}\ns.add(2)\nt = s & {2}", "print(t)"),
]


@pytest.mark.parametrize("blocks", CASES, ids=lambda blocks: blocks[0].partition("\n")[0][:30])
def test_a_slice_prints_what_the_whole_prints(blocks: tuple[str, ...]) -> None:
    holds(*blocks)


def program(draw: random.Random) -> list[str]:
    """A page of blocks over a few names, full of aliases, changes, functions and iterators."""
    lists, functions = ["a", "b", "c"], ["f", "g"]
    blocks = ["a = [1]\nb = [2]\nc = [a]\ni = iter(range(90))\nx = 1\ndef f(v): return v\ndef g(v): return v"]

    def statement() -> str:
        p, q, f = draw.choice(lists), draw.choice(lists), draw.choice(functions)
        return draw.choice(
            [
                f"{p} = {q}",
                f"{p} = list({q})",
                f"{p} = [{q}, x]",
                f"{p}.append(x)",
                f"{p}[0] = x",
                f"{p} += [x]",
                f"y = {p}.pop() if len({p}) > 1 else 0",
                f"y = {f}({p})",
                f"{p} = {f}({q}) or {q}",
                "x = x + 1",
                f"x = len({p})",
                "x = next(i)",
                "for x in i:\n    break",
                f"for x in range(len({p})):\n    {q}.append(x)",
                f"def {f}(v):\n    v.append(x)\n    return v",
                f"def {f}(v):\n    {p}.append(7)\n    return {q}",
                f"def {f}(v):\n    global x\n    x += 1\n    return v",
                f"{draw.choice(functions)} = {f}",
                f"if x > 2:\n    {p} = [x]",
                f"with_x = [x for x in range(2)]\n{p}.extend(with_x)",
                f"print(len({p}), x)",
            ]
        )

    blocks += ["\n".join(statement() for _ in range(draw.randint(1, 4))) for _ in range(draw.randint(2, 7))]
    return [*blocks, "print(repr(a)[:99], x)", "print(repr(b)[:99])", f"print(repr({draw.choice(functions)}(c))[:99])"]


@pytest.mark.parametrize("seed", range(8))
def test_slices_of_random_programs(seed: int) -> None:
    draw = random.Random(seed)
    dropped = 0
    for _ in range(25):
        blocks = program(draw)
        found = holds(*blocks)
        dropped += sum(len(one) < index for index, one in enumerate(found))
    assert dropped > 20  # the property would hold of slices that keep everything


def test_what_is_not_needed_goes() -> None:
    assert kept("import math\nx = 1\ny = 2", "print(x)\nprint(y)", "z = math.floor(y)", "print(z)") == "import math\ny = 2\nz = math.floor(y)"
    assert kept("x = [1]", "print(x)", "x\n", "len(x)") == "x = [1]"
    assert kept("def f():\n    return 1\n\ndef g():\n    return 2", "g()") == "def g():\n    return 2"


def test_care() -> None:
    """A doubt counts at the highest level alone."""
    blocks = "import json\nx = [1]", "y = json.dumps(x)", "print(x)"
    assert kept(*blocks, level=0) == "x = [1]"
    assert "dumps" in kept(*blocks, level=2)
    assert "append" in kept("x = [1]", "x.append(2)", "print(x)", level=0)


def test_a_name_that_nobody_binds_takes_everything() -> None:
    assert kept("x = 1", "y = 2", "print(nobody)") == "x = 1\ny = 2"


def effects(*blocks: str, **did: Effects) -> str:
    read = book(*blocks)
    found = {name.replace("_", "-"): one for name, one in did.items()}
    return runnable.before(read, snippet.program(read, found).slice(len(blocks) - 1, 2), (), BARE).replace("\n\n", "\n").strip()


def test_what_draws_needs_what_drew() -> None:
    blocks = "import random", "a = random.random()\nprint(1)", "b = 3", "print(random.random())"
    draws = Effects(random=True)
    assert effects(*blocks) == "import random"
    assert effects(*blocks, block_2=draws, block_4=draws) == "import random\na = random.random()\nprint(1)"
    assert effects(*blocks, block_2=draws) == "import random"


def test_files_are_kept_for_those_that_read_them() -> None:
    blocks = "open('a.txt', 'w').close()", "open('b.txt', 'w').close()", "print(open('a.txt').read())"
    wrote = {"block_1": Effects(wrote=("a.txt",)), "block_2": Effects(wrote=("b.txt",))}
    assert effects(*blocks, **wrote, block_3=Effects(read=("a.txt",))) == "open('a.txt', 'w').close()"
    assert effects(*blocks, **wrote, block_3=Effects(starts=True)).count("open") == 2
    assert effects(*blocks, **wrote, block_1_=Effects()) == ""


def test_the_working_folder_is_everybodys() -> None:
    assert effects("import os\nos.chdir('..')", "print(1)", block_1=Effects(world=True)) == "import os\nos.chdir('..')"


def test_of_a_block_that_raised_what_came_to_its_end() -> None:
    assert effects("x = 1\nx = 1 / 0\nx = 3", "print(x)", block_1=Effects(stopped=2)) == "x = 1"


def test_what_did_not_change_is_no_doubt() -> None:
    blocks = "import json\nx = [1]", "y = json.dumps(x)", "print(x)"
    assert effects(*blocks, block_2=Effects(same=frozenset({"x"}))) == "x = [1]"


def test_files_and_commands_become_python() -> None:
    text = "# T\n\n```python {file=\"a.py\"}\ns = '''x\\n'''\n```\n\n```console {.run}\n$ cat a.py\n```\n"
    read = section.parse(text, "a/t.md")
    first, second = (runnable.part(block) for block in read.blocks)
    names: dict[str, object] = {}
    written = first.replace("Path(\"a.py\").write_text", "written.append").replace("from pathlib import Path", "written = []")
    exec(written, names)
    assert names["written"] == ["s = '''x\\n'''\n"]
    assert second == 'import subprocess\n\nsubprocess.run("cat a.py", shell=True, check=True)'
