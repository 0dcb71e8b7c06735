"""Water and leaves: plain functions, constants and defaults."""

__all__ = ["BOIL", "heat", "pour", "quiet", "scale", "steep", "warm"]

BOIL = 100.0
ROOM = 20.0
GRAMS = {
    "black": 2.5,
    "green": 2.0,
}


def scale(value, by=2.0):
    """Twice as much."""
    return value * by


def pour(cups, size=0.25):
    """Liters in some cups."""
    if cups < 0:
        raise ValueError("no cup holds less than nothing")
    return cups * size


def heat(water, start=ROOM):
    """Joule that make it boil."""
    return water * (BOIL - start) * 4.19


def steep(leaf, *, cups=1):
    """Grams of leaf."""
    return scale(GRAMS[leaf] * cups, 1)


def warm(water, minutes=3):
    """How warm it is after a while."""
    temperature = BOIL
    for _ in range(minutes):
        temperature -= (temperature - ROOM) * 0.1
    return round(temperature * min(water, 1), 3)


def quiet():
    """Say nothing."""


def unused(cups):
    """Nobody calls it."""
    return cups - 1
