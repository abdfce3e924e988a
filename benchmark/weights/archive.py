"""Checksums in PyTorch's archives.

PyTorch writes them and does not check them, so damaged bytes would be wrong weights.
"""

import zipfile
import zlib
from pathlib import Path

from iebench.manifests.errors import IebenchError

CHUNK = 1 << 20  # bytes


def damage(path: Path) -> str:
    """Describe the first member of a zip archive whose content contradicts its checksum; "" if there is none.

    Files of other kinds have no checksums. Neither has a file written with
    `torch.serialization.set_crc32_options(False)`, which stores zeros instead.

    path : file that torch.save, torch.jit.save or torch.export.save wrote
    """
    if not zipfile.is_zipfile(path):
        return ""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.CRC and not _sound(archive, member):
                    return f"its {member.filename} contradicts its checksum"
    except (zipfile.BadZipFile, NotImplementedError):  # the list of members is damaged
        return "its list of members is damaged"
    except OSError:  # the next reader reports it
        return ""
    return ""


def check_sums(path: Path, kind: type[IebenchError]) -> None:
    """Check that no member of an archive is damaged; see `damage`.

    Raises
    ------
    IebenchError : an error of class `kind` that names a damaged member.
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
