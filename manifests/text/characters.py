"""Characters that names, notes and licences may not contain, and those that they may contain in some places only.

Source: Unicode 15, chapter 23 (special areas and format characters), UTS 51 (emoji) and RFC 5892, appendix A (joiners).
"""

import re
import unicodedata

Ranges = tuple[tuple[int, int], ...]

LINE_BREAKS: Ranges = ((0x0A, 0x0D), (0x85, 0x85), (0x2028, 0x2029))
DIRECTIONS: Ranges = ((0x061C, 0x061C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069))
"""Marks that change the writing direction: the displayed order then differs from the stored order."""
CONTROLS: Ranges = ((0x00, 0x1F), (0x7F, 0x9F), (0xFFFE, 0xFFFF))
SURROGATES: Ranges = ((0xD800, 0xDFFF),)
INVISIBLE: Ranges = (
    (0xAD, 0xAD), (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180E, 0x180E), (0x200B, 0x200B),
    (0x2060, 0x2065), (0x206A, 0x206F), (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB),
    (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE001F), (0xE0080, 0xE00FF), (0xE01F0, 0xE0FFF),
)  # fmt: skip
"""Characters without ink: texts that differ by one of them look the same, and a row of them hides a message."""
JOINERS: Ranges = ((0x200C, 0x200D),)
SELECTORS: Ranges = ((0x180B, 0x180D), (0x180F, 0x180F), (0xFE00, 0xFE0F), (0xE0100, 0xE01EF))
TAGS: Ranges = ((0xE0020, 0xE007F),)
BOUND: Ranges = (*JOINERS, *SELECTORS, *TAGS)
"""Characters without ink that are allowed where they shape their neighbours; see `compiled`."""
KINDS = {
    "a line break": LINE_BREAKS, "a mark of writing direction": DIRECTIONS, "half a character": SURROGATES,
    "a control character": CONTROLS, "an invisible character": (*INVISIBLE, *BOUND),
}  # fmt: skip
_FORBIDDEN: Ranges = (*CONTROLS, *LINE_BREAKS, *DIRECTIONS, *INVISIBLE)
_FORBIDDEN_IN_LINES: Ranges = (*((low, high) for low, high in _FORBIDDEN if low > 0x0D), (0x00, 0x09), (0x0B, 0x1F))

_EMOJI: Ranges = (
    (0xA9, 0xA9), (0xAE, 0xAE), (0x203C, 0x2049), (0x2122, 0x2122), (0x2139, 0x2139), (0x2190, 0x2BFF),
    (0x3030, 0x303D), (0xFE0F, 0xFE0F), (0x1F000, 0x1FAFF),
)  # fmt: skip
_IDEOGRAPHS: Ranges = ((0x2E80, 0xA4CF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
_JOINING: Ranges = (
    (0x0600, 0x109F), (0x1700, 0x1CFF), (0xA800, 0xABFF), (0xFB50, 0xFDFF), (0xFE70, 0xFEFC), (0x10A00, 0x11FFF),
    (0x1E900, 0x1E95F),
)  # fmt: skip
"""Scripts whose letters change their shape beside others: Arabic, Syriac, those of South and South East Asia, ..."""
_VIRAMA = 9  # canonical combining class of the signs that bind two consonants


def _set(ranges: Ranges) -> str:
    return "".join(rf"\U{low:08x}-\U{high:08x}" for low, high in ranges)


def _viramas() -> str:
    codes = (chr(code) for low, high in _JOINING for code in range(low, high + 1))
    return "".join(letter for letter in codes if unicodedata.combining(letter) == _VIRAMA)


def compiled(lines: bool) -> re.Pattern[str]:
    """Return a pattern whose group "wrong" matches each character that a text may not contain.

    Of the characters without ink, it allows joiners between emoji or letters of scripts that join, or after a virama;
    one variation selector after an emoji, an ideograph or a letter of such a script; and the tags of a flag.

    lines : True if line breaks are allowed
    """
    forbidden = _set((*(_FORBIDDEN_IN_LINES if lines else _FORBIDDEN), *SURROGATES))
    joiners, selectors, joining, emoji = map(_set, (JOINERS, SELECTORS, _JOINING, _EMOJI))
    shaping = "|".join(
        [
            rf"(?<=[{_viramas()}])[{joiners}]",
            rf"(?<=[{joining}])[{joiners}](?=[{joining}])",
            rf"(?<=[{emoji}])\u200d(?=[{emoji}])(?!\ufe0f)",
            rf"(?<=[{joining}{_set(_IDEOGRAPHS)}])[{selectors}]",
            rf"(?<![{selectors}])(?<=[{emoji}0-9#*])[\ufe0e\ufe0f]",
        ]
    )
    flag = r"\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f"
    return re.compile(rf"{flag}|(?P<wrong>[{forbidden}]|(?!{shaping})[{_set(BOUND)}])")


def arrow_pattern(lines: bool) -> str:
    """Return a regular expression of Arrow (RE2) that matches every text that `compiled` finds wrong, and some others.

    Surrogates are not in it: UTF-8, and so Parquet, cannot hold them.
    """
    ranges = (*(_FORBIDDEN_IN_LINES if lines else _FORBIDDEN), *BOUND)
    return "[" + "".join(rf"\x{{{low:x}}}-\x{{{high:x}}}" for low, high in ranges) + "]"
