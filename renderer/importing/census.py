"""Count of the files of a published dataset, for a folder or an archive and in any order."""

from collections import Counter

from iebench.manifests.taxonomy import official_objects

from .published import FileKey

ObjectKey = tuple[str, str]  # synset and object id; an id alone occurs in several classes


class Census:
    """Counts files as they are read.

    other : number of files outside the layout; twice : number of files that repeat an earlier file's key
    """

    def __init__(self) -> None:
        self.other = self.twice = 0
        self._seen: dict[ObjectKey, int] = {}  # two bits per view: 50 views of 52,472 objects fit in a few megabytes

    def add(self, key: FileKey | None) -> bool:
        """Count a file; return True if it is the first file with its key."""
        if key is None:
            self.other += 1
            return False
        owner, bit = (key.synset, key.object_id), 1 << (2 * key.view + (key.kind == "latent"))
        seen = self._seen.get(owner, 0)
        self._seen[owner] = seen | bit
        self.twice += bool(seen & bit)
        return not seen & bit

    def __len__(self) -> int:
        """Number of objects with at least one file."""
        return len(self._seen)

    def __contains__(self, owner: ObjectKey) -> bool:
        """True if at least one file of an object has been counted."""
        return owner in self._seen

    def unlisted(self) -> list[ObjectKey]:
        """Return the objects that are not on the official list, sorted."""
        listed = official_objects()
        official = zip(listed["synset"].to_pylist(), listed["object_id"].to_pylist(), strict=True)
        return sorted(self._seen.keys() - set(official))

    def views(self) -> dict[int, int]:
        """Return number of views (with image and latents) -> number of objects."""
        counts = Counter(_pairs(seen).bit_count() for seen in self._seen.values())
        return dict(sorted(counts.items()))


def _pairs(seen: int) -> int:
    """Return the views with both an image and latents, as every second bit of a number; seen : two bits a view."""
    both = seen & (seen >> 1)
    images = int("01" * ((seen.bit_length() + 1) // 2) or "0", 2)
    return both & images
