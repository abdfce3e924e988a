"""Minimal Hugging Face Hub: makes, commits, lists and serves repositories for the Hub's library.

Large files go through LFS, as on the Hub. Writing needs a token, and so does reading a private repository. Any other
request gets a 404 and is recorded in `unknown`.
"""

import base64
import hashlib
import json
import re
from pathlib import PurePosixPath
from urllib.parse import unquote

from werkzeug import Request, Response

LARGE = (".tar", ".parquet", ".safetensors", ".pt")
API = re.compile(r"/api/(datasets|models|spaces)/([^/]+/[^/]+)(?:/(preupload|commit|tree|paths-info|revision)/(.+))?")
FILE = re.compile(r"/(?:(datasets|spaces)/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)")
LFS = re.compile(r"/(?:(?:datasets|spaces)/)?[^/]+/[^/]+\.git/info/lfs/objects/batch")


class Repository:
    """A repository. history : commit id -> files by path; commits : the paths of each commit"""

    def __init__(self, private=False):
        self.private, self.commits, self.history = private, [], {_sha1(b"0"): {}}

    @property
    def head(self):
        return list(self.history)[-1]

    @property
    def files(self):
        return self.history[self.head]

    def commit(self, changes):
        self.commits.append(list(changes))
        files = {path: data for path, data in {**self.files, **changes}.items() if data is not None}
        self.history[_sha1(repr((len(self.history), sorted(changes))).encode())] = files


class Hub:
    """WSGI application. repositories : by address, as in "datasets/some/data"; sent : bytes of large files that came

    damaged : paths that are served with other bytes; readonly : names to which nobody may write
    """

    def __init__(self, name="some/data", token="x"):
        self.name, self.token = name, token
        self.repositories = {f"datasets/{name}": Repository()} if name else {}
        self.objects, self.unknown, self.sent, self.damaged, self.readonly = {}, [], 0, set(), set()
        self.served = []

    @property
    def files(self):
        """Files of the repository that exists from the beginning."""
        return self.repositories[f"datasets/{self.name}"].files

    @property
    def commits(self):
        return self.repositories[f"datasets/{self.name}"].commits

    def __call__(self, environment, respond):
        request = Request(environment)
        return self._answer(request, unquote(request.path))(environment, respond)

    def _answer(self, request, path):
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token != self.token:
            return _refused(401, "", "Invalid credentials in Authorization header")
        if path == "/api/validate-yaml":
            return _json({"errors": [], "warnings": []})
        if path == "/api/agent-harnesses":  # names of programs, which the library counts
            return _refused(404)
        if path == "/api/repos/create":
            return self._create(request, token)
        if match := API.fullmatch(path):
            return self._api(request, token, *match.groups())
        if match := FILE.fullmatch(path):
            kind, name, revision, inside = match.groups()
            return self._read(request, token, f"{kind or 'models'}/{name}", revision, inside)
        if LFS.fullmatch(path):
            return self._batch(request)
        if path.startswith("/lfs/"):
            self.objects[path.removeprefix("/lfs/")] = request.get_data()
            self.sent += len(request.get_data())
            return Response()
        self.unknown.append(path)
        return _refused(404, "RepoNotFound")

    def _create(self, request, token):
        body = request.get_json()
        kind, name = f"{body.get('type') or 'model'}s", f"{body['organization']}/{body['name']}"
        if not token:
            return _refused(401)
        if name in self.readonly:
            return _refused(403)
        if (kind == "spaces") != ("sdk" in body):
            return _refused(400)
        answer = _json({"url": f"{request.host_url}{'' if kind == 'models' else kind + '/'}{name}"})
        if f"{kind}/{name}" in self.repositories:
            answer.status_code = 409
        else:
            private = body.get("private") or body.get("visibility") == "private"
            self.repositories[f"{kind}/{name}"] = Repository(bool(private))
        return answer

    def _api(self, request, token, kind, name, verb, rest):
        repository = self._visible(f"{kind}/{name}", token)
        if repository is None:
            return _refused(404, "RepoNotFound")
        revision, _, inside = (rest or "main").partition("/")
        if verb in ("preupload", "commit") and (not token or name in self.readonly):
            return _refused(403 if token else 401)
        if verb == "preupload":
            return self._preupload(request.get_json())
        if verb == "commit":
            lines = [json.loads(line) for line in request.get_data().splitlines()]
            return self._commit(request, f"{kind}/{name}", repository, lines)
        commit = repository.head if revision == "main" else revision
        if commit not in repository.history:
            return _refused(404, "RevisionNotFound")
        entries = _entries(repository.history[commit])
        if verb == "paths-info":
            return _json([entry for entry in entries if entry["path"] in request.form.getlist("paths")])
        if verb == "tree":
            entries = [entry for entry in entries if not inside or entry["path"].startswith(f"{inside}/")]
            return _json(entries) if entries or not inside else _refused(404, "EntryNotFound")
        return _json({"id": name, "sha": commit, "siblings": [], "private": repository.private})

    def _visible(self, address, token):
        repository = self.repositories.get(address)
        return None if repository is None or (repository.private and not token) else repository

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
            each
            if each["oid"] in self.objects
            else {**each, "actions": {"upload": {"href": f"{base}/lfs/{each['oid']}"}}}
            for each in request.get_json()["objects"]
        ]
        return _json({"transfer": "basic", "objects": objects})

    def _commit(self, request, path, repository, lines):
        changes = {}
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                changes[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                changes[value["path"]] = self.objects[value["oid"]]
            elif line["key"] == "deletedFile" and value["path"] in repository.files:
                changes[value["path"]] = None
            else:
                return _refused(404, "EntryNotFound")
        repository.commit(changes)
        address = f"{request.host_url}{path.removeprefix('models/')}/commit/{repository.head}"
        return _json({"success": True, "commitOid": repository.head, "commitUrl": address})

    def _read(self, request, token, address, revision, path):
        repository = self._visible(address, token)
        if repository is None:
            return _refused(404, "RepoNotFound")
        commit = repository.head if revision == "main" else revision
        if path not in repository.history.get(commit, {}):
            return _refused(404, "EntryNotFound")
        data = repository.history[commit][path]
        if request.method == "GET":
            self.served.append(path)
        etag = _sha256(data) if path.endswith(LARGE) else _blob(data)
        body = bytes(len(data)) if path in self.damaged else data
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": commit}
        response = Response(body, mimetype="application/octet-stream", headers=headers)
        return response.make_conditional(request, accept_ranges=True, complete_length=len(data))


def _entries(files):
    """Return every file and every folder."""
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents} - {"."}
    entries = [{"type": "directory", "path": path, "oid": "0"} for path in sorted(folders)]
    for path, data in sorted(files.items()):
        entry = {"type": "file", "path": path, "size": len(data), "oid": _blob(data)}
        if path.endswith(LARGE):
            entry["lfs"] = {"oid": _sha256(data), "size": len(data), "pointerSize": 130}
        entries.append(entry)
    return entries


def _sha1(data):
    return hashlib.sha1(data).hexdigest()


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _blob(data):
    """Return git's hash of a content, as `git hash-object` prints it."""
    return _sha1(f"blob {len(data)}".encode() + b"\0" + data)


def _json(content):
    return Response(json.dumps(content), mimetype="application/json")


def _refused(status, code="", message=""):
    return Response(status=status, headers={"X-Error-Code": code, "X-Error-Message": message or code})
