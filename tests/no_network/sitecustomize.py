"""On PYTHONPATH of every process that the tests start, kernels too: it reaches no machine but the one it runs on."""

import socket
import sys

LOOPBACK = ("localhost", "127.", "::1", "0.0.0.0")
CUT = "the tests run with the network cut"


def refuse(event: str, arguments: tuple) -> None:
    """Raise an error where another machine's name is looked up or a connection to it opened: Python announces both."""
    if event == "socket.getaddrinfo":
        host, error = arguments[0], socket.gaierror
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host, error = arguments[1][0], OSError
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host
    if host and isinstance(host, str) and not host.startswith(LOOPBACK):
        raise error(socket.EAI_AGAIN, f"{CUT}: {host}")


sys.addaudithook(refuse)
