"""Sums in the archives of PyTorch, which it writes and does not look at: a few rotten bytes would be wrong weights."""

import zipfile
import zlib
from pathlib import Path

from iebench.manifests.errors import IebenchError

CHUNK = 1 << 20  # bytes


def damage(path: Path) -> str:
    """A member of a zip archive whose content is not what its checksum says, as a clause; "" where there is none.

    A file of another kind has no checksums, nor has one written with `torch.serialization.set_crc32_options(False)`,
    which leaves zeros in their place.

    path : what torch.save, torch.jit.save or torch.export.save wrote
    """
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.CRC and not _sound(archive, member):
                    return f"its {member.filename} is not what its checksum says"
    except (zipfile.BadZipFile, NotImplementedError):  # a list of members that is rotten itself
        return "its list of members is rotten"
    except OSError:  # whoever reads it next says why
        return ""
    return ""


def check_sums(path: Path, kind: type[IebenchError]) -> None:
    """Check that no member of an archive is damaged; see `damage`.

    Raises
    ------
    IebenchError : of that kind, one is; names it.
    """
    if words := damage(path):
        raise kind(f"{path} is damaged ({words}): copy or download it again")


def _sound(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    try:
        with archive.open(member) as content:
            while content.read(CHUNK):
                pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        return False
    return True
