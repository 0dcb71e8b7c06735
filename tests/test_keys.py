"""The source key: what counts as the same code, and what does not."""

import pytest

from hooks import keys, section

TEXT = """# Rain

Some prose with `{python} 1 + 1`.

```python {#fig-a caption="One" .fold timeout=5 tolerance=0.1}
x = 1  # a comment
print( x )
```

??? solution "1"
    ```python
    x + 2
    ```
"""


def key(text: str) -> str:
    read = section.parse(text, "book/rain.md")
    assert not read.problems
    return read.key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Some prose", "Other prose"),
        ("  # a comment", ""),
        ("print( x )", "print(x)"),
        ("#fig-a", "#fig-b"),
        ('caption="One"', 'caption="Two"'),
        (" .fold", ""),
        ("timeout=5", "timeout=6"),
        ("tolerance=0.1", "volatile"),
        ("# Rain", "# Snow"),
        ("```python {#fig", "```python {.test}\n\n```\n\n```python {#fig"),
    ],
)
def test_what_does_not_execute_does_not_count(old: str, new: str) -> None:
    changed = TEXT.replace(old, new)
    assert changed != TEXT
    if new.startswith("```python {.test}"):
        changed = TEXT.replace(old, '```python {.static why="dear"}\nboom()\n```\n\n' + old)
    assert key(changed) == key(TEXT)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x = 1", "x = 2"),
        ("print( x )", "print(x);"),
        ("1 + 1", "1 + 2"),
        ("x + 2", "x + 3"),
        ('solution "1"', 'solution "2"'),
        ("timeout=5", "raises=ValueError"),
        ("x = 1  # a comment\n", "x = 1\n```\n\n```python\n"),
    ],
)
def test_what_executes_counts(old: str, new: str) -> None:
    changed = TEXT.replace(old, new)
    assert changed != TEXT
    assert key(changed) != key(TEXT)


PROGRAM = """# Rain

```python {file="pour.py"}
print(1)  # a comment
```

```console {.run}
$ python pour.py
```
"""


@pytest.mark.parametrize(("old", "new"), [("  # a comment", ""), ("pour.py\"}", "rain.py\"}"), ("$ python pour.py", "$ python -u pour.py")])
def test_files_and_commands_count_as_text(old: str, new: str) -> None:
    changed = PROGRAM.replace(old, new)
    assert changed != PROGRAM
    assert key(changed) != key(PROGRAM)


@pytest.mark.parametrize(("old", "new"), [("{.run}", "{.run timeout=9 .fold}"), ("# Rain", "# Snow"), (".py\"}", ".py\" .fold}")])
def test_how_they_are_shown_does_not(old: str, new: str) -> None:
    changed = PROGRAM.replace(old, new)
    assert changed != PROGRAM
    assert key(changed) == key(PROGRAM)


def test_the_normal_form_is_the_same_under_every_python() -> None:
    """The hash of this code as every supported Python must give it: records travel between them."""
    code = "def f(a, *, b=1):\n    'Say.'\n    return [x async for x in a] if b else f'{a!r:>{b}}'\nclass C(f):\n    pass\n"
    assert keys.digest(keys.tree(code)) == "6f2d641856d5e389a0204342b4530f15"
