"""A small Hugging Face Hub on loopback: real layouts under real names, and every way of failing that a Hub has."""

import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"  # of every repository, where none was asked for
OVERRIDES = ("LESSONS_CHECKPOINT", "LESSONS_DATASET", "LESSONS_TASK")
LARGE = (".safetensors", ".parquet")  # what a Hub keeps in LFS, under its SHA-256


@dataclass
class Hub:
    """Folders by `(type, id)`, such as `("model", "google-bert/bert-base-uncased")`, and how the Hub fails now.

    `trouble` is empty, a status such as `"503"` (`"503 files"`: for files alone), `"hang"`, `"cut"` (the connection
    closes in the middle of a file) or `"wrong"` (other bytes than the checksum says). `seen` keeps each request, such
    as `"GET /path"`.
    """

    folders: dict[tuple[str, str], Path]
    trouble: str = ""
    seen: list[str] = field(default_factory=list)
    address: str = ""

    def files(self, kind: str, name: str) -> dict[str, Path] | None:
        """Return the files of a repository by their path in it, `None` where there is no such repository."""
        folder = self.folders.get((kind, name))
        if folder is None:
            return None
        return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


@contextmanager
def running(folders: dict[tuple[str, str], Path]) -> Iterator[Hub]:
    """Serve `folders` on a free port of loopback as long as the block lasts."""
    hub = Hub(folders)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()


def settings(hub: Hub, home: Path) -> dict[str, str]:
    """Return the environment of a process for which `hub` is the Hub, and which keeps what it gets below `home`.

    One thread: the model is so small that two only wait for each other.
    """
    ours = {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "HF_HUB_OFFLINE": "0", "OMP_NUM_THREADS": "1"}
    return ours | {"LESSONS_PROFILE": "hub"} | dict.fromkeys(OVERRIDES, "")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def log_message(self, *args) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.seen.append(f"{self.command} {path}")
        trouble = self.hub.trouble
        if trouble == "hang":
            time.sleep(30)
        status, _, files_alone = trouble.partition(" ")
        if status.isdigit() and (not files_alone or "/resolve/" in path):
            self._send(int(status), b'{"error": "as the test asked"}', {"Retry-After": "1"})
        elif path.startswith("/api/"):
            self._answer_api(path.removeprefix("/api/"))
        elif "/resolve/" in path:
            self._answer_file(path)
        else:
            self._send(404, b"{}")

    def _answer_api(self, path: str) -> None:
        kind, _, rest = path.partition("s/")
        name, rest = "/".join(rest.split("/")[:2]), rest.split("/")[2:]
        files = self.hub.files(kind, name)
        if files is None:
            self._send(404, b'{"error": "Repository not found"}', {"X-Error-Code": "RepoNotFound"})
        elif rest[:1] == ["tree"]:
            inside = "/".join(rest[2:])
            found = [self._entry(one, file) for one, file in files.items() if one.startswith(inside)]
            self._send_json([*_folders(files, inside), *found])
        elif rest[:1] == ["paths-info"]:
            asked = _asked_paths(self.body, self.headers.get("Content-Type", ""))
            found = [self._entry(one, file) for one, file in files.items() if one in asked]
            self._send_json([*(one for one in _folders(files, "") if one["path"] in asked), *found])
        else:
            siblings = [{"rfilename": one} for one in files]
            commit = _commit(rest[1] if rest[:1] == ["revision"] else "")
            self._send_json({"id": name, "sha": commit, "siblings": siblings, "private": False, "tags": []})

    def _entry(self, path: str, file: Path) -> dict:
        entry = {"type": "file", "path": path, "size": file.stat().st_size, "oid": _sha(file, "sha1")}
        if path.endswith(LARGE):
            entry["lfs"] = {"oid": _sha(file, "sha256"), "size": entry["size"], "pointerSize": 134}
        return entry

    def _answer_file(self, path: str) -> None:
        before, _, after = path.strip("/").partition("/resolve/")
        kind, name = ("model", before)
        for one in ("dataset", "space"):
            if before.startswith(f"{one}s/"):
                kind, name = one, before.removeprefix(f"{one}s/")
        files = self.hub.files(kind, name)
        file = (files or {}).get(after.partition("/")[2])
        if file is None:
            code = "EntryNotFound" if files is not None else "RepoNotFound"
            self._send(404, b"", {"X-Error-Code": code, "X-Repo-Commit": _commit(after.split("/")[0])})
            return
        content = file.read_bytes()
        checksum = _sha(file, "sha256" if after.endswith(LARGE) else "sha1")
        headers = {"ETag": f'"{checksum}"', "X-Repo-Commit": _commit(after.split("/")[0]), "Accept-Ranges": "bytes"}
        if after.endswith(LARGE):
            headers |= {"X-Linked-ETag": f'"{checksum}"', "X-Linked-Size": str(len(content))}
        status, start = 200, self.headers.get("Range", "")
        if start.startswith("bytes="):
            first = int(start.removeprefix("bytes=").split("-")[0])
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            status, content = 206, content[first:]
        self._send(status, content, headers, large=after.endswith(LARGE))

    def _send_json(self, found: object) -> None:
        self._send(200, json.dumps(found).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str] | None = None, large: bool = False) -> None:
        if large and self.hub.trouble == "wrong":
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(content))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if large and self.hub.trouble == "cut":
            content, self.close_connection = content[: len(content) // 2], True
        self.wfile.write(content)


def _commit(revision: str) -> str:
    return revision if len(revision) == 40 else COMMIT


def _sha(file: Path, kind: str) -> str:
    return hashlib.new(kind, file.read_bytes()).hexdigest()


def _folders(files: dict[str, Path], inside: str) -> list[dict]:
    names = {one.rpartition("/")[0] for one in files if "/" in one and one.startswith(inside)}
    return [{"type": "directory", "path": name, "oid": COMMIT, "size": 0} for name in sorted(names) if name != inside]


def _asked_paths(body: bytes, kind: str) -> list[str]:
    if "json" in kind:
        paths = json.loads(body)["paths"]
        return [paths] if isinstance(paths, str) else paths
    return parse_qs(body.decode())["paths"]
