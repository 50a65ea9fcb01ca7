"""Runs programs of several processes from a notebook, and leaves none of them behind."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from lessons_lib.errors import SetupError

MODULES = {
    "python": [],
    "torchrun": ["-m", "torch.distributed.run"],
    "accelerate": ["-m", "accelerate.commands.accelerate_cli"],
}
MARK = "LESSONS_LAUNCH"  # the environment variable by which to know what a program has started
SETTINGS = {
    "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1",  # else a restart may meet dead addresses: pytorch/pytorch#135712
    "TRANSFORMERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
}


def run(program: str, *arguments: str | Path, threads: int = 1, seconds: float = 600) -> str:
    """Run `program` with `arguments` to its end, and return what it printed.

    `program` is the beginning of a command as a terminal takes it, such as `"torchrun --nproc_per_node 2"`; each of its
    processes has so many `threads`. Raises `SetupError` with its last lines where it fails or takes more than so many
    `seconds`. Whatever happens, an interrupted cell, too, none of its processes is left.

    >>> run("python -c", "print(6 * 7)")
    '42\\n'
    """
    with launched(program, *arguments, threads=threads) as process:
        try:
            told, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise SetupError(f"{program} was stopped: it took more than {seconds:g} seconds.") from None
    if process.returncode:
        last = "\n".join(told.strip().splitlines()[-60:])  # torchrun adds more than 40 of its own to a program's
        raise SetupError(f"{program} ended with an error (code {process.returncode}). Its last lines:\n{last}")
    return told


@contextmanager
def launched(program: str, *arguments: str | Path, threads: int = 1) -> Iterator[subprocess.Popen]:
    """Yield the running process of `run`'s `program`; stop it and everything it started when the block is left."""
    first, *rest = program.split()
    command = [sys.executable, *MODULES[first], *rest, *map(str, arguments)]
    mark = uuid.uuid4().hex
    marks = {MARK: f"{os.environ.get(MARK, '')} {mark}"}  # a program may use `launched` itself
    environment = os.environ | SETTINGS | marks | {"OMP_NUM_THREADS": str(threads)}
    if sys.platform == "win32":
        environment["USE_LIBUV"] = "0"  # torch for Windows is built without it
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "encoding": "utf-8", "errors": "replace"}
    process = subprocess.Popen(command, env=environment, **pipes)
    try:
        yield process
    finally:
        stop(process, mark)


def stop(process: subprocess.Popen, mark: str) -> None:
    """Kill `process` and all that it started, which have `mark` in their environment, and wait until they are gone."""
    left = []
    while not left and (family := alive(process, mark)):  # again, for what they started meanwhile
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        process.wait()
        _, left = psutil.wait_procs(family, timeout=10)


def alive(process: subprocess.Popen, mark: str) -> set[psutil.Process]:
    """Return what runs of `process` and of all that it started; by its `mark`, also what has lost its parent."""
    everything = psutil.process_iter(["environ"])
    family = {one for one in everything if mark in (one.info["environ"] or {}).get(MARK, "")}
    if process.poll() is None:
        parent = psutil.Process(process.pid)
        family |= {parent, *parent.children(recursive=True)}
    return family


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    """Return the processes that a launcher has started so far, in the order of their ranks."""
    ranks = {}
    with suppress(psutil.NoSuchProcess):
        for one in psutil.Process(process.pid).children(recursive=True):  # on Windows a venv's python starts another
            with suppress(psutil.Error):
                ranks.setdefault(int(one.environ().get("RANK", -1)), one)  # what it starts itself inherits its rank
    return [ranks[rank] for rank in sorted(ranks) if rank >= 0]
