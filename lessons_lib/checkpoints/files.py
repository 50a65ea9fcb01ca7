"""Is a file whole, and are those files there that an index lists? Ends and headers tell; no weights are loaded."""

import json
import re
import zipfile
from pathlib import Path

from safetensors import SafetensorError, safe_open


def is_whole(path: Path) -> bool:
    """Return whether the end of a file is where its format says: what a killed process leaves is cut short."""
    if path.suffix == ".json":
        return read_json(path) is not None
    if path.suffix in (".pt", ".pth", ".bin"):  # torch writes zip archives, whose directory is at their end
        return zipfile.is_zipfile(path)
    if path.suffix == ".distcp":  # one such archive per tensor, so an end in the middle is none
        return _last_bytes(path, 22).startswith(b"PK\x05\x06")
    if path.suffix == ".safetensors":
        return tensor_names(path) is not None
    if path.name == ".metadata":  # a pickle, which ends with a full stop
        return _last_bytes(path, 1) == b"."
    return True


def _last_bytes(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - count, 0))
        return file.read()


def read_json(path: Path) -> dict | list | None:
    """Return what a JSON file holds, `None` where it is absent or cut short."""
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
    except ValueError:
        return None


def tensor_names(path: Path) -> set[str] | None:
    """Return the names of the tensors in a safetensors file, `None` where its size is not what its header says."""
    try:
        with safe_open(path, framework="numpy") as file:
            return set(file.keys())
    except SafetensorError:
        return None


def wrong_shards(index: Path) -> dict[str, str]:
    """Return by name what is wrong with the shards beside `index`: absent, or without a tensor that it lists."""
    content = read_json(index)
    shard_of = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(shard_of, dict) or not shard_of:
        return {index.name: "lists no shards"} if content is not None else {}
    wrong = {}
    for shard in sorted(set(shard_of.values())):
        path = index.parent / shard
        if not path.is_file():
            wrong[shard] = "absent"
        elif path.suffix == ".safetensors" and (names := tensor_names(path)) is not None:
            lacking = [tensor for tensor, place in shard_of.items() if place == shard and tensor not in names]
            wrong |= {shard: f"lacks {lacking[0]}, which {index.name} lists"} if lacking else {}
    return wrong


def absent_parts(folder: Path) -> list[str]:
    """Return which files a folder of `torch.distributed.checkpoint` lacks: `.metadata`, written last, names the others.

    The metadata is a pickle; the names are read from its bytes, so nothing in it is run.
    """
    metadata = folder / ".metadata"
    if not metadata.is_file():
        return [metadata.name]
    named = sorted({name.decode() for name in re.findall(rb"__\d+_\d+\.distcp", metadata.read_bytes())})
    return [name for name in named if not (folder / name).is_file()]
