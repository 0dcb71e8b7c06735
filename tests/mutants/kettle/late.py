"""Loaded only by those who ask for it."""

HEAT = 7


def samovar(cups):
    from kettle.later import coals

    return coals(cups) * HEAT


def urn(cups):
    return cups * 11
