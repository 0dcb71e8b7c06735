"""Loaded inside a function."""

SPARE = 2


def coals(cups):
    return cups + SPARE


def ash(cups):
    return cups - SPARE
