"""`iebench convert`: convert released weights, so that they can be scored."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from iebench.manifests.shell.answers import Forecast, answers, reply
from iebench.manifests.shell.cli import SETTINGS, examples
from iebench.manifests.shell.options import Renamed

if TYPE_CHECKING:
    from ..released.heads import Images


def _widths(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, ...]:
    widths = value.split("-") if value else []
    if not all(width.isdecimal() and int(width) for width in widths):
        raise click.BadParameter(f"{value!r} is not a list of widths: write 1024 or 1024-1024")
    return tuple(map(int, widths))


@click.command(
    context_settings=SETTINGS,
    epilog=examples(
        "iebench convert model.pth converted/sie",
        "iebench convert final_weights.pth converted/equicaps --channels rgb",
        "iebench convert seqjepa.pth converted/seq-jepa --drop rot_head",
        "iebench convert checkpoint.pth.tar converted/care --trained-on stl10",
    ),
)
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--channels", type=click.Choice(["bgr", "rgb"]),
    help="Channel order of the images that the network was trained on; the published images store blue first.",
    show_default="rgb for CARE, else bgr",
)  # fmt: skip
@click.option(
    "--negated-quaternions", "negated", is_flag=True,
    help="The predictor was conditioned on -q: it was trained with scipy before 1.11.",
)  # fmt: skip
@click.option(
    "--drop", multiple=True, metavar="PART",
    help="Leave out tensors whose names start with PART. If a head of SIE is left out, no head is kept. Repeatable.",
)  # fmt: skip
@click.option(
    "--predictor", metavar="N[-N...]", callback=_widths, default="",
    help="Widths between the matrices of a predictor with several layers, as in its training; no weight shows them.",
    show_default="one matrix",
)  # fmt: skip
@click.option(
    "--predictor-relu/--no-predictor-relu", "relu", default=None,
    help="A ReLU between those matrices, or none, as in its training; required with --predictor.",
)  # fmt: skip
@click.option(
    "--trained-on", "--images", "images", cls=Renamed, type=click.Choice(["cifar10", "cifar100", "stl10"]),
    help="Images that CARE was trained on, if CIFAR or STL; their mean and deviation are in no weight.",
)  # fmt: skip
@click.option(
    "--network",
    default="",
    metavar="NAME",
    show_default="the only one",
    help="Network to convert if the file holds several, such as an average of weights.",
)
@answers(json=True, dry_run=True)
def convert(
    checkpoint: Path, out: Path, channels: str | None, negated: bool, drop: tuple[str, ...], predictor: tuple[int, ...],
    relu: bool | None, images: "Images | None", network: str, as_json: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Convert a released checkpoint to an encoder that can be scored.

    It reads checkpoints of facebookresearch/SIE, AberdeenML/EquiCaps, hafezgh/seq-jepa, Sharut/In-Context-Symmetries
    and Sharut/CARE. Code in the checkpoint is not executed. Projectors and predictors of SIE and EquiMod, EquiCaps's
    capsules, seq-JEPA's aggregator and ContextSSL's decoder are converted too. An unknown tensor is an error that names
    it.
    """
    from ..released.converted import fitted, scores, write  # import torch; here, so that --help is quick
    from ..released.file import read
    from ..released.heads import Unseen
    from ..released.names import convert as convert_state

    if relu is not None and not predictor:
        raise click.UsageError("--predictor-relu is for a longer predictor: give its widths with --predictor too")
    bgr = None if channels is None else channels == "bgr"
    source = read(checkpoint, network)
    released = convert_state(source.state, checkpoint, drop, bgr, negated, Unseen(predictor, relu, images))
    if dry_run:
        state, *_ = fitted(out, released, checkpoint)
        size = sum(tensor.nbytes for tensor in state.values())
        work = f"{len(state)} tensors of {released.backbone} of {released.layout.name}"
        Forecast([str(checkpoint)], [str(out)], work, out, disk=size).show(as_json)
        return
    converted = write(out, released, checkpoint, negated)
    left_out = {**released.left_out, **source.beside}
    parts = ", ".join(f"{part} ({count} tensors)" for part, count in left_out.items())
    network_name = f", under {source.name}" if source.name else ""
    heads = f", with the heads of {released.method}" if released.method else ""
    beside = f"; left out: {parts}" if parts else ""
    table = {
        "folder": out, "backbone": released.backbone, "layout": released.layout.name, "network": source.name,
        "heads": released.method, "left_out": left_out,
    }  # fmt: skip
    lines = [
        f"{out}: {released.backbone} of {released.layout.name}{network_name}{heads}{beside}", scores(converted),
        f"score it with `iebench score --encoder {out}`",
    ]  # fmt: skip
    reply(as_json, table, lines)
