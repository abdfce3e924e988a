"""Description of a dataset in Croissant 1.0, a JSON-LD format for programs.

Every data file is a FileObject with its SHA-256. The record set `latents` reads the Parquet files column by column,
`images` (and one record set per pass) the images inside the tars, `objects` and `failures` the tables of these names.
No date is stored, so that the same dataset always gives the same bytes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from iebench.manifests.dataset import DatasetInfo
from iebench.manifests.folder.index import rows
from iebench.manifests.schema import FAILURES, FORMAT, OBJECTS, SPLITS, member_suffix

from .facts import OBJECT_COLUMNS, PASS_TEXT, citations, columns, licence, made, summary, title

CONFORMS = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
_TAR, _PARQUET = "application/x-tar", "application/x-parquet"
_ENCODINGS = {"jpg": "image/jpeg", "png": "image/png", "json": "application/json"}
_TYPES = {
    pa.string(): "sc:Text", pa.int32(): "sc:Integer", pa.int64(): "sc:Integer", pa.float64(): "sc:Float",
    pa.bool_(): "sc:Boolean",
}  # fmt: skip

# The context that Croissant 1.0 prescribes: it maps each key below to its vocabulary.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        term: f"cr:{term}"
        for term in (
            "citeAs", "column", "equivalentProperty", "extract", "field", "fileObject", "fileProperty", "fileSet",
            "format", "includes", "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source", "subField",
            "transform",
        )
    },
}  # fmt: skip

Node = dict[str, Any]


@dataclass(frozen=True)
class StoredFile:
    """A data file: path inside the dataset, size in bytes, SHA-256."""

    path: str
    size: int
    sha256: str


def croissant(info: DatasetInfo, stored: Sequence[StoredFile]) -> Node:
    """Return the description as plain tables, fit for JSON.

    stored : tars and Parquet files of the shards, objects.parquet and failures.parquet
    """
    pictures = [
        _pictures(name, suffix, info.recipe.channel_order)
        for name, suffix in _members(info).items()
        if not suffix.endswith("json")
    ]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS,
        "name": re.sub(r"[^A-Za-z0-9]+", "-", title(info)).strip("-"),
        "description": summary(info),
        "license": licence(info).url,
        "citeAs": "\n\n".join(citations(info)),
        "version": f"{FORMAT}.0.0",
        "keywords": ["equivariance", "self-supervised learning", "3D objects", "synthetic images"],
        "identifier": f"sha256:{info.fingerprint}",
        **_responsible(info),
        "distribution": [*map(_file_object, stored), *_file_sets(info, stored)],
        "recordSet": [_splits(), _latents(info), *pictures, *_tables(info)],
    }


def _responsible(info: DatasetInfo) -> Node:
    """Return the properties of the vocabulary for responsible AI."""
    return {
        "rai:dataCollection": f"Synthetic: no picture was taken of anything real. {made(info)}",
        "rai:dataCollectionType": ["Software Collection"],
        "rai:dataAnnotationProtocol": "None: classes are the folders of the meshes, latents the numbers that the scene "
        "was made from.",
        "rai:personalSensitiveInformation": ["None."],
        "rai:dataUseCases": ["Training and scoring of representations for invariance to, and equivariance under, "
                             "rotation and colour."],
        "rai:dataLimitations": [
            "One rendered object a picture over a plain floor: success here need not carry over to photographs.",
            "Objects with symmetries have several poses for one picture.",
        ],
        "rai:dataBiases": ["The number of objects of a class is the collection's, not that of the world."],
    }  # fmt: skip


def _file_object(file: StoredFile) -> Node:
    return {
        "@type": "cr:FileObject",
        "@id": file.path,
        "name": file.path,
        "contentUrl": file.path,
        "contentSize": f"{file.size} B",
        "encodingFormat": _TAR if file.path.endswith(".tar") else _PARQUET,
        "sha256": file.sha256,
    }


def _file_sets(info: DatasetInfo, stored: Sequence[StoredFile]) -> Iterator[Node]:
    tars = [{"@id": file.path} for file in stored if file.path.endswith(".tar")]
    yield {
        "@type": "cr:FileSet",
        "@id": "tables",
        "name": "tables",
        "description": "The shards' Parquet files.",
        "encodingFormat": _PARQUET,
        "includes": [f"{split}/*.parquet" for split in SPLITS if info.counts[split]["shards"]],
    }
    for name, suffix in _members(info).items():
        yield {
            "@type": "cr:FileSet",
            "@id": f"{name}-files",
            "name": f"{name}-files",
            "description": f"Members KEY.{suffix} of the tars.",
            "containedIn": tars,
            "encodingFormat": _ENCODINGS[suffix.rpartition(".")[2]],
            "includes": f"*.{suffix}",
        }


def _members(info: DatasetInfo) -> dict[str, str]:
    """Return the images and passes with the suffix of their members in the tars."""
    return {"images": "jpg"} | {name: member_suffix(name) for name in info.recipe.pass_files}


def _record_set(name: str, description: str, fields: Sequence[Node], key: str, **more: Any) -> Node:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": description,
        "key": {"@id": f"{name}/{key}"},
        **more,
        "field": list(fields),
    }


def _field(record_set: str, name: str, description: str, data_type: str, **more: Any) -> Node:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{name}",
        "name": name,
        "description": description,
        "dataType": data_type,
        **more,
    }


def _splits() -> Node:
    fields = [_field("splits", "name", "name of the split", "sc:Text")]
    data = [{"splits/name": split} for split in SPLITS]
    return _record_set("splits", "Each object is in one split.", fields, "name", dataType="cr:Split", data=data)


def _columns(record_set: str, schema: pa.Schema, texts: dict[str, str], source: Node) -> list[Node]:
    return [
        _field(
            record_set, column.name, texts[column.name], _TYPES[getattr(column.type, "value_type", column.type)],
            source={**source, "extract": {"column": column.name}},
            **({"repeated": True} if pa.types.is_fixed_size_list(column.type) else {}),
        )
        for column in schema
    ]  # fmt: skip


def _latents(info: DatasetInfo) -> Node:
    source = {"fileSet": {"@id": "tables"}}
    fields = _columns("latents", rows(info.recipe), columns(info.recipe), source)
    return _record_set("latents", "One record per picture: object, latents, position in the tar.", fields, "key")


def _pictures(name: str, suffix: str, order: str) -> Node:
    source: Node = {"fileSet": {"@id": f"{name}-files"}}
    key = {**source, "extract": {"fileProperty": "filename"}, "transform": {"regex": rf"^(.*)\.{re.escape(suffix)}$"}}
    content = {**source, "extract": {"fileProperty": "content"}}
    text = f"the JPEG, channel order {order}" if suffix == "jpg" else PASS_TEXT[name]
    fields = [
        _field(name, "key", "the picture's key, as in the latents", "sc:Text", source=key),
        _field(name, "picture", text, "sc:ImageObject", source=content),
    ]
    return _record_set(name, "One record per picture, by its key.", fields, "key")


def _tables(info: DatasetInfo) -> Iterator[Node]:
    texts = columns(info.recipe) | OBJECT_COLUMNS
    for name, schema, text in (
        ("objects", OBJECTS, "One record per object of the plan."),
        ("failures", FAILURES, "One record per object without pictures, with the cause."),
    ):
        fields = _columns(name, schema, texts, {"fileObject": {"@id": f"{name}.parquet"}})
        record_set = _record_set(name, text, fields, "object_id")
        record_set["key"] = [{"@id": f"{name}/synset"}, {"@id": f"{name}/object_id"}]
        yield record_set
