"""Settings that make every method's own networks tiny, for trainings of milliseconds."""

CAPSULES = ["method.capsules=4", "method.side=1"]
HEAD = ["method.hidden=[16]"]
SEQUENCE = ["method.hidden=16", "method.layers=2", "method.dropout=0"]
CONTEXT = ["method.width=16", "method.layers=2", "method.hidden=[16]", "method.pairs=4", "method.keep=0.5"]
OWN = {
    "capsie-like": CAPSULES, "equicaps": CAPSULES, "random": [], "supervised": HEAD, "supervised-class": HEAD,
    "supervised-rotation": HEAD, "seq-jepa": [*SEQUENCE, "method.action_size=8"], "seq-jepa-rotation-colour": SEQUENCE,
    "seq-jepa-3": [*SEQUENCE, "method.action_size=8"],
    "seq-jepa-no-action": SEQUENCE, "iwm": ["method.layers=1", "method.width=64"], "obow": ["method.words=32"],
    "contextssl": CONTEXT,
}  # fmt: skip
DECODER = "method.decoder=[8, 4]"
FURTHER = {
    "care": ["method.chunk=4"], "dino-like": ["method.prototypes=24"], "invariance-propagation": ["method.objects=64"],
    "g-nft": ["method.degrees=1", "method.channels=3", DECODER],
    "msp": ["method.vectors=6", "method.size=3", DECODER],
}  # fmt: skip


def tiny(method: str, projector: str = "[16, 16]") -> list[str]:
    """Return the assignments for `--set` of a method or variant; most have a projector, of these widths."""
    return [*OWN.get(method, [f"method.projector={projector}"]), *FURTHER.get(method, [])]
