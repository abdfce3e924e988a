"""Training, from top to bottom.

iebench train --method sie
"""

import math
import time
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from iebench.baselines import method as methods
from iebench.baselines.action import LABEL, ROTATION
from iebench.baselines.errors import LatentMissing
from iebench.manifests.common.progress import Meter, say
from iebench.manifests.common.settings import build

from . import checkpoint, optimize
from .batches import Batches
from .checkpoint import Progress
from .config import CONFIG, RunConfig
from .errors import DatasetError, Diverged, RunExists, SettingError, Stopped
from .images import Images
from .log import Log
from .order import Order
from .pixels import Cache, Room, choose
from .runs import WEIGHTS, save_weights
from .stop import stop_requested


def train(run: Path, config: RunConfig, resume: bool = False, cache: Cache = "auto") -> None:
    """Train a method and leave config.json, metrics.jsonl, tensorboard/, checkpoint.pt and model.safetensors in `run`.

    The same configuration on the same CPU and number of threads gives the same bytes of weights, whether or not the run
    was stopped and resumed on the way.

    resume : go on from the folder's checkpoint; without one, start
    cache : where decoded pixels are kept; changes no sample

    Raises
    ------
    RunExists : the folder holds a run, and `resume` is False or the run has other settings.
    DatasetError, LatentMissing : the dataset is damaged or does not fit the settings.
    Stopped : Ctrl-C or SIGTERM; a checkpoint was saved.
    Diverged : the loss is no longer finite; the last checkpoint stays.
    """
    claim(run, config, resume)
    settings, device = config.settings, torch.device(config.device)

    torch.manual_seed(config.seed)
    entry = methods.find(config.method)
    method = methods.build(
        config.method, build(entry.settings, config.method_settings, config.method), settings.encoder
    )
    method = method.to(device, memory_format=torch.channels_last).train()  # type: ignore[call-overload]
    optimizer = optimize.optimizer(method.parameters(), settings)
    done = checkpoint.restore(run, method, optimizer)

    images = Images.open(config.data, "train", config.subset)
    check_fit(images, method, settings.views)
    objects = len(images) // images.views_per_object
    steps = settings.total_steps(objects) if method.trains else 0
    if done.step >= steps and (run / WEIGHTS).is_file():
        return
    config.save(run)
    (run / WEIGHTS).unlink(missing_ok=True)  # a run that is given more steps is unfinished again

    order = Order(config.seed, objects, images.views_per_object, settings.batch, settings.views)
    pixels, why = choose(cache, images, config.resolution, device, Room.of(device))
    say(why)
    batches = Batches(images, order, pixels, method.latents, device)
    autocast = torch.autocast(device.type, torch.bfloat16, enabled=uses_bf16(config))
    per_step = settings.batch * settings.views
    start, note = time.perf_counter() - done.seconds, ""
    with (
        Log(run, done.step) as log,
        Meter(f"training {config.method}", steps * per_step, "images", done.step * per_step) as meter,
        stop_requested() as stop,
        batches.prefetch(done.step, steps) as prefetched,
    ):
        for step, batch in enumerate(prefetched, start=done.step + 1):
            with autocast:
                terms = method.loss(batch.pixels(device), batch.latents)
            optimizer.zero_grad()
            terms["loss"].backward()
            optimize.set_rate(optimizer, optimize.rate(step, steps, settings))
            optimizer.step()
            method.after_step(step, steps)

            done, last = Progress(step, time.perf_counter() - start), step == steps
            stopping = stop.is_set() and not last
            if last or step % settings.log_every == 0:
                values = finite_values(terms, run, step)
                log.write(step, {**values, "seconds": round(done.seconds, 3), "images_per_s": round(meter.rate, 1)})
                note = f"loss {values['loss']:.3f}"
            meter.advance(per_step, note)
            if last or stopping or step % settings.checkpoint_every == 0:
                finite_values(terms, run, step)
                checkpoint.save(run, method, optimizer, done)
            if stopping:
                raise Stopped(f"stopped after step {step} of {steps} and saved: the same command with --resume goes on")
    save_weights(run, method)


def finite_values(terms: Mapping[str, Tensor], run: Path, step: int) -> dict[str, float]:
    """The loss terms as numbers.

    Raises
    ------
    Diverged : the loss is not finite.
    """
    values = {name: float(term.detach()) for name, term in terms.items()}
    if not math.isfinite(values["loss"]):
        raise Diverged(f"{run}: the loss is {values['loss']} at step {step}: lower learning_rate with --set")
    return values


def claim(run: Path, config: RunConfig, resume: bool) -> None:
    """See that `run` is free, or that it may go on as this configuration.

    Raises
    ------
    RunExists : it is not.
    """
    if not run.exists() or (run.is_dir() and not any(run.iterdir())):
        return
    if not (run / CONFIG).is_file():
        raise RunExists(f"{run} is not empty and holds no run: choose another --name or --out")
    differences = RunConfig.load(run).differences(config)
    if differences:
        raise RunExists(f"{run} holds a run with other settings ({'; '.join(differences)}): choose another --name")
    if not resume:
        state = "a finished run" if (run / WEIGHTS).is_file() else "a run that is not finished"
        raise RunExists(f"{run} holds {state}: add --resume to go on with it, or choose another --name")


def check_fit(images: Images, method: methods.Method, views: int) -> None:
    """See that a dataset has what a method and its settings need.

    Raises
    ------
    DatasetError : fewer views of an object than a batch takes.
    SettingError : fewer views in a batch than the method compares.
    LatentMissing : not all latents that the method is conditioned on.
    """
    if images.views_per_object < 2:
        raise DatasetError(
            f"{images.folder} has one view of each object and training compares two: render it with --views 2 or more"
        )
    if views > images.views_per_object:
        raise DatasetError(
            f"{images.folder} has {images.views_per_object} views of each object and views={views} asks for more: "
            "lower it with --set views=2, or render more with --views"
        )
    if views < method.fewest_views:
        raise SettingError(
            f"{type(method).__name__} compares {method.fewest_views} views of an object and views={views} gives fewer: "
            f"raise it with --set views={method.fewest_views}"
        )
    missing = [name for name in method.latents if name not in (*images.latents, LABEL)]
    if missing:
        remedy = "" if set(missing) & set(ROTATION) else " or with --set method.action=rotation,"
        raise LatentMissing(
            f"{images.folder} has no column {missing[0]}, which {type(method).__name__} is conditioned on: train it on "
            f"a dataset whose recipe has that factor,{remedy} or train another method"
        )


def uses_bf16(config: RunConfig) -> bool:
    """Whether the forward pass runs in bf16."""
    on_gpu = config.device.startswith("cuda")
    return config.settings.precision == "bf16" or (config.settings.precision == "auto" and on_gpu)
