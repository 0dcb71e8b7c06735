"""Options of a block: what each asks for, and what is said of one that the list does not have."""

import pytest

from hooks import options
from hooks.options import Options, parse


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Options()),
        ("#fig-rain", Options(label="fig-rain")),
        ('#fig-rain caption="Rain in March"', Options(label="fig-rain", caption="Rain in March")),
        ("caption='Rain in March'", Options(caption="Rain in March")),
        ("caption=Rain", Options(caption="Rain")),
        ('caption = "Rain"', Options(caption="Rain")),
        ('caption="a } and a { and a #b"', Options(caption="a } and a { and a #b")),
        (r'caption="called \"small\""', Options(caption='called "small"')),
        (".hide", Options(hide=True)),
        (".fold", Options(fold=True)),
        (".test", Options(test=True)),
        ('.static why="It never ends."', Options(static=True, why="It never ends.")),
        ("volatile", Options(volatile=True)),
        ("raises=ValueError", Options(raises="ValueError")),
        ("raises=json.JSONDecodeError", Options(raises="json.JSONDecodeError")),
        ("timeout=90 tolerance=1e-3", Options(timeout=90.0, tolerance=1e-3)),
        ("source=rainlib.Gauge", Options(source="rainlib.Gauge")),
        ('source="rainlib.Gauge"', Options(source="rainlib.Gauge")),
        ('file="train.py"', Options(file="train.py")),
        ('file="net/__init__.py" .hide', Options(file="net/__init__.py", hide=True)),
        ("  .fold\t.hide  ", Options(fold=True, hide=True)),
    ],
)
def test_options_are_read(text: str, expected: Options) -> None:
    assert parse(text) == expected
    assert parse(text).problems == ()


def test_a_caption_keeps_the_backslashes_of_its_formulas() -> None:
    assert (
        parse(r'caption="The rate $\eta$, from $\tfrac12$ to $\{1\}$"').caption
        == r"The rate $\eta$, from $\tfrac12$ to $\{1\}$"
    )


@pytest.mark.parametrize(
    ("text", "message", "mend"),
    [
        (".tset", "unknown option `.tset`", "Did you mean `.test`?"),
        ("hide", "unknown option `hide`", "Did you mean `.hide`?"),
        (".volatile", "unknown option `.volatile`", "Did you mean `volatile`?"),
        ("captoin=x", "unknown option `captoin=x`", "Did you mean `caption=`?"),
        ("timeout", "unknown option `timeout`", "Did you mean `timeout=`?"),
        (".zebra", "unknown option `.zebra`", "The options are `#fig-...`, `.hide`"),
        ("%", "unknown option `%`", "The options are"),
        (".hide .hide", "the option `hide` stands twice", "Keep one."),
        ("timeout=1 timeout=2", "the option `timeout` stands twice", "Keep one."),
        ("#fig-a #fig-b", "the option `label` stands twice", "Keep one."),
        ("#tbl-a", "the label `#tbl-a` cannot stand on a block", "`#fig-`"),
        ("#fig-A", "the label `#fig-A` cannot stand", "lower-case"),
        ("#fig-", "the label `#fig-` cannot stand", "lower-case"),
        ("#rain", "the label `#rain` cannot stand", "`#fig-`"),
        ("timeout=soon", "`timeout=soon` is not a number above zero", "`timeout=10`"),
        ("timeout=0", "`timeout=0` is not a number above zero", "`timeout=10`"),
        ("timeout=-1", "`timeout=-1` is not a number", "`timeout=10`"),
        ("timeout=5s", "`timeout=5s` is not a number", "`timeout=10`"),
        ("tolerance=nan", "`tolerance=nan` is not a number", "`tolerance=10`"),
        ("tolerance=inf", "`tolerance=inf` is not a number", "`tolerance=10`"),
        ('raises="two words"', "names no exception", "raises=ValueError"),
        (".static", "must say why", 'why="..."'),
        ('.static why=""', "must say why", 'why="..."'),
        ("why=because", "`why=` goes with `.static`", "add `.static`"),
        (".test .hide", "`test` and `hide` exclude each other", "Keep one."),
        (".test raises=ValueError", "`test` and `raises` exclude each other", "Keep one."),
        (".test .static why=x", "`static` and `test` exclude each other", "Keep one."),
        (".static why=x raises=KeyError", "`static` and `raises` exclude each other", "Keep one."),
        (".test source=rainlib.Gauge", "`source` and `test` exclude each other", "Keep one."),
        (".run", "`.run` goes with commands", "```console {.run}"),
        ('file="/train.py"', "names no file that a block may write", '`file="train.py"`'),
        ('file="../train.py"', "names no file", "inside the scratch folder"),
        ('file="a/../../b.py"', "names no file", "inside the scratch folder"),
        ('file=""', "names no file", "inside the scratch folder"),
        ('file="a.py" .test', "`test` and `file` exclude each other", "written, not run"),
        ('file="a.py" raises=KeyError', "`raises` and `file` exclude each other", "written, not run"),
    ],
)
def test_what_is_wrong_is_said_with_its_mend(text: str, message: str, mend: str) -> None:
    (problem,) = parse(text).problems
    assert message in problem[0]
    assert mend in problem[1]


def test_commands_have_options_of_their_own() -> None:
    assert parse(".run timeout=90 volatile", console=True) == Options(run=True, timeout=90.0, volatile=True)
    for text, message in (("timeout=9", "only a console block that runs"), (".run .test", "`test` cannot stand"), (".run raises=KeyError", "`raises` cannot stand")):
        ((said, mend),) = parse(text, console=True).problems
        assert message in said
        assert mend


def test_all_of_a_blocks_mistakes_are_told_at_once() -> None:
    assert len(parse('.tset timeout=x #rain why="w" file="/a.py"').problems) == 5


def test_the_list_of_options_is_the_one_that_the_parser_reads() -> None:
    told = parse(".zebra").problems[0][1]
    for name in [*options.FLAGS, *options.WORDS, *options.KEYS]:
        assert name in told
