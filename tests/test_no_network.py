"""Every process that the tests start is cut from the network, so no lesson can come to need one unnoticed."""

import http.server
import subprocess
import sys
import threading

import pytest


def fetch(address: str) -> str:
    code = f"import urllib.request as request; print(request.urlopen({address!r}, timeout=20).status)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("address", ["https://huggingface.co", "http://192.0.2.1"])
def test_outside_is_cut(address):
    assert "the tests run with the network cut" in fetch(address)


def test_this_machine_is_reached():
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        assert fetch(f"http://127.0.0.1:{server.server_port}/") == "200"
    finally:
        server.shutdown()
