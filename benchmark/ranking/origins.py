"""Marks of encoders whose training data is not the scored dataset: their rows are no comparison of methods."""

from collections.abc import Iterable

from ..results.score import UNTRAINED, Score

OTHER, UNKNOWN = "†", "‡"
LEGEND = {
    OTHER: f"{OTHER}: the encoder was trained on other data",
    UNKNOWN: f"{UNKNOWN}: the encoder's training data is not declared",
}


def mark(score: Score) -> str:
    """Return the mark of an encoder: "" if it was trained on the dataset of the probes, or by nobody."""
    if score.run:
        return OTHER if _trained_elsewhere(score) else ""
    data = score.encoder.training_data
    return {"": UNKNOWN, UNTRAINED: ""}.get(data, OTHER)


def words(score: Score) -> str:
    """Describe the data that trained an encoder.

    A run's record has the fingerprint of its dataset; other encoders declare their data, or do not.
    """
    if score.run:
        other = f"dataset {str(score.run['fingerprint'])[:12]}" if _trained_elsewhere(score) else ""
        return other or "the train split of this dataset"
    return score.encoder.training_data or "not declared"


def legend(scores: Iterable[Score]) -> str:
    """Explain the marks that some scores have; "" for none."""
    marks = {mark(score) for score in scores}
    return "; ".join(text for sign, text in LEGEND.items() if sign in marks)


def _trained_elsewhere(score: Score) -> bool:
    """True if a run was trained on another dataset than the probes."""
    probed = score.dataset if score.shift is None else score.shift.dataset
    return bool(score.run.get("fingerprint", probed.fingerprint) != probed.fingerprint)
