"""Publishing a model on the Hugging Face Hub: whether you asked for it, what broke off, what the Hub holds now.

A lesson makes the Hub's own calls, `create_repo` and `create_commit`, in the open; nothing here uploads anything.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from lessons_lib.errors import SetupError
from lessons_lib.hub import ANSWERS, CONFIGURATION, WEIGHTS, sha256

SHARED = (*CONFIGURATION, *WEIGHTS, "README.md")
PICKLES = "*.model"  # of CONFIGURATION: a vocabulary of SentencePiece, or anything
NEEDED = ("config.json", "tokenizer.json", "tokenizer_config.json", "README.md")
MISTAKES = (AssertionError, AttributeError, LookupError, NameError, TypeError)  # of a cell: a traceback helps more
TAKEN = "the name is taken. Set LESSONS_PUBLISH to another, or pass `exist_ok=True` to add a version to what's there"
REASONS = ANSWERS | {
    401: "it doesn't accept your token. Make one at https://huggingface.co/settings/tokens, and run `hf auth login`",
    403: "your token may not write there. Check the owner in the name, and that the token has write access",
    404: "it has no such owner or repository. Check the spelling",
    **dict.fromkeys((409, 412), "somebody else wrote to it at the same time. Run this cell again"),
    413: "a file is larger than it takes",
    507: "it has no room for your files. Delete what you no longer need there",
}


def may_publish(repo_id: str, settings: Mapping[str, str] = os.environ) -> bool:
    """Return whether you asked for `repo_id` to be published and there is a token to do it with; else print why not.

    >>> may_publish("you/your-model", {})
    Nothing is published: you didn't ask for it. If you want to, set LESSONS_PUBLISH to owner/name and run this again.
    False
    """
    from huggingface_hub import constants, get_token

    if not repo_id or settings.get("LESSONS_PUBLISH", "").strip() != repo_id:
        reason = "you didn't ask for it. If you want to, set LESSONS_PUBLISH to owner/name and run this again"
    elif not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", repo_id):  # and don't repeat it: somebody may have pasted a token
        reason = "LESSONS_PUBLISH isn't the name of a repository. Write owner/name, such as you/your-model"
    elif constants.HF_HUB_OFFLINE:
        reason = "HF_HUB_OFFLINE is set. Unset it and restart the kernel"
    elif not get_token():
        reason = "there is no token on this machine. Run `hf auth login` in a terminal first"
    else:
        return True
    print(f"Nothing is published: {reason}.")
    return False


def files_to_share(folder: str | Path) -> list[Path]:
    """Return the files of `folder` that make a model: configuration, tokenizer, weights as safetensors, card.

    Anything else stays here: optimizer states, logs, and pickles such as `training_args.bin`, which can run code on the
    machine that loads them. Raises `SetupError` where a file is missing, or broken off in the middle.
    """
    from safetensors import safe_open

    files = sorted({file for name in SHARED if name != PICKLES for file in Path(folder).glob(name)})
    names, needed = {file.name for file in files}, set(NEEDED)
    for file in files:
        try:
            content = json.loads(file.read_bytes()) if file.suffix == ".json" else None
            if file.suffix == ".safetensors":
                safe_open(file, "np")
        except Exception as error:  # each format has its own
            raise SetupError(f"{file} isn't whole ({error}). Save it again before you publish it.") from None
        if file.name.endswith(".index.json"):
            needed |= set(content["weight_map"].values())
    if not any(name.endswith(".safetensors") for name in needed | names):
        needed.add("model.safetensors")
    if missing := ", no ".join(sorted(needed - names)):
        raise SetupError(f"{folder} has no {missing}. Save model, tokenizer and card there before you publish them.")
    return files


@contextmanager
def sentences(repo_id: str) -> Iterator[None]:
    """Turn what goes wrong while `repo_id` is published into a `SetupError`: why, what to do, what the Hub holds now.

    The Hub is asked what it holds, before and after. No sentence holds your token.
    """
    before = _held(repo_id)
    try:
        yield
    except (SetupError, *MISTAKES):
        raise
    except Exception as error:
        reason, refused = _reason(error)
        told = f"Publishing {repo_id} broke off: {reason}. {_now(repo_id, before, refused)}"
        raise SetupError(_without_token(told)) from None


def is_empty(repo_id: str) -> bool:
    """Return whether the Hub has `repo_id` with no file of yours, as a publication that broke off leaves it."""
    commit, files = _held(repo_id) or ("", [])
    return bool(commit) and not files


def check_published(repo_id: str, revision: str, folder: str | Path) -> pd.DataFrame:
    """Return what the Hub has at `revision`, one row per file, after comparing it with the files in `folder`.

    Compared are names, sizes in bytes and checksums: the SHA-256 of a large file, what Git calls a small one. Raises
    `SetupError` with the names of the files that differ.
    """
    from huggingface_hub import HfApi

    tree = HfApi().list_repo_tree(repo_id, revision=revision, recursive=True)
    files = [file for file in tree if hasattr(file, "blob_id") and file.path != ".gitattributes"]  # no folders
    there = {file.path: (file.size, file.lfs.sha256 if file.lfs else file.blob_id) for file in files}
    large = {file.path for file in files if file.lfs}
    here = {file.name: (file.stat().st_size, _checksum(file, file.name in large)) for file in files_to_share(folder)}
    differ = sorted(name for name in here.keys() | there.keys() if here.get(name) != there.get(name))
    if differ:
        raise SetupError(
            f"{repo_id} at commit {revision[:7]} isn't what {folder} holds. These files differ, or are on one side "
            f"only: {', '.join(differ)}. Publish again before you pass it on."
        )
    return pd.DataFrame.from_dict(there, orient="index", columns=["bytes", "checksum"])


def _checksum(file: Path, large: bool) -> str:
    if large:
        return sha256(file)
    content = file.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _held(repo_id: str) -> tuple[str, list[str]] | None:
    """Return the newest commit of `repo_id` and its files; no commit if there's none; `None` if the Hub doesn't say."""
    from huggingface_hub import HfApi

    try:
        info = HfApi().model_info(repo_id, timeout=10)
    except Exception as error:
        return ("", []) if _status(error) == 404 else None  # a 401 can mean that it's only hidden
    return info.sha, [file.rfilename for file in info.siblings if file.rfilename != ".gitattributes"]


def _now(repo_id: str, before: tuple[str, list[str]] | None, refused: bool) -> str:
    now = _held(repo_id)
    if now is None:
        unsure = (
            "What the Hub holds now, it doesn't say: all your files, or none of them. Look before you publish again."
        )
        return "Nothing was published." if refused else unsure
    commit, files = now
    if not commit:
        return "Nothing was published: there's no such repository."
    if not files:
        delete = f"delete it with `HfApi().delete_repo({repo_id!r})`"
        return (
            f"Nothing was published: the repository is there, and empty. Run this cell again to fill it, or {delete}."
        )
    if before and commit == before[0]:
        return f"Nothing new was published: the Hub holds what it held before, commit {commit[:7]}."
    return f"The Hub holds commit {commit[:7]}: is it yours? `check_published({repo_id!r}, {commit!r}, …)` tells."


def _reason(error: BaseException) -> tuple[str, bool]:
    """Return why a publication broke off and what to do about it, and whether the Hub itself said no."""
    cause: BaseException | None = error
    while cause is not None:
        names, status = {kind.__name__ for kind in type(cause).__mro__}, _status(cause)
        if status:
            response, said = getattr(cause, "response", None), getattr(cause, "server_message", None) or ""
            taken = status == 409 and str(getattr(response, "url", "")).endswith("/repos/create")
            told = TAKEN if taken else f"the Hub answered {status}: {REASONS.get(status, 'it refuses')}"
            return told + (f" (it says: {' '.join(said.split())})" if said else ""), status < 500 or status == 507
        if getattr(cause, "errno", None) == errno.ENOSPC or "No space left on device" in str(cause):
            return "the disk of this machine is full. Free some space, and save the model again", False
        if names & {"TimeoutException", "TimeoutError"}:
            return "the Hub didn't answer in time", False
        if names & {"TransportError", "ConnectionError"}:
            return "the connection broke off, or there is none", False
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {' '.join(str(error).split())}", False


def _status(error: BaseException) -> int | None:
    """Return the status that the Hub answered with; where Xet uploads the files, it stands in the message alone."""
    told = re.search(r"HTTP status \w+ error \((\d{3})\b", str(error)) if isinstance(error, OSError) else None
    return int(told[1]) if told else getattr(getattr(error, "response", None), "status_code", None)


def _without_token(text: str) -> str:
    from huggingface_hub import get_token

    return re.sub(r"hf_[\w.-]{16,}", "hf_…", text.replace(get_token() or "hf_…", "hf_…"))
