"""Functions made of functions."""

import functools
from contextlib import contextmanager

calls = []


def counted(step=1):
    """Count the calls."""

    def wrap(function):
        @functools.wraps(function)
        def inner(*given):
            calls.append(step)
            return function(*given)

        return inner

    return wrap


def doubled(function):
    """Twice the result."""
    return lambda *given: 2 * function(*given)


@counted(step=1)
def stir(spoons):
    return spoons * 3


@doubled
def sugar(lumps):
    return lumps + 0.5


@functools.cache
def cool(minutes):
    return 100 if minutes == 0 else cool(minutes - 1) * 0.9


@functools.lru_cache(maxsize=2)
def blow(times):
    return 1 / (1 + times)


def server(price):
    """Makes functions."""

    def serve(cups, tip=0.1):
        return cups * price * (1 + tip)

    return serve


two = server(2.0)
three = functools.partial(server(3.0), tip=0.0)

CODE = """
def {name}(cups):
    return cups * {factor}
"""


def write(name, factor):
    """Makes functions of text."""
    space = {}
    exec(CODE.format(name=name, factor=factor), space)
    return space[name]


mug = write("mug", 1.5)
bowl = write("bowl", 4)


@contextmanager
def table(guests):
    calls.append(guests)
    yield guests + 1
    calls.append(-guests)


class Guest:
    """A guest has a plate that is laid once."""

    @functools.cached_property
    def plate(self):
        return len(calls)

    @counted()
    def eat(self, cakes):
        return cakes * 10
