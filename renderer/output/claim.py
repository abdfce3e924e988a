"""Plan of an output: `.plan.json` is written before the first shard; a finished dataset also identifies its plan."""

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
    known = _written(store) if PLAN in sizes else None
    if known is None and INFO in sizes:
        known = _proved(store, plan)
        if not identity_differences(known, identity):
            state = "damaged" if PLAN in sizes else "lost"
            say(f"iebench: {store}/{PLAN} was {state}; it is written again, since the finished dataset is of this plan")
    if known is not None:
        if fault := version_fault(
            Path(str(store), PLAN), "a plan", known.get("format"), FORMAT, "choose another output"
        ):
            raise OutputError(fault)
        differences = identity_differences(known, identity)
        if differences:
            shown = few(differences, between="; ")
            raise OutputError(f"{store} holds another dataset: {shown}. Choose another output, or remove that folder")
    elif any(name.endswith((".tar", ".parquet")) for name in sizes):
        state = "is damaged" if PLAN in sizes else "is lost"
        raise OutputError(
            f"{store} holds shards of a dataset that is not finished, and its {PLAN}, which says of what plan it is, "
            f"{state}: restore that file, or choose another output"
        )
    elif sizes.keys() - {PLAN}:
        raise OutputError(f"{store} is not empty and holds no dataset: choose another output")
    with store.writing(last=PLAN) as folder:
        write_atomic(folder / PLAN, json.dumps(identity, indent=2) + "\n")
    store.clean()


def _written(store: Store) -> dict[str, Any] | None:
    """Return the identity in `.plan.json`; None if the file is damaged."""
    with store.open(PLAN) as file:
        try:
            table = json.load(file)
        except ValueError:
            return None
    return table if isinstance(table, dict) else None


def _proved(store: Store, plan: Plan) -> dict[str, Any]:
    """Return the identity of a finished dataset's plan, from dataset.json and the table of its objects.

    plan : its objects, in the order of the shards, are compared with the table

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
            f"{store} has lost its {PLAN}, and {INFO} or {OBJECTS_TABLE}, which would prove of what plan it is, is "
            "missing or damaged: restore one of them, or choose another output"
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
