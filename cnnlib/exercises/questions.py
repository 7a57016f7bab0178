"""What a question of a lesson is. The rows are in `first_half` and `second_half`.

No value that can be computed is typed.
"""

from typing import NamedTuple


class Question(NamedTuple):
    """A question of a lesson.

    Parameters
    ----------
    right : number or array_like
    why : str
        The worked answer in a line or two.
    slips : dict
        {what it looks like: the value that this slip gives}.
    any_order : bool
        Whether a list may be in any order.
    """

    right: object
    why: str
    slips: dict = {}
    any_order: bool = False
