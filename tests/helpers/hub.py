"""Minimal Hugging Face Hub: commits, lists and serves the files of one dataset repository for the Hub's library.

Large files go through LFS, as on the Hub. Any other request gets a 404 and is recorded in `unknown`.
"""

import base64
import hashlib
import json
from pathlib import PurePosixPath
from urllib.parse import unquote

from werkzeug import Request, Response

LARGE = (".tar", ".parquet")


class Hub:
    """WSGI application. files : content by path; commits : the paths of each commit."""

    def __init__(self, name="some/data"):
        self.name, self.files, self.objects, self.commits, self.unknown = name, {}, {}, [], []

    def __call__(self, environment, respond):
        request = Request(environment)
        return self._answer(request, unquote(request.path))(environment, respond)

    def _answer(self, request, path):
        api = f"/api/datasets/{self.name}"
        if path.startswith(f"{api}/preupload/"):
            return self._preupload(request.get_json())
        if path.startswith(f"{api}/commit/"):
            return self._commit(request, [json.loads(line) for line in request.get_data().splitlines()])
        if path.startswith(f"{api}/tree/"):
            return self._tree(path.removeprefix(f"{api}/tree/").partition("/")[2])
        if path.startswith(f"{api}/paths-info/"):
            return _json([entry for entry in self._entries() if entry["path"] in request.form.getlist("paths")])
        if path in (api, f"{api}/revision/main"):
            return _json({"id": self.name, "sha": self._head(), "siblings": []})
        if path == "/api/validate-yaml":
            return _json({"errors": [], "warnings": []})
        if path == f"/datasets/{self.name}.git/info/lfs/objects/batch":
            return self._batch(request)
        if path.startswith("/lfs/"):
            self.objects[path.removeprefix("/lfs/")] = request.get_data()
            return Response()
        if path.startswith(f"/datasets/{self.name}/resolve/main/"):
            return self._read(request, path.removeprefix(f"/datasets/{self.name}/resolve/main/"))
        self.unknown.append(path)
        return _missing("RepoNotFound")

    def _head(self):
        return hashlib.sha1(str(len(self.commits)).encode()).hexdigest()

    def _preupload(self, body):
        return _json(
            {
                "files": [
                    {
                        "path": file["path"],
                        "uploadMode": "lfs" if file["path"].endswith(LARGE) else "regular",
                        "shouldIgnore": False,
                    }
                    for file in body["files"]
                ]
            }
        )

    def _batch(self, request):
        base = request.host_url.rstrip("/")
        objects = [
            {**each, "actions": {"upload": {"href": f"{base}/lfs/{each['oid']}"}}}
            for each in request.get_json()["objects"]
        ]
        return _json({"transfer": "basic", "objects": objects})

    def _commit(self, request, lines):
        changes = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                changes[value["path"]] = self.objects[value["oid"]]
            elif line["key"] == "deletedFile" and value["path"] in self.files:
                changes[value["path"]] = None
            else:
                return _missing("EntryNotFound")
        self.files = {path: data for path, data in {**self.files, **changes}.items() if data is not None}
        self.commits.append(list(changes))
        address = f"{request.host_url}datasets/{self.name}/commit/{self._head()}"
        return _json({"success": True, "commitOid": self._head(), "commitUrl": address})

    def _entries(self):
        """Return every file and every folder."""
        folders = {str(parent) for path in self.files for parent in PurePosixPath(path).parents} - {"."}
        return [{"type": "directory", "path": path, "oid": "0"} for path in sorted(folders)] + [
            {"type": "file", "path": path, "size": len(data), "oid": hashlib.sha1(data).hexdigest()}
            for path, data in sorted(self.files.items())
        ]

    def _tree(self, inside):
        entries = [entry for entry in self._entries() if not inside or entry["path"].startswith(f"{inside}/")]
        return _json(entries) if entries or not inside else _missing("EntryNotFound")

    def _read(self, request, path):
        if path not in self.files:
            return _missing("EntryNotFound")
        response = Response(self.files[path], mimetype="application/octet-stream")
        return response.make_conditional(request, accept_ranges=True, complete_length=len(self.files[path]))


def _json(content):
    return Response(json.dumps(content), mimetype="application/json")


def _missing(code):
    return Response(status=404, headers={"X-Error-Code": code, "X-Error-Message": code})
