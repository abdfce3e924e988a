"""What a verification found: checks that hold, and failures that name file, sample and what is wrong."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from iebench.manifests.common.progress import duration
from iebench.manifests.text.plain_text import cleaned

NO_FILE = "cannot be read (no such file)"
SHOWN = 20  # failures on screen; the rest is counted

CHECKS = {
    "files": "every file has the SHA-256 that was written down for it",
    "tables": "dataset.json, objects.parquet, failures.parquet and the shards' Parquet agree",
    "tars": "every byte of every tar is what its Parquet says",
    "images": "every picture decodes, at the recipe's resolution",
}  # and "latents", "rerender", whose lines depend on the dataset


@dataclass(frozen=True)
class Failure:
    """One thing that is wrong.

    check : a name in Report.checks
    file : path inside the dataset; key : the sample's, "" where there is none
    """

    check: str
    file: str
    key: str
    what: str

    def __str__(self) -> str:
        return cleaned(f"{self.file}: {self.key}: {self.what}" if self.key else f"{self.file}: {self.what}")


@dataclass
class Report:
    """All failures, and for each check that was made what it says in one line.

    images, bytes, seconds : what was read of the shards, and how long that took
    """

    images: int = 0
    bytes: int = 0
    seconds: float = 0.0
    checks: dict[str, str] = field(default_factory=lambda: dict(CHECKS))
    failures: list[Failure] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return not self.failures

    def add(self, failures: Iterable[Failure]) -> None:
        """Take in what a check found."""
        self.failures.extend(failures)

    def lines(self) -> list[str]:
        """The report for a terminal: a line a check, then the first failures."""
        failed = {name: sum(f.check == name for f in self.failures) for name in self.checks}
        found = [f"{'FAILED' if failed[name] else 'ok':8}{name:10}{line}" for name, line in self.checks.items()]
        rate = f"{self.bytes / 1e6 / max(self.seconds, 1e-9):.0f} MB/s"
        found.append(f"{self.images} images, {self.bytes / 1e6:.1f} MB in {duration(self.seconds)}, {rate}")
        found += [str(failure) for failure in self.failures[:SHOWN]]
        hidden = len(self.failures) - SHOWN
        return [*found, f"... and {hidden} more failures"] if hidden > 0 else found
