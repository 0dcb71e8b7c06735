"""Front matter: a closed list of fields, each with its type, each mistake on its line."""

import pytest

from hooks.front import Front, parse


def read(text: str) -> tuple[Front, int, list[tuple[int, str, str]]]:
    told: list[tuple[int, str, str]] = []
    front, body = parse(text, lambda line, message, mend: told.append((line, message, mend)))
    return front, body, told


def test_all_fields() -> None:
    text = "---\nstars: 2\nneeds: [rain, snow]\nable:\n  - read a gauge\nredirect_from: [old/rain]\n---\n# Rain\n"
    front, body, told = read(text)
    assert told == []
    assert (front.stars, front.needs, front.able) == (2, ("rain", "snow"), ("read a gauge",))
    assert front.redirect_from == ("old/rain",)
    assert [front.line(name) for name in ("stars", "needs", "able", "redirect_from")] == [2, 3, 4, 6]
    assert front.line("not there") == 1
    assert text[body:] == "# Rain\n"


@pytest.mark.parametrize(
    "text", ["", "# Rain\n", "----\n# Rain\n", "# Rain\n\n---\nstars: 1\n---\n", "\n# Rain\n", "--- # Rain\n"]
)
def test_no_front_matter(text: str) -> None:
    assert read(text) == (Front(), 0, [])


@pytest.mark.parametrize("text", ["---\n---\n# Rain\n", "---\n# a comment\n---\n# Rain\n", "--- \n\n--- \n# Rain\n"])
def test_empty_front_matter(text: str) -> None:
    front, body, told = read(text)
    assert (front, told) == (Front(), [])
    assert text[body:] == "# Rain\n"


def test_fields_that_say_how_a_section_runs() -> None:
    front, _, told = read("---\ngpus: 2\nlong: true\nalone: true\nsmoke: {steps: 2, rates: [0.1, 1], name: small}\n---\n")
    assert told == []
    assert (front.gpus, front.long, front.alone, front.once) == (2, True, True, True)
    assert front.smoke == (("steps", 2), ("rates", [0.1, 1]), ("name", "small"))
    assert read("---\nalone: true\n---\n")[0].once is False


def test_front_matter_may_end_the_file() -> None:
    assert read("---\nstars: 1\n---") == (Front(1, lines=(("stars", 2),)), 16, [])


@pytest.mark.parametrize(
    ("fields", "line", "message", "mend"),
    [
        ("stars: 4", 2, "`stars: 4` is not 1, 2 or 3", "1: school calculus"),
        ("stars: 1.0", 2, "`stars: 1.0` is not", "school"),
        ("stars: true", 2, "`stars: True` is not", "school"),
        ("stars: '1'", 2, "`stars: 1` is not", "school"),
        ("stars:", 2, "`stars: None` is not", "school"),
        ("stars: 1\nneeds: rain", 3, "`needs` is not a list of texts", "`needs: [one, another]`"),
        ("stars: 1\nable:", 3, "`able` is not a list of texts", "`able: [one, another]`"),
        ("able: [yes]", 2, "`able` is not a list of texts", "`able: [one, another]`"),
        ("needs:\n- Rain Fall", 2, "`Rain Fall` in `needs` is not a section's slug", "file's name"),
        ("needs: [rain.md]", 2, "`rain.md` in `needs` is not a section's slug", "without `.md`"),
        ("stars: 1\n\nstar: 1", 4, "unknown field `star`", "The fields are `stars`, `needs`, `able`"),
        ("title: Rain", 2, "unknown field `title`", "The fields are"),
        ("1: 2", 2, "unknown field `1`", "The fields are"),
        ("stars: 1\nable: [a]\nstars: 2", 4, "the field `stars` stands twice", "Keep one."),
        ("smoke: {}\ngpus: 0", 3, "`gpus: 0` is not a whole number above zero", "`gpus: 2`"),
        ("long: true\nsmoke: {}\ngpus: true", 4, "`gpus: True` is not a whole number", "`gpus: 2`"),
        ("gpus: 1\nsmoke: {}\nlong: 5", 4, "`long: 5` is not `true`", "take it out"),
        ("alone: false", 2, "`alone: False` is not `true`", "take it out"),
        ("long: true\nsmoke: [steps]", 3, "`smoke` is not a list of names and their values", "`smoke: {steps: 2}`"),
        ("long: true\nsmoke: {steps: .inf}", 3, "`smoke` is not a list of names", "`smoke: {steps: 2}`"),
        ("long: true\nsmoke: {a b: 1}", 3, "`smoke` is not a list of names", "`smoke: {steps: 2}`"),
        ("alone: true\nsmoke: {steps: 2}", 3, "`smoke` goes with `gpus` or `long`", "Take it out"),
        ("stars: 1\nlong: true", 3, "`long` goes with `smoke`", "`smoke: {steps: 2}`"),
        ("stars: 1\ngpus: 2", 3, "`gpus` goes with `smoke`", "`smoke: {steps: 2}`"),
        ("stars: 1\nneeds: [a", 4, "the front matter cannot be read", "Mend the YAML."),
        ("stars: 1\n\tneeds: 1", 3, "the front matter cannot be read", "Mend the YAML."),
        ("stars: 2026-13-45", 2, "the front matter cannot be read", "Mend the YAML."),
        ("stars: !!python/object:os.system 1", 2, "the front matter cannot be read", "Mend the YAML."),
        ("a\x00b: 1", 2, "the front matter cannot be read", "Mend the YAML."),
        ("- stars", 2, "the front matter is not a list of fields", "one field a line"),
        ("stars", 2, "the front matter is not a list of fields", "one field a line"),
        ("0", 2, "the front matter is not a list of fields", "one field a line"),
    ],
)
def test_what_is_wrong_is_said_on_its_line(fields: str, line: int, message: str, mend: str) -> None:
    text = f"---\n{fields}\n---\n# Rain\n"
    _, body, ((where, what, how),) = read(text)
    assert where == line
    assert message in what
    assert mend in how
    assert text[body:] == "# Rain\n"


def test_front_matter_that_is_not_closed() -> None:
    text = "---\nstars: 1\n\n# Rain\n"
    _front, body, told = read(text)
    assert told == [(1, "the front matter is not closed.", "End it with a line `---`.")]
    assert text[body:] == "# Rain\n", "the rest is read all the same"
    assert read("---\nstars: 1\n")[1] == 13


def test_front_matter_that_comes_late_is_not_passed_over() -> None:
    _front, _body, told = read("\n\n---\nstars: 1\n---\n# Rain\n")
    assert told == [(3, "the front matter does not begin on the first line.", "Take out what is above it.")]


def test_all_mistakes_at_once() -> None:
    _, _, told = read("---\nstars: 9\nneeds: rain\nable: 3\ntitle: Rain\nlong: 1\n---\n")
    assert [line for line, *_ in told] == [2, 3, 4, 5, 6]
