"""Names made from file names: restricted to characters that are safe in keys, tar members and seeds of latents."""

import hashlib
import re
import unicodedata

LONGEST_CLASS, LONGEST_OBJECT = 32, 48  # a tar's header has 100 bytes for a member's name


def class_key(name: str) -> str:
    """Return a class's name as the first part of a key: letters, digits and hyphens; an underscore ends that part.

    >>> class_key("sofa"), class_key("night_stand")
    ('sofa', 'night-stand-e03246cc')
    """
    return _safe(name, "A-Za-z0-9-", LONGEST_CLASS)


def object_key(name: str) -> str:
    """Return an object's name as the middle part of a key: letters, digits, hyphens and underscores.

    A changed name ends in a part of the original's hash, so that two names never become equal.

    >>> object_key("chair_0001"), object_key("Stühle/No. 1")
    ('chair_0001', 'Stuhle-No-1-b1366e56')
    """
    return _safe(name, "A-Za-z0-9_-", LONGEST_OBJECT)


def _safe(name: str, allowed: str, longest: int) -> str:
    name = unicodedata.normalize("NFC", name)  # systems differ in the Unicode form of the same file name
    if re.fullmatch(f"[{allowed}]{{1,{longest}}}", name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(f"[^{allowed}]+", "-", plain).strip("-")[: longest - 9].rstrip("-")
    return f"{plain}-{digest}" if plain else f"x-{digest}"
