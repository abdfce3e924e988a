"""Changes to a finished dataset after which all hashes are made valid again."""

import json
from dataclasses import replace

import pyarrow.parquet as pq

from iebench.manifests.dataset import DatasetInfo, fingerprint, read_table
from iebench.manifests.folder.checksums import file_sha256
from iebench.manifests.schema import IDENTITY, INSPECTION
from iebench.manifests.views import Views
from iebench.renderer.output.shards import OUTCOMES, Outcome, write_shard
from iebench.renderer.plan import Shard
from iebench.renderer.sources.registry import ObjectRef


def resealed(folder, **changes):
    """Make all hashes valid again; `changes` : new values of fields in dataset.json."""
    for path in folder.glob("*/*.parquet"):
        table = pq.read_table(path, partitioning=None)
        notes = json.loads(table.schema.metadata[OUTCOMES])
        notes["tar_sha256"] = file_sha256(path.with_suffix(".tar"))
        pq.write_table(table.replace_schema_metadata({OUTCOMES: json.dumps(notes)}), path)
    info = replace(DatasetInfo.load(folder), **changes)
    tables = [read_table(folder / f"{stem}.parquet") for stem in info.stems() if (folder / f"{stem}.parquet").is_file()]
    replace(info, fingerprint=fingerprint(info.recipe, tables)).save(folder)


def rewrite(folder, change):
    """Write the train shard again with the real writer, from outcomes changed by `change`."""
    info, stem = DatasetInfo.load(folder), "train/00000"
    table = pq.read_table(folder / f"{stem}.parquet", partitioning=None)
    tar, recipe = (folder / f"{stem}.tar").read_bytes(), info.recipe
    refs, outcomes = [], []
    for note in json.loads(table.schema.metadata[OUTCOMES])["objects"]:
        rows = [r for r in table.to_pylist() if (r["synset"], r["object_id"]) == (note["synset"], note["object_id"])]
        latents = {name: tuple(row[name] for row in rows) for name in recipe.factor_names}
        samples = tuple(
            {"jpg": tar[r["offset"] :][: r["size"]], "mask.png": tar[r["mask_offset"] :][: r["mask_size"]]}
            for r in rows
        )
        refs.append(ObjectRef(*(note[name] for name in IDENTITY), None))
        views = Views(tuple(row["view"] for row in rows), latents)
        inspection = {name: note[name] for name in INSPECTION}
        outcome = Outcome(note["mesh_sha256"], note["faces"], note["status"], "", views, samples, inspection)
        outcomes.append(change(outcome))
    write_shard(folder, recipe, Shard("train", 0, tuple(refs)), outcomes)
