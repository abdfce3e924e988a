"""What files a published dataset holds, whether a folder or an archive and in whatever order."""

from collections import Counter

from iebench.manifests.taxonomy import official_objects

from .published import Place

ObjectKey = tuple[str, str]  # synset and object id; an id alone occurs in several classes


class Census:
    """Counts files as they are come upon.

    other : files that are not part of the layout; twice : files of a place that another file had already
    """

    def __init__(self) -> None:
        self.other = self.twice = 0
        self._seen: dict[ObjectKey, int] = {}  # two bits a view: 50 views of 52,472 objects fit in a few megabytes

    def add(self, place: Place | None) -> bool:
        """Count a file; whether it is the first of its place."""
        if place is None:
            self.other += 1
            return False
        owner, bit = (place.synset, place.object_id), 1 << (2 * place.view + (place.kind == "latent"))
        seen = self._seen.get(owner, 0)
        self._seen[owner] = seen | bit
        self.twice += bool(seen & bit)
        return not seen & bit

    def __len__(self) -> int:
        """How many objects have been found."""
        return len(self._seen)

    def __contains__(self, owner: ObjectKey) -> bool:
        """Whether any file of an object has been found."""
        return owner in self._seen

    def unlisted(self) -> list[ObjectKey]:
        """The objects that are not on the official list, sorted."""
        listed = official_objects()
        official = zip(listed["synset"].to_pylist(), listed["object_id"].to_pylist(), strict=True)
        return sorted(self._seen.keys() - set(official))

    def views(self) -> dict[int, int]:
        """How many objects have how many views, each with image and latents."""
        counts = Counter(_pairs(seen).bit_count() for seen in self._seen.values())
        return dict(sorted(counts.items()))


def _pairs(seen: int) -> int:
    """The views whose two bits are both set, as bits."""
    both = seen & (seen >> 1)
    images = int("01" * ((seen.bit_length() + 1) // 2) or "0", 2)
    return both & images
