"""Asking the Hugging Face Hub: whether it answers, what it gives, checked, and one sentence where it gives nothing.

What a lesson needs is fetched before it begins. Its own calls (`load_dataset`, `from_pretrained`) then find everything
in the cache, and no download can break off in the middle of a lesson.
"""

import hashlib
from contextlib import suppress
from pathlib import Path

from lessons_lib.errors import SetupError

ANSWERS = {
    401: "it asks for a token, or does not know this repository: check the spelling, or run `hf auth login`",
    403: "it refuses: a proxy or a firewall may stand between",
    404: "it has no such repository or revision: check the spelling",
    429: "it was asked too often from this address: wait some minutes, or run `hf auth login`, which raises the limit",
    **dict.fromkeys((500, 502, 503, 504), "it is in trouble itself: wait some minutes"),
}
CONFIGURATION = (
    *("config.json", "adapter_config.json", "tokenizer*.json", "special_tokens_map.json"),
    *("vocab.txt", "vocab.json", "merges.txt", "*.model"),
)
WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")
OLDER_WEIGHTS = ("pytorch_model*.bin", "pytorch_model.bin.index.json")
OTHER_PROFILE = "set LESSONS_PROFILE to embedded, which needs no network"


def why(error: BaseException) -> str:
    """Return in a few words what stopped a request to the Hub and what to do about it.

    >>> why(TimeoutError()), why(ValueError("no such thing"))
    ('it did not answer in time', 'ValueError: no such thing')
    """
    cause: BaseException | None = error
    while cause is not None:
        status = getattr(getattr(cause, "response", None), "status_code", None)
        name = type(cause).__name__
        if status in ANSWERS:
            return ANSWERS[status]
        if "Timeout" in name:
            return "it did not answer in time"
        if any(word in name for word in ("Connect", "Protocol", "Network")):
            return f"the connection broke off, or there is none ({name})"
        cause = cause.__cause__ or cause.__context__
    return f"{type(error).__name__}: {error}".splitlines()[0]


def why_unreachable(repository: str, timeout: float = 10.0, *, dataset: bool = False) -> str | None:
    """Return `None` where the Hub answers for `repository` within `timeout` seconds, else the reason in a few words."""
    from huggingface_hub import HfApi, constants

    if constants.HF_HUB_OFFLINE:
        return "HF_HUB_OFFLINE is set: unset it to use the Hub"
    try:
        HfApi().repo_info(repository, repo_type="dataset" if dataset else "model", timeout=timeout)
    except Exception as error:  # every kind of refusal ends here
        return why(error)
    return None


def fetch_files(
    repository: str, revision: str | None, kind: str, files: list[str], or_else: str = OTHER_PROFILE
) -> Path:
    """Fetch those of `files` (patterns) that `repository` has, and return the folder of the cache that they are in.

    `or_else` is what a person can do where the Hub does not give them.
    """
    from huggingface_hub import snapshot_download

    try:
        folder = Path(snapshot_download(repository, revision=revision, repo_type=kind, allow_patterns=files))
    except Exception as error:
        raise refused(f"the {kind} {repository}", error, or_else) from None
    wrong = [path for path in sorted(folder.rglob("*")) if not is_whole(path.resolve())]
    for path in wrong:
        path.resolve().unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    if wrong:
        names = ", ".join(path.name for path in wrong)
        raise SetupError(
            f"What arrived as {names} of {repository} has other bytes than its SHA-256 says. It was deleted. Run this "
            "cell again, and it will be fetched anew."
        )
    return folder


def fetch_checkpoint(repository: str, revision: str | None, *, weights: bool = True) -> Path:
    """Fetch a checkpoint, its weights as safetensors or else as `.bin`, and return the folder of the cache it is in."""
    folder = fetch_files(repository, revision, "model", [*CONFIGURATION, *(WEIGHTS if weights else ())])
    if weights and not any(folder.glob("model*.safetensors")):
        fetch_files(repository, revision, "model", list(OLDER_WEIGHTS))
    return folder


def is_whole(stored: Path) -> bool:
    """Return whether `stored`, a file of the cache, has the SHA-256 that it is stored under.

    The cache names large files so, with 64 digits; any other file counts as whole. A note beside the files of the
    repository says when one was found whole, so that it is read again only after it was written again.
    """
    if len(stored.name) != 64:
        return True
    note, written = stored.parents[1] / ".checked" / stored.name, str(stored.stat().st_mtime_ns)
    if note.exists() and note.read_text(encoding="ascii") == written:
        return True
    if sha256(stored) != stored.name:
        return False
    with suppress(OSError):  # a cache that may only be read
        note.parent.mkdir(exist_ok=True)
        note.write_text(written, encoding="ascii")
    return True


def refused(what: str, error: BaseException, or_else: str = OTHER_PROFILE) -> SetupError:
    """Return the error for a person whom the Hub did not give `what`, and who can do something else: `or_else`."""
    return SetupError(
        f"The Hugging Face Hub did not give {what}: {why(error)}. Nothing is lost: run this cell again, or {or_else}, "
        "and restart the kernel."
    )


def sha256(file: Path) -> str:
    """Return the SHA-256 of `file` in 64 hexadecimal digits."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_sha256(file: Path, expected: str, cure: str) -> None:
    """Raise `SetupError` with both checksums, and the `cure`, where the SHA-256 of `file` is not `expected`."""
    actual = sha256(file)
    if actual != expected:
        raise SetupError(
            f"{file} is not the file that this course was tested with: its SHA-256 is {actual}, expected {expected}. "
            f"{cure}"
        )
