"""The report as a folder for a static Space of the Hugging Face Hub: index.html, and a README.md with its header."""

from pathlib import Path

from iebench.manifests.common.files import write_atomic
from iebench.manifests.text.escapes import markdown, yaml

from ..results.score import Score

PAGE, CARD = "index.html", "README.md"


def write(folder: Path, page: str, about: Score) -> list[Path]:
    """Write the folder; returns its files. page : HTML of the report; about : one of its scores

    Raises
    ------
    DiskError : the folder cannot be written.
    """
    title = f"Scores on {about.dataset.name}"
    names = f"{markdown(about.dataset.name)}, protocol {markdown(about.protocol.name)}"
    text = f"Scores of encoders on {names}, made by `iebench report --space`."
    header = [
        f"title: {yaml(title)}", "emoji: 🔄", "colorFrom: indigo", "colorTo: gray", "sdk: static",
        f"app_file: {PAGE}", "pinned: false", "tags: [iebench, equivariance, leaderboard]",
    ]  # fmt: skip
    card = "\n".join(["---", *header, "---", "", f"# {markdown(title)}", "", text, ""])
    write_atomic(folder / CARD, card)
    write_atomic(folder / PAGE, page)
    return [folder / CARD, folder / PAGE]
