"""A module that is run as a script."""

import sys

from kettle.base import scale


def main(given):
    return scale(len(given)) + extra(given)


def extra(given):
    return sum(map(int, given))


if __name__ == "__main__":
    print(main(sys.argv[1:]))
