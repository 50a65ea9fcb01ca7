"""What a page takes from npm: fetched once, by version, and checked before it is unpacked.

    python -m lessons_lib.page

The files are kept in `$LESSONS_VENDOR`, or else in `.cache/vendor` of the checkout, or else (installed from a wheel) in
`~/.cache/lessons_lib/vendor`. The registry is the one that npm asks, so npm must be here, or NPM_CONFIG_REGISTRY set.
"""

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path, PureWindowsPath
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import urlopen

from lessons_lib.errors import SetupError
from lessons_lib.hub import sha256

FACTS = Path(__file__).with_name("vendor.toml")
TO_FETCH = "run `python -m lessons_lib.page` once, with a network"


@dataclass(frozen=True)
class Package:
    """One `[[npm]]` table: `files` maps the name that a file gets to its path in the tarball and its SHA-256."""

    name: str
    version: str
    tarball: str
    integrity: str
    files: dict[str, tuple[str, str]]


def read_packages(facts: Path = FACTS) -> tuple[Package, ...]:
    """Return the packages that `facts` names. Raises `SetupError` where a file would land outside its folder.

    >>> [one.name for one in read_packages()]
    ['@huggingface/transformers', 'onnxruntime-web']
    """
    packages = tuple(Package(**table) for table in tomllib.loads(facts.read_text(encoding="utf-8"))["npm"])
    for name in (name for package in packages for name in package.files):
        if name != PureWindowsPath(name).name or name in ("", ".", ".."):
            raise SetupError(f"{facts} names the file {name!r}: write a name without a folder.")
    return packages


def vendor_folder(settings: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that the files are kept in, whether it exists or not."""
    if settings.get("LESSONS_VENDOR"):
        return Path(settings["LESSONS_VENDOR"]).expanduser()
    checkout = Path(__file__).parents[2]
    is_checkout = (checkout / "pyproject.toml").exists()
    return checkout / ".cache" / "vendor" if is_checkout else Path.home() / ".cache" / "lessons_lib" / "vendor"


def missing_files(folder: Path, packages: Sequence[Package]) -> list[str]:
    """Return the names of the files that are not in `folder`, or have another SHA-256 there."""
    wanted = {name: checksum for package in packages for name, (_, checksum) in package.files.items()}
    return [name for name, checksum in wanted.items() if not _has(folder / name, checksum)]


def fetch_vendor(folder: Path | None = None, packages: Sequence[Package] | None = None) -> Path:
    """Fetch what is missing in `folder`, and return it; where nothing is missing, no request is made.

    Raises `SetupError` where the registry does not give a tarball, or one whose SHA-512 is not the expected one; of
    such a tarball nothing is unpacked.
    """
    folder, packages = folder or vendor_folder(), packages or read_packages()
    for package in packages:
        if missing_files(folder, [package]):
            contents = _unpack(package, _download(package, find_registry()))
            folder.mkdir(parents=True, exist_ok=True)
            for name, content in contents.items():
                part = folder / f"{name}.part"
                part.write_bytes(content)
                part.replace(folder / name)
    return folder


def find_registry(settings: Mapping[str, str] = os.environ) -> str:
    """Return the address of the npm registry, from the environment or from npm's own configuration.

    Raises `SetupError` where neither names one.
    """
    asked = settings.get("NPM_CONFIG_REGISTRY") or settings.get("npm_config_registry")
    npm = shutil.which("npm", path=settings.get("PATH"))
    if npm and not asked:
        command = [npm, "config", "get", "registry"]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip()
    if not (asked or "").startswith(("https://", "http://")):
        raise SetupError(
            "Neither npm nor NPM_CONFIG_REGISTRY says where packages of npm come from. Install Node.js, which brings "
            f"npm, or set NPM_CONFIG_REGISTRY to the address of a registry; then {TO_FETCH}."
        )
    return asked.rstrip("/")


def _has(file: Path, checksum: str) -> bool:
    return file.is_file() and sha256(file) == checksum


def _download(package: Package, registry: str) -> bytes:
    try:
        with urlopen(f"{registry}/{package.tarball}", timeout=60) as answer:
            return answer.read()
    except (OSError, HTTPException) as error:
        why = f"it answered {error.code}" if isinstance(error, HTTPError) else getattr(error, "reason", error)
        raise SetupError(
            f"The npm registry {urlsplit(registry).hostname} did not give {package.name} {package.version} ({why}). "
            f"Nothing is lost: {TO_FETCH}."
        ) from None


def _unpack(package: Package, tarball: bytes) -> dict[str, bytes]:
    """Return by name what `package` wants of `tarball`: read file by file, so that no path in it is ever written to."""
    actual = f"sha512-{base64.b64encode(hashlib.sha512(tarball).digest()).decode()}"
    if actual != package.integrity:
        raise SetupError(
            f"What arrived as {package.name} {package.version} is not the expected file: its integrity is {actual}, "
            f"expected {package.integrity}. It was thrown away. Ask again later, or another registry."
        )
    contents = {}
    with tarfile.open(fileobj=io.BytesIO(tarball), mode="r:gz") as archive:
        files = {member.name: member for member in archive if member.isfile()}  # no link, no folder
        for name, (path, checksum) in package.files.items():
            contents[name] = archive.extractfile(files[path]).read() if path in files else b""
            if hashlib.sha256(contents[name]).hexdigest() != checksum:
                raise SetupError(f"{package.name} {package.version} holds no file {path} with the SHA-256 {checksum}.")
    return contents
