"""The mean moon: right to a day or so, which is all that a gauge emptied once a day can ask."""

from datetime import UTC, date, datetime

SYNODIC_MONTH = 29.530588  # days from new moon to new moon, on the average
NEW_MOON = datetime(2000, 1, 6, 18, 14, tzinfo=UTC)
NAMES = ("new", "first quarter", "full", "last quarter")


def age(day: date) -> float:
    """Days since the last new moon, at noon in Greenwich.

    >>> round(age(date(2000, 1, 21)))
    15
    """
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    # Seconds, because whole days would lose the hour of the new moon.
    return (noon - NEW_MOON).total_seconds() / 86400 % SYNODIC_MONTH


def phase(day: date) -> str:
    """The nearest of the four phases.

    >>> phase(date(2000, 1, 21))
    'full'
    """
    return NAMES[round(4 * age(day) / SYNODIC_MONTH) % 4]
