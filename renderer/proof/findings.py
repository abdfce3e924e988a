"""Result of a verification: checks that passed, and failures with file, sample and reason."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from iebench.manifests.common.progress import duration
from iebench.manifests.text.plain_text import cleaned

NO_FILE = "cannot be read (no such file)"
SHOWN = 20  # number of failures that are listed; the others are only counted

CHECKS = {
    "files": "every file has the SHA-256 that is recorded for it",
    "tables": "dataset.json, objects.parquet, failures.parquet and the shards' Parquet agree",
    "tars": "every tar holds the bytes that its Parquet lists",
    "images": "every picture decodes, at the recipe's resolution",
}  # "latents" and "rerender" are added later, since their text depends on the dataset


@dataclass(frozen=True)
class Failure:
    """One fault of a dataset.

    check : name of the check in Report.checks
    file : path inside the dataset; key : key of the sample, "" if the fault has no sample; fault : its description
    """

    check: str
    file: str
    key: str
    fault: str

    def __str__(self) -> str:
        return cleaned(f"{self.file}: {self.key}: {self.fault}" if self.key else f"{self.file}: {self.fault}")


@dataclass
class Report:
    """All failures, and the result of each check in one line.

    images, bytes, seconds : number of images and bytes read from the shards, and the time taken
    """

    images: int = 0
    bytes: int = 0
    seconds: float = 0.0
    checks: dict[str, str] = field(default_factory=lambda: dict(CHECKS))
    failures: list[Failure] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """True if every check passed."""
        return not self.failures

    def add(self, failures: Iterable[Failure]) -> None:
        """Add the failures of a check."""
        self.failures.extend(failures)

    def lines(self) -> list[str]:
        """Return the report for a terminal: one line per check, then the first failures."""
        failed = {name: sum(f.check == name for f in self.failures) for name in self.checks}
        lines = [f"{'FAILED' if failed[name] else 'ok':8}{name:10}{line}" for name, line in self.checks.items()]
        rate = f"{self.bytes / 1e6 / max(self.seconds, 1e-9):.0f} MB/s"
        lines.append(f"{self.images} images, {self.bytes / 1e6:.1f} MB in {duration(self.seconds)}, {rate}")
        lines += [str(failure) for failure in self.failures[:SHOWN]]
        hidden = len(self.failures) - SHOWN
        return [*lines, f"... and {hidden} more failures"] if hidden > 0 else lines
