"""The plan to which an output belongs: `.plan.json`, written before the first shard, or else the finished dataset."""

import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from iebench.manifests.brief import few
from iebench.manifests.common.files import write_atomic
from iebench.manifests.common.progress import say
from iebench.manifests.common.versions import version_fault
from iebench.manifests.dataset import INFO, PLAN, DatasetInfo
from iebench.manifests.schema import FORMAT

from ..errors import DatasetError, OutputError
from ..plan import Plan, identity_differences
from .store import Store

OBJECTS_TABLE = "objects.parquet"


def claim(store: Store, plan: Plan, renderer: dict[str, str]) -> None:
    """Claim a store for a plan and its renderer, or recognise that the store already belongs to this plan.

    Raises
    ------
    OutputError : the store has another plan (the message lists differences), other files, or shards of an unknown plan.
    """
    identity = {**plan.identity(), "renderer": renderer}
    sizes = store.sizes()
    stored = _stored_identity(store) if PLAN in sizes else None
    if stored is None and INFO in sizes:
        stored = _finished_identity(store, plan)
        if not identity_differences(stored, identity):
            state = "damaged" if PLAN in sizes else "lost"
            say(f"iebench: {store}/{PLAN} was {state}; it is written again, since the finished dataset has this plan")
    if stored is not None:
        if fault := version_fault(
            Path(str(store), PLAN), "a plan", stored.get("format"), FORMAT, "choose another output"
        ):
            raise OutputError(fault)
        differences = identity_differences(stored, identity)
        if differences:
            shown = few(differences, between="; ")
            raise OutputError(f"{store} holds another dataset: {shown}. Choose another output, or remove that folder")
    elif any(name.endswith((".tar", ".parquet")) for name in sizes):
        state = "is damaged" if PLAN in sizes else "is lost"
        raise OutputError(
            f"{store} holds shards of an unfinished dataset, and its {PLAN}, which identifies the plan, {state}: "
            "restore that file, or choose another output"
        )
    elif sizes.keys() - {PLAN}:
        raise OutputError(f"{store} is not empty and holds no dataset: choose another output")
    with store.writing(last=PLAN) as folder:
        write_atomic(folder / PLAN, json.dumps(identity, indent=2) + "\n")
    store.clean()


def _stored_identity(store: Store) -> dict[str, Any] | None:
    """Return the identity in `.plan.json`; None if the file is damaged."""
    with store.open(PLAN) as file:
        try:
            table = json.load(file)
        except ValueError:
            return None
    return table if isinstance(table, dict) else None


def _finished_identity(store: Store, plan: Plan) -> dict[str, Any]:
    """Return the identity of a finished dataset's plan, from dataset.json and the table of its objects.

    plan : plan whose objects, in the order of its shards, are compared with the table

    Raises
    ------
    OutputError : one of the two files is missing or damaged.
    """
    try:
        with tempfile.TemporaryDirectory() as folder:
            with store.open(INFO) as file:
                (Path(folder) / INFO).write_bytes(file.read())
            info = DatasetInfo.load(Path(folder))
        with store.open(OBJECTS_TABLE) as file:
            rows = pq.read_table(io.BytesIO(file.read()), columns=["split", "synset", "object_id"]).to_pylist()
    except (DatasetError, OSError, ValueError) as error:
        raise OutputError(
            f"{store} has lost its {PLAN}, and {INFO} or {OBJECTS_TABLE}, which together identify the plan too, is "
            f"missing or damaged: restore {PLAN} or that file, or choose another output"
        ) from error
    made = [(row["split"], row["synset"], row["object_id"]) for row in rows]
    planned = [(ref.split, ref.synset, ref.object_id) for shard in plan.shards() for ref in shard.objects]
    digest = plan.identity()["objects_sha256"] if made == planned else "of other objects"
    return {
        "format": FORMAT,
        "source": info.source,
        "seed": info.seed,
        "latents": info.latents,
        "quality": info.quality,
        "objects": len(made),
        "objects_sha256": digest,
        "recipe": info.recipe.as_dict(),
        "renderer": info.renderer,
    }
