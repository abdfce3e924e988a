"""Training: the main loop, from top to bottom.

iebench train --method sie
torchrun --nproc-per-node 2 -m iebench train --method sie
"""

from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict
from pathlib import Path

import torch

from iebench.baselines.method import Method
from iebench.manifests.common.machine import cores
from iebench.manifests.common.progress import Meter, say

from ..data.batches import Batches
from ..data.images import Images
from ..data.order import Order
from ..data.partners import Partners
from ..data.pixel_cache import Cache, FreeMemory, choose
from ..data.properties import Table, begins_of_runs
from ..distributed.ranks import ALONE, Ranks
from ..distributed.signals import QUEUES, Stop, stop_requested, stopped
from ..errors import RunExists
from . import checkpoint
from . import optimizer as optimize
from .checkpoint import IDENTITY, Identity, Stateful
from .checks import admit, check_backbone, check_fit, check_map, checked, claim
from .config import RunConfig, TrainSettings
from .disk import check_disk
from .log import Log
from .online.watch import Watch, watched
from .pace import Pace, Stopwatch
from .runs import WEIGHTS, begin, build_method, held, save_weights
from .step import autocast, check_scale, descend, enough_memory, prepare, scaler_of
from .trackers import open_trackers


def train(run: Path, config: RunConfig, resume: bool = False, cache: Cache = "auto", ranks: Ranks = ALONE) -> None:
    """Train a method and leave config.json, metrics.jsonl, tensorboard/, checkpoint.pt and model.safetensors in `run`.

    On the same CPU with the same number of threads, the same configuration gives the same bytes of weights, also if the
    run was stopped and resumed. All ranks call this function together; the first rank writes.

    resume : continue from the folder's checkpoint; without a checkpoint, start
    cache : storage of decoded pixels; does not change the samples

    Raises
    ------
    RunExists : the folder holds a run, and `resume` is False, or the run has other settings or more steps already.
    RunError : the ranks were started with different commands; the checkpoint cannot be used; another process trains
        this run; a step needs more memory than there is.
    MethodBroken : the method's loss is not a dict of scalars.
    DatasetError, LatentMissing, SettingError : the dataset is damaged or does not fit the settings; or the first steps
        show that all of them take longer than a year.
    DiskError : the disk has no room for the run, or a checkpoint or the log could not be written; the previous
        checkpoint stays.
    Stopped : Ctrl-C, or as Requeue SIGTERM or SIGUSR1; the finished steps are saved.
    Diverged, Collapsed : loss or weights are not finite, or all embeddings are equal; the last checkpoint stays.
    """
    admit(run, config, resume, ranks)
    with stop_requested(QUEUES) as stop, ExitStack() as stack:
        settings, device = config.settings, ranks.device(config.device)
        with ranks.agreed():
            method = initialised(config, device)
            images = Images.open(config.data, "train", config.subset, threads=max(1, cores() // ranks.local_size))
            check_fit(images, method, config)
            pixels, why = choose(cache, images, config.resolution, device, FreeMemory.of(device, ranks.local_size))
            if ranks.first:
                stack.enter_context(held(run))
                claim(run, config, resume)  # once more: another process may have trained here since
            finished = (run / WEIGHTS).is_file()
        optimizer, scaler = optimize.optimizer(method.parameters(), settings), scaler_of(settings, device)
        ranks.seed(config.seed)
        state: dict[str, Stateful] = {
            IDENTITY: Identity(config.identity()), "method": method, "optimizer": optimizer, "scaler": scaler,
        }  # fmt: skip
        done = checkpoint.restore(run, state, ranks)

        objects = len(images) // images.views_per_object
        steps, per_step = settings.total_steps(objects) if method.trains else 0, settings.batch * settings.views
        if finished and done.step == steps:
            return
        _begin(run, config, method, done.step, steps, why, stop, ranks)

        order = ordered(config, images, ranks)
        batches = Batches(images, order, pixels, (*method.latents, *watched(settings.online, images)), device)
        network = prepare(method, settings, ranks)
        stopwatch, note, clock = Stopwatch(done), "", Pace(settings, done.step, steps)
        with (
            _log(run, config, done.step, ranks) as log,
            Meter(f"training {config.method}", steps * per_step, "images", done.step * per_step, ranks.first) as meter,
            stop_requested(),  # the same `Stop`, now set by Ctrl-C too
            Watch(run, method, settings.online, images, device) as watch,
            batches.prefetch(done.step, steps) as prefetched,
            enough_memory(settings),
        ):
            for step, batch in enumerate(prefetched, start=done.step + 1):
                with autocast(settings, device):
                    terms = checked(network(batch.pixels(device), batch.latents), method)
                optimize.set_rate(optimizer, optimize.rate(step, steps, settings))
                descend(terms["loss"], optimizer, scaler)
                method.after_step(step, steps)
                watch.step(step, terms, batch.latents)
                clock.check(step, terms["loss"], ranks)

                done, last = stopwatch.progress(step), step == steps
                signal_number = 0 if last else ranks.largest(stop.number)
                logging = last or step % settings.log_every == 0
                saving = last or bool(signal_number) or step % settings.checkpoint_every == 0 or settings.keeps(step)
                if logging or saving:
                    values = watch.look(step, terms, ranks)
                    note = f"loss {values['loss']:.3f}"
                if logging and log is not None:
                    pace = {"images_per_s": round(meter.rate, 1), "devices": ranks.size}
                    log.write(step, {**values, **order.facts(step - 1), **done.times(), **pace})
                meter.advance(per_step, note)
                if saving:
                    check_scale(scaler, step, last)
                    checkpoint.save(run, state, done, ranks, keep=settings.keeps(step))
                if signal_number:
                    raise ranks.common(stopped(signal_number, step, steps))
        _finish(run, method, steps, stop, ranks)


def initialised(config: RunConfig, device: torch.device) -> Method:
    """Build the method of a run with its initial weights, on the device, in training mode; the same on every rank."""
    torch.manual_seed(config.seed)
    method: Method = build_method(config).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    check_backbone(method.train(), config.settings.encoder.backbone, config.resolution, device)
    check_map(method, config, device)
    return method


def ordered(config: RunConfig, images: Images, ranks: Ranks) -> Order | Partners:
    """Return the order of a run's batches, with the partners or the runs of views that its method needs."""
    objects, stored, settings = len(images) // images.views_per_object, images.views_per_object, config.settings
    needs, begins = config.needs(), None
    if "runs" in needs.pictures:
        table = Table(images.latents, stored, images.info.recipe.factors)
        begins = begins_of_runs(table.poses, settings.views)
    order = Order(config.seed, objects, stored, settings.batch, settings.views, ranks.share(settings.batch), begins)
    return order if needs.group == 1 else Partners(order, images.latents, needs.group)


def _begin(
    run: Path, config: RunConfig, method: Method, done: int, steps: int, why: str, stop: Stop, ranks: Ranks
) -> None:
    """Write the run's configuration, unless the run was asked to stop or has done more steps than requested.

    why : message about the chosen pixel storage
    """
    if signal_number := ranks.largest(stop.number):
        raise ranks.common(stopped(signal_number, done, None))
    with ranks.agreed():
        check_steps(run, done, steps, config.settings)
        if ranks.first:
            check_disk(run, method.parameters(), config.settings, steps)
            begin(run, config)
            say(why)


def _log(run: Path, config: RunConfig, done: int, ranks: Ranks) -> AbstractContextManager[Log | None]:
    """Open the run's log after `done` steps; None on every rank but the first."""
    if not ranks.first:
        return nullcontext()
    return Log(run, done, open_trackers(run, config.settings.log, asdict(config)))


def _finish(run: Path, method: Method, steps: int, stop: Stop, ranks: Ranks) -> None:
    """Write the weights; raises afterwards if a signal asked to stop in the meantime."""
    with ranks.agreed():
        if ranks.first:
            save_weights(run, method)
    if signal_number := ranks.largest(stop.number):
        raise ranks.common(stopped(signal_number, steps, steps))


def check_steps(run: Path, done: int, steps: int, settings: TrainSettings) -> None:
    """Check that a run has not done more steps than requested, since its weights would be those of a longer run.

    Raises
    ------
    RunExists : it has done more.
    """
    if done > steps:
        length = f"steps={steps}" if settings.steps is not None else f"epochs={settings.epochs} ({steps} steps)"
        raise RunExists(
            f"{run} has done {done} steps already and {length} is fewer: give as many with --set steps={done}, "
            "or choose another --name"
        )
