"""A small Hugging Face Hub on loopback: real layouts under real names, and every way of failing that a Hub has."""

import hashlib
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"  # of every repository, where none was asked for
OVERRIDES = ("LESSONS_CHECKPOINT", "LESSONS_DATASET", "LESSONS_TASK")
LARGE = (".safetensors", ".parquet")  # what a Hub keeps in LFS, under its SHA-256


class Request(NamedTuple):
    """What was asked of the Hub; what an address does not name is empty."""

    method: str
    repository: str  # such as "models/google-bert/bert-base-uncased"
    what: str  # "resolve" for a file; "tree", "paths-info" or "revision" of the API
    revision: str
    path: str

    @property
    def commit(self) -> str:
        return self.revision if len(self.revision) == 40 else COMMIT


def parsed(method: str, address: str) -> Request:
    """Return what a request asks for.

    >>> parsed("GET", "/google-bert/bert/resolve/main/config.json")
    Request(method='GET', repository='models/google-bert/bert', what='resolve', revision='main', path='config.json')
    """
    path = unquote(urlsplit(address).path).removeprefix("/api").lstrip("/")
    kind = "" if path.startswith(("models/", "datasets/", "spaces/")) else "models/"
    kind, owner, name, *rest = [*f"{kind}{path}".split("/", 5), "", "", "", ""][:6]
    return Request(method, f"{kind}/{owner}/{name}", *rest)


class Hub(ThreadingHTTPServer):
    """A Hub on a free port of loopback: `root` holds repositories, as `models/google-bert/bert-base-uncased`.

    `trouble` says how it fails now: it is empty, a status such as `"503"` (`"503 files"`: for files alone), `"hang"`,
    `"cut"` (the connection closes in the middle of a file) or `"wrong"` (other bytes than the checksum says). `seen`
    keeps each request.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.root, self.trouble, self.seen = root, "", []


def settings(hub: Hub, home: Path) -> dict[str, str]:
    """Return the environment of a process for which `hub` is the Hub, and which keeps what it gets below `home`.

    One thread: the model is so small that two only wait for each other.
    """
    ours = {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "OMP_NUM_THREADS": "1"}
    return ours | {"LESSONS_PROFILE": "hub"} | dict.fromkeys(OVERRIDES, "")


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *args) -> None:
        pass

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = parsed(self.command, self.path)
        self.server.seen.append(asked)
        folder = self.server.root / asked.repository
        trouble, _, files_alone = self.server.trouble.partition(" ")
        if trouble == "hang":
            time.sleep(30)
        if trouble.isdigit() and (asked.what == "resolve" or not files_alone):
            self._send(int(trouble), b'{"error": "as the test asked"}', {"Retry-After": "1"})
        elif not folder.is_dir():
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif asked.what == "resolve":
            self._send_file(folder / asked.path, {"X-Repo-Commit": asked.commit})
        else:
            found = json.dumps(_from_api(asked, folder, parse_qs(body).get("paths", [])))
            self._send(200, found.encode(), {"Content-Type": "application/json"})

    do_HEAD = do_POST = do_GET

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
    return hashlib.new("sha256" if file.suffix in LARGE else "sha1", file.read_bytes()).hexdigest()


def _from_api(asked: Request, folder: Path, paths: list[str]) -> object:
    """Answer as the Hub's API does: what a repository is, what lies in a folder of it, or what some `paths` are."""
    entries = {path.relative_to(folder).as_posix(): _entry(path) for path in sorted(folder.rglob("*"))}
    if asked.what == "tree":
        paths = [path for path in entries if path.startswith(asked.path) and path != asked.path]
    if asked.what in ("tree", "paths-info"):
        return [{"path": path, **entries[path]} for path in paths if path in entries]
    siblings = [{"rfilename": path} for path, entry in entries.items() if entry["type"] == "file"]
    name = asked.repository.partition("/")[2]
    return {"id": name, "sha": asked.commit, "siblings": siblings, "private": False, "tags": []}


def _entry(path: Path) -> dict:
    if path.is_dir():
        return {"type": "directory", "oid": COMMIT, "size": 0}
    entry = {"type": "file", "oid": _checksum(path), "size": path.stat().st_size}
    large = {"lfs": {"oid": entry["oid"], "size": entry["size"], "pointerSize": 134}}
    return entry | large if path.suffix in LARGE else entry
