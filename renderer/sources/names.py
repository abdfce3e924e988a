"""Names from file names: what a key, a tar member or a latent's seed may hold."""

import hashlib
import re
import unicodedata

LONGEST_CLASS, LONGEST_OBJECT = 32, 48  # a tar's header has room for 100 bytes


def class_key(name: str) -> str:
    """A class's name as the first part of a key: letters, digits and hyphens, since an underscore ends it there.

    >>> class_key("sofa"), class_key("night_stand")
    ('sofa', 'night-stand-e03246cc')
    """
    return _safe(name, "A-Za-z0-9-", LONGEST_CLASS)


def object_key(name: str) -> str:
    """An object's name as the middle part of a key: letters, digits, hyphens and underscores.

    A name that had to be changed ends in a part of its hash, so that two never become one.

    >>> object_key("chair_0001"), object_key("Stühle/No. 1")
    ('chair_0001', 'Stuhle-No-1-b1366e56')
    """
    return _safe(name, "A-Za-z0-9_-", LONGEST_OBJECT)


def _safe(name: str, allowed: str, longest: int) -> str:
    name = unicodedata.normalize("NFC", name)  # the same file copied from another system's disk is the same object
    if re.fullmatch(f"[{allowed}]{{1,{longest}}}", name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(f"[^{allowed}]+", "-", plain).strip("-")[: longest - 9].rstrip("-")
    return f"{plain}-{digest}" if plain else f"x-{digest}"
