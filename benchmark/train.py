"""Training, from top to bottom.

iebench train --method sie
torchrun --nproc-per-node 2 -m iebench.benchmark.train --method sie
"""

import sys
import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path

import torch

from iebench.manifests.common.machine import cores
from iebench.manifests.common.progress import Meter, say

from . import checkpoint, optimize
from .batches import Batches
from .checkpoint import Progress
from .checks import admit, check_fit
from .config import RunConfig
from .distributed import ALONE, Ranks
from .images import Images
from .log import Log
from .network import autocast, descend, prepare, scaler_of
from .online.watch import Watch, watched
from .order import Order
from .pixels import Cache, Room, choose
from .runs import WEIGHTS, begin, build_method, save_weights
from .stop import stop_requested, stopped
from .trackers import open_trackers


def train(run: Path, config: RunConfig, resume: bool = False, cache: Cache = "auto", ranks: Ranks = ALONE) -> None:
    """Train a method and leave config.json, metrics.jsonl, tensorboard/, checkpoint.pt and model.safetensors in `run`.

    The same configuration on the same CPU and number of threads gives the same bytes of weights, whether or not the run
    was stopped and resumed on the way. All ranks call this together; the first one writes.

    resume : go on from the folder's checkpoint; without one, start
    cache : where decoded pixels are kept; changes no sample

    Raises
    ------
    RunExists : the folder holds a run, and `resume` is False or the run has other settings.
    RunError : the ranks were not started alike; the checkpoint cannot be used.
    DatasetError, LatentMissing, SettingError : the dataset is damaged or does not fit the settings.
    DiskError : a checkpoint could not be written; the one before it stays.
    Stopped : Ctrl-C, or as Requeue SIGTERM or SIGUSR1; a checkpoint was saved.
    Diverged, Collapsed : the loss is no longer finite, embeddings no longer differ; the last checkpoint stays.
    """
    admit(run, config, resume, ranks)
    settings, device = config.settings, ranks.device(config.device)
    with ranks.agreed():
        torch.manual_seed(config.seed)
        method = build_method(config)
        method = method.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        images = Images.open(config.data, "train", config.subset, threads=max(1, cores() // ranks.here))
        check_fit(images, method, settings)
        pixels, why = choose(cache, images, config.resolution, device, Room.of(device, ranks.here))
        finished = (run / WEIGHTS).is_file()
    optimizer = optimize.optimizer(method.parameters(), settings)
    scaler = scaler_of(settings, device)
    ranks.seed(config.seed)
    state = {"method": method, "optimizer": optimizer, "scaler": scaler}
    done = checkpoint.restore(run, state, ranks)

    objects = len(images) // images.views_per_object
    steps = settings.total_steps(objects) if method.trains else 0
    if finished and done.step >= steps:
        return
    if ranks.first:
        begin(run, config)
        say(why)

    order = Order(
        config.seed, objects, images.views_per_object, settings.batch, settings.views, ranks.share(settings.batch)
    )
    batches = Batches(images, order, pixels, (*method.latents, *watched(settings.online, images)), device)
    network = prepare(method, settings, ranks)
    per_step = settings.batch * settings.views
    start, note = time.perf_counter() - done.seconds, ""
    with (
        Log(run, done.step, open_trackers(run, settings.log, asdict(config))) if ranks.first else nullcontext() as log,
        Meter(f"training {config.method}", steps * per_step, "images", done.step * per_step, ranks.first) as meter,
        stop_requested() as stop,
        Watch(run, method, settings.online, images, device) as watch,
        batches.prefetch(done.step, steps) as prefetched,
    ):
        for step, batch in enumerate(prefetched, start=done.step + 1):
            with autocast(settings, device):
                terms = network(batch.pixels(device), batch.latents)
            optimize.set_rate(optimizer, optimize.rate(step, steps, settings))
            descend(terms["loss"], optimizer, scaler)
            method.after_step(step, steps)
            watch.step(step, terms, batch.latents)

            done, last = Progress(step, time.perf_counter() - start), step == steps
            asked = 0 if last else ranks.largest(stop.number)
            logging = last or step % settings.log_every == 0
            saving = last or bool(asked) or step % settings.checkpoint_every == 0 or settings.keeps(step)
            if logging or saving:
                values = watch.look(step, terms, ranks)
                note = f"loss {values['loss']:.3f}"
            if logging and log is not None:
                log.write(
                    step,
                    {
                        **values,
                        "seconds": round(done.seconds, 3),
                        "images_per_s": round(meter.rate, 1),
                        "devices": ranks.size,
                    },
                )
            meter.advance(per_step, note)
            if saving:
                checkpoint.save(run, state, done, ranks, keep=settings.keeps(step))
            if asked:
                raise ranks.common(stopped(asked, step, steps))
    if ranks.first:
        save_weights(run, method)


if __name__ == "__main__":
    from iebench.manifests.common.cli import main

    main(["train", *sys.argv[1:]])
