"""Programs that are run, stopped and left: what they say comes back, and nothing of them stays."""

import signal
import socket
import sys
import threading
import time
from contextlib import suppress

import psutil
import pytest

from lessons_lib.errors import SetupError
from lessons_lib.launch import launched, run, workers

CHILD = """
import os, socket, time
server = socket.create_server(("127.0.0.1", 0))
line = f"{os.environ.get('RANK', 0)} {os.getpid()} {server.getsockname()[1]}\\n"
os.write(1, line.encode())  # at once, or another's line may stand in the middle of it
time.sleep(600)
"""
ORPHANED = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', *sys.argv[1:]])"
PARENT = f"{ORPHANED}; sys.exit(child.wait())"  # it may be killed after its child, and end by itself
LAUNCHER = """
import os, subprocess, sys
command = [sys.executable, "-c", *sys.argv[1:]]
children = [subprocess.Popen(command, env=os.environ | {"RANK": rank}) for rank in "10"]
children[0].wait()
"""


def told(process) -> tuple[int, int, int]:
    """Return the rank of a CHILD, its process and its port, from the next line that it prints."""
    return tuple(map(int, process.stdout.readline().split()))


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # that one is dead, and nobody has noticed
    except psutil.NoSuchProcess:
        return False


def is_free(port: int) -> bool:
    with suppress(OSError), socket.create_server(("127.0.0.1", port)):
        return True
    return False


def ports(process: psutil.Process) -> set[int]:
    connections = getattr(process, "net_connections", None) or process.connections  # psutil before 6
    return {one.laddr.port for one in connections("tcp") if one.status == psutil.CONN_LISTEN}


def test_run_returns_what_was_printed_on_either_stream():
    code = "import os, sys; print(os.environ['OMP_NUM_THREADS'], flush=True); print(sys.argv[1:], file=sys.stderr)"
    assert run("python -c", code, "--a", "b c", threads=3).splitlines() == ["3", "['--a', 'b c']"]


@pytest.mark.parametrize(
    ("code", "returncode"),
    [("raise ValueError('line 100')", 1), ("import sys; sys.exit('line 100')", 1), ("import os; os._exit(7)", 7)],
)
def test_a_program_that_fails_is_an_error_with_its_last_lines(code, returncode):
    with pytest.raises(SetupError) as caught:
        run("python -c", f"for number in range(101): print('line', number, flush=True)\n{code}")
    assert "line 100" in str(caught.value) and "line 20\n" not in str(caught.value)
    assert f"code {returncode}" in str(caught.value)


def test_what_a_program_said_is_not_lost_behind_what_torchrun_says(tmp_path):
    (tmp_path / "wrong.py").write_text("import sys; sys.exit('what went wrong')")
    with pytest.raises(SetupError, match="what went wrong"):
        run("torchrun --standalone --nproc_per_node 2", tmp_path / "wrong.py")


def test_a_program_that_takes_too_long_is_stopped(tmp_path):
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    began = time.monotonic()
    with pytest.raises(SetupError, match="2 seconds"):
        run("python -c", code, tmp_path / "pid", seconds=2)
    assert time.monotonic() - began < 30
    assert not is_alive(int((tmp_path / "pid").read_text()))


@pytest.mark.skipif(sys.platform == "win32", reason="a thread of Windows gets no signals")
def test_an_interrupted_run_leaves_nothing(tmp_path):
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(600)"
    here = threading.get_ident()
    threading.Timer(2, lambda: signal.pthread_kill(here, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run("python -c", code, tmp_path / "pid")
    assert not is_alive(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize("error", [None, RuntimeError, KeyboardInterrupt])
def test_leaving_the_block_ends_the_whole_family(error):
    with suppress(RuntimeError, KeyboardInterrupt), launched("python -c", PARENT, CHILD) as process:
        _, pid, port = told(process)
        assert is_alive(pid) and not is_free(port)
        if error:
            raise error
    assert not is_alive(process.pid) and not is_alive(pid) and is_free(port)
    assert process.returncode


def test_leaving_the_block_ends_what_has_lost_its_parent():
    with launched("python -c", ORPHANED, CHILD) as process:
        _, pid, port = told(process)
        assert process.wait() == 0 and is_alive(pid)
    assert not is_alive(pid) and is_free(port)


def test_a_launch_inside_a_launch_ends_with_it():
    inner = "import sys; from lessons_lib.launch import launched\nwith launched('python -c', sys.argv[1]) as process: "
    code = f"{inner}print(process.stdout.readline(), flush=True); process.wait()"
    with launched("python -c", code, CHILD) as process:
        _, pid, port = told(process)
    assert not is_alive(pid) and is_free(port)


def test_workers_are_in_the_order_of_their_ranks_without_what_they_started():
    with launched("python -c", PARENT, LAUNCHER, PARENT, CHILD) as process:
        lines = sorted(told(process) for _ in range(2))
        found = workers(process)
        assert [one.children()[0].pid for one in found] == [pid for _, pid, _ in lines]
    assert workers(process) == []


def test_a_torchrun_that_is_left_in_the_middle_leaves_no_process_and_no_port(tmp_path):
    (tmp_path / "child.py").write_text(CHILD)
    with launched("torchrun --standalone --nproc_per_node 2", tmp_path / "child.py") as process:
        lines = sorted(told(process) for _ in range(2))
        assert [one.pid for one in workers(process)] == [pid for _, pid, _ in lines]
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        open_ports = set.union(*map(ports, family))
    assert len(family) == 3 and open_ports > {port for *_, port in lines}  # and torchrun's own, where they meet
    assert not any(is_alive(one.pid) for one in family)
    assert all(map(is_free, open_ports))
