"""Functions that are looked at, and never called."""

import inspect


def recipe(leaf, minutes=3, *, sugar: int = 2):
    return leaf, minutes, sugar


def letter(to, stamp=0.85):
    return f"{to}: {stamp}"


def form(names=("leaf", "pot")):
    return list(names)


def parameters():
    """The parameters of all functions here, whatever their names."""
    found = [value for name, value in sorted(globals().items()) if inspect.isfunction(value) and name != "parameters"]
    return [str(inspect.signature(function)) for function in found]
