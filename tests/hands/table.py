"""A table of implementations as different people write them, right and wrong."""

HANDS = []


def hand(exercise, *expected, layout="channels last"):
    """Enter a function: without `expected` it is right, else it has these mistakes.

    An expected text that is no name of a mistake is part of what must be said of it.
    """

    def enter(function):
        HANDS.append((function.__name__, exercise, layout, expected, function))
        return function

    return enter
