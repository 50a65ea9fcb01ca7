"""On PYTHONPATH of every process that the tests start, kernels too: it reaches no machine but the one it runs on."""

import socket

LOOPBACK = ("localhost", "127.", "::1", "0.0.0.0")
CUT = "the tests run with the network cut"

_lookup = socket.getaddrinfo


def _is_here(host) -> bool:
    host = host.decode() if isinstance(host, bytes) else host
    return not host or host.startswith(LOOPBACK)


def _lookup_here(host, *args, **kwargs):
    if not _is_here(host):
        raise socket.gaierror(socket.EAI_AGAIN, f"{CUT}: {host}")
    return _lookup(host, *args, **kwargs)


def _connecting_here(connect):
    def connect_here(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise OSError(f"{CUT}: {address[0]}")
        return connect(self, address)

    return connect_here


socket.getaddrinfo = _lookup_here
for name in ("connect", "connect_ex"):
    setattr(socket.socket, name, _connecting_here(getattr(socket.socket, name)))
