"""A small Hugging Face Hub on loopback: real layouts under real names, and every way of failing that a Hub has."""

import base64
import hashlib
import json
import shutil
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"  # of every repository, where none was asked for
OVERRIDES = ("LESSONS_CHECKPOINT", "LESSONS_DATASET", "LESSONS_TASK")
LARGE = (".safetensors", ".parquet")  # what a Hub keeps in LFS, under its SHA-256
WRITES = ("create", "validate-yaml", "preupload", "batch", "upload", "commit")  # in the order of a first upload


class Request(NamedTuple):
    """What was asked of the Hub; what an address does not name is empty."""

    method: str
    repository: str  # such as "models/google-bert/bert-base-uncased"
    what: str  # "resolve" for a file; "tree", "paths-info" or "revision" of the API; one of WRITES
    revision: str
    path: str


def parsed(method: str, address: str) -> Request:
    """Return what a request asks for.

    >>> parsed("GET", "/google-bert/bert/resolve/main/config.json")
    Request(method='GET', repository='models/google-bert/bert', what='resolve', revision='main', path='config.json')
    >>> parsed("POST", "/learner/bert.git/info/lfs/objects/batch")
    Request(method='POST', repository='models/learner/bert', what='batch', revision='', path='')
    """
    path = unquote(urlsplit(address).path).removeprefix("/api").lstrip("/").replace(".git/info/lfs/objects/", "/")
    if path in ("repos/create", "validate-yaml"):
        return Request(method, "", path.rpartition("/")[2], "", "")
    kind = "" if path.startswith(("models/", "datasets/", "spaces/")) else "models/"
    kind, owner, name, *rest = [*f"{kind}{path}".split("/", 5), "", "", "", ""][:6]
    return Request(method, f"{kind}/{owner}/{name}", *rest)


class Hub(ThreadingHTTPServer):
    """A Hub on a free port of loopback: `root` holds repositories, as `models/google-bert/bert-base-uncased`.

    `trouble` says how it fails now: it is empty, a status such as `"503"` (`"503 files"`: for files alone), `"hang"`,
    `"cut"` (the connection closes in the middle of a file) or `"wrong"` (other bytes than the checksum says). `seen`
    keeps each request.

    Whoever has one of `tokens` (each with its owner) may create repositories and write to them. A status can name one
    of `WRITES` too, as `"507 upload"`; `"cut commit"` closes the connection before anything is done, `"lost commit"`
    after it was done.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.root, self.trouble, self.seen = root, "", []
        self.tokens, self.commits, self.private, self.blobs = {}, {}, set(), {}

    def head(self, repository: str) -> str:
        return self.commits.get(repository, [COMMIT])[-1]

    def commit(self, asked: Request) -> str:
        return asked.revision if len(asked.revision) == 40 else self.head(asked.repository)

    def has(self, asked: Request) -> bool:
        """Return whether the commit is there: of a repository that was created here, the newest one alone."""
        return asked.repository not in self.commits or self.commit(asked) == self.head(asked.repository)


def settings(hub: Hub, home: Path) -> dict[str, str]:
    """Return the environment of a process for which `hub` is the Hub, and which keeps what it gets below `home`.

    One thread: the model is so small that two only wait for each other.
    """
    ours = {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "OMP_NUM_THREADS": "1"}
    return ours | {"LESSONS_PROFILE": "hub", "HF_TOKEN": ""} | dict.fromkeys(OVERRIDES, "")


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        asked = parsed(self.command, self.path)
        self.server.seen.append(asked)
        trouble, _, where = self.server.trouble.partition(" ")
        here = not where or asked.what == {"files": "resolve"}.get(where, where)
        if (trouble, where) == ("cut", asked.what):
            self.rfile.read(int(self.headers.get("Content-Length", 0)) // 2)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if trouble == "hang":
            time.sleep(30)
        folder, (known, user) = self.server.root / asked.repository, self._user()
        if trouble.isdigit() and here:
            self._send(int(trouble), b'{"error": "as the test asked"}', {"Retry-After": "1"})
        elif not known:
            self._send_json(401, {"error": "Invalid credentials in Authorization header"})
        elif asked.what in WRITES:
            status, answer = _written(self.server, asked, user, body)
            if (trouble, where) != ("lost", asked.what):
                self._send_json(status, answer)
        elif not folder.is_dir() or (asked.repository in self.server.private and not user):
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif not self.server.has(asked):
            self._send(404, b'{"error": "Invalid rev id"}', {"X-Error-Code": "RevisionNotFound"})
        elif asked.what == "resolve":
            self._send_file(folder / asked.path, {"X-Repo-Commit": self.server.commit(asked)})
        else:
            self._send_json(200, _from_api(self.server, asked, folder, parse_qs(body.decode()).get("paths", [])))

    do_HEAD = do_POST = do_PUT = do_GET

    def _user(self) -> tuple[bool, str]:
        """Return whether the Hub knows who asks, and as whom: nobody where there is no token."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        return not token or token in self.server.tokens, self.server.tokens.get(token, "")

    def _send_json(self, status: int, answer: dict | list) -> None:
        said = {"X-Error-Message": answer["error"]} if "error" in answer else {}
        self._send(status, json.dumps(answer).encode(), {"Content-Type": "application/json", **said})

    def _send_file(self, file: Path, headers: dict[str, str]) -> None:
        if not file.is_file():
            self._send(404, b"", headers | {"X-Error-Code": "EntryNotFound"})
            return
        content, checksum = file.read_bytes(), _checksum(file)
        headers |= {"ETag": f'"{checksum}"', "Content-Length": str(len(content))}
        if file.suffix in LARGE:
            headers |= {"X-Linked-ETag": f'"{checksum}"', "X-Linked-Size": str(len(content))}
            if self.server.trouble == "wrong":
                content = content[:-1] + bytes([content[-1] ^ 1])
            elif self.server.trouble == "cut":
                content = content[: len(content) // 2]
        self._send(200, content, headers)

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


def _checksum(file: Path) -> str:
    """Return the SHA-256 of a large file, and what Git calls any other."""
    content = file.read_bytes()
    if file.suffix in LARGE:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def _from_api(hub: Hub, asked: Request, folder: Path, paths: list[str]) -> dict | list:
    """Answer as the Hub's API does: what a repository is, what lies in a folder of it, or what some `paths` are."""
    entries = {path.relative_to(folder).as_posix(): _entry(path) for path in sorted(folder.rglob("*"))}
    if asked.what == "tree":
        paths = [path for path in entries if path.startswith(asked.path) and path != asked.path]
    if asked.what in ("tree", "paths-info"):
        return [{"path": path, **entries[path]} for path in paths if path in entries]
    siblings = [{"rfilename": path} for path, entry in entries.items() if entry["type"] == "file"]
    name, private = asked.repository.partition("/")[2], asked.repository in hub.private
    return {"id": name, "sha": hub.commit(asked), "siblings": siblings, "private": private, "tags": []}


def _entry(path: Path) -> dict:
    if path.is_dir():
        return {"type": "directory", "oid": COMMIT, "size": 0}
    entry = {"type": "file", "oid": _checksum(path), "size": path.stat().st_size}
    large = {"lfs": {"oid": entry["oid"], "size": entry["size"], "pointerSize": 134}}
    return entry | large if path.suffix in LARGE else entry


def _written(hub: Hub, asked: Request, user: str, body: bytes) -> tuple[int, dict]:
    """Do what `user` asks for, and return the status and the answer."""
    if asked.what == "upload":  # its address was only told to somebody with a token
        if hashlib.sha256(body).hexdigest() != asked.revision:
            return 400, {"error": "The checksum is another one"}
        hub.blobs[asked.revision] = body
        return 200, {}
    if not user:
        return 401, {"error": "Invalid username or password."}
    if asked.what == "validate-yaml":
        return 200, {"errors": [], "warnings": []}
    if asked.what == "create":
        return _created(hub, user, **json.loads(body))
    if asked.repository.split("/")[1] != user:
        return 403, {"error": "You don't have write access to this repository"}
    if asked.repository not in hub.commits:
        return 404, {"error": "Repository not found"}
    if asked.what == "commit":
        return _committed(hub, asked.repository, [json.loads(line) for line in body.splitlines()])
    if asked.what == "batch":
        address = f"{hub.address}/{asked.repository.removeprefix('models/')}/upload"
        objects = json.loads(body)["objects"]
        new = {one["oid"]: {"actions": {"upload": {"href": f"{address}/{one['oid']}"}}} for one in objects}
        return 200, {"objects": [one | ({} if one["oid"] in hub.blobs else new[one["oid"]]) for one in objects]}
    modes = [(one["path"], hub.root / asked.repository / one["path"]) for one in json.loads(body)["files"]]
    return 200, {"files": [{"path": path, "shouldIgnore": False, **_mode(file)} for path, file in modes]}


def _mode(file: Path) -> dict:
    oid = {"oid": _checksum(file)} if file.exists() else {}
    return {"uploadMode": "lfs" if file.suffix in LARGE else "regular", **oid}


def _created(
    hub: Hub, user: str, name: str, organization: str | None, visibility: str = "public", **_
) -> tuple[int, dict]:
    repository = f"models/{organization or user}/{name}"
    if organization not in (None, user):
        return 403, {"error": f'You don\'t have the rights to create a model under the namespace "{organization}"'}
    if (hub.root / repository).exists():
        return 409, {
            "error": f"You already created this model repo: {user}/{name}",
            "url": f"{hub.address}/{user}/{name}",
        }
    (hub.root / repository).mkdir(parents=True)
    (hub.root / repository / ".gitattributes").write_text("*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
    hub.commits[repository] = [hashlib.sha1(repository.encode()).hexdigest()]
    hub.private |= {repository} if visibility == "private" else set()
    return 200, {"url": f"{hub.address}/{user}/{name}"}


def _committed(hub: Hub, repository: str, lines: list[dict]) -> tuple[int, dict]:
    """Write all the files of a commit, or none of them."""
    folder, files = hub.root / repository, {}
    for line in lines[1:]:
        value = line["value"]
        content = base64.b64decode(value["content"]) if line["key"] == "file" else hub.blobs.get(value["oid"])
        if content is None:
            return 422, {"error": "An LFS pointer points to a file that does not exist"}
        files[value["path"]] = content
    before, after = (folder.with_name(f"{folder.name}.{word}") for word in ("before", "after"))
    shutil.copytree(folder, after)
    for name, content in files.items():
        (after / name).parent.mkdir(parents=True, exist_ok=True)
        (after / name).write_bytes(content)
    folder.rename(before)
    after.rename(folder)
    shutil.rmtree(before)
    hub.commits[repository].append(hashlib.sha1(json.dumps([hub.commits[repository], lines]).encode()).hexdigest())
    commit = hub.head(repository)
    return 200, {"commitOid": commit, "commitUrl": f"{hub.address}/{repository.partition('/')[2]}/commit/{commit}"}
