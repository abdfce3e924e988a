"""Messages that stay short: the first of many items, and texts cut in their middle."""

from collections.abc import Iterable

LONGEST = 1_000  # characters of a message, whatever names and values are in it


def few(items: Iterable[object], most: int = 3, between: str = ", ", length: int = 120) -> str:
    """The first of some items, each cut to `length` characters, and how many more there are.

    >>> few(["a", "b"]), few("abcde", between="; ")
    ('a, b', 'a; b; c; and 2 more')
    """
    listed = [cut(str(item), length) for item in items]
    more = [f"and {len(listed) - most:,} more"] if len(listed) > most else []
    return between.join([*listed[:most], *more])


def cut(text: str, most: int = 120) -> str:
    """A text without its middle, if it is longer than `most` characters.

    >>> cut("short"), cut("a" * 50 + "b" * 50, 21)
    ('short', 'aaaaaaaaaaa ... bbbbb')
    """
    if len(text) <= most:
        return text
    end = (most - 5) // 3
    return f"{text[: most - 5 - end]} ... {text[-end:]}"


def number(value: float) -> str:
    """A number for a message; of a whole one beyond 15 digits only how many these are.

    >>> number(1234567), number(0.5), number(10**30)
    ('1,234,567', '0.5', 'a number of 31 digits')
    """
    if isinstance(value, float):
        return f"{value:,.0f}" if 1000 <= abs(value) < 10**15 else f"{value:.3g}"
    return f"{value:,}" if abs(value) < 10**15 else f"a number of {len(str(abs(value)))} digits"
