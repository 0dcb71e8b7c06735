"""Tables of rules, and what fills them."""

import functools
import sys

RULES = {
    "milk first": lambda cups: cups * 0.1,
    "milk last": lambda cups: cups * 0.05,
    "lemon": lambda cups: 1 / cups,
}
menu = {}
prices = []


def rule(name):
    """Put a function into the menu."""

    def enter(function):
        menu[name] = function
        return function

    return enter


@rule("scone")
def bake(number):
    return number * 1.8


@rule("cake")
def whip(number):
    return number * 4.2


@rule("biscuit")
def dunk(number, depth=3):
    return number * depth


def enter_prices(start):
    """Runs when this is imported."""
    prices.extend(round(start * factor, 2) for factor in (1, 1.5, 2))


enter_prices(2.0)


def first(guest):
    return guest[0]


def last(guest):
    return guest[-1]


SORTS = {"first": first, "last": last}


def seat(guests, by):
    """Sort guests."""
    return sorted(guests, key=SORTS[by])


if sys.byteorder in ("little", "big"):

    def clock():
        return "five"

else:

    def clock():
        return "four"


try:
    from kettle import robot
except ImportError:
    robot = None


@functools.singledispatch
def offer(guest):
    return f"tea for {guest}"


@offer.register
def _(guest: int):
    return f"tea for {guest} people"


@offer.register
def _(guest: list):
    return " and ".join(map(offer, guest))


def serve(what, number):
    """Whatever stands in the menu."""
    return menu[what](number)
