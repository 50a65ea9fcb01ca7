"""Fetch what a page takes from npm: `python -m lessons_lib.page`, once, with a network."""

from lessons_lib.errors import SetupError
from lessons_lib.page.vendor import fetch_vendor

try:
    print(f"What a page takes from npm is in {fetch_vendor()}.")
except SetupError as error:
    raise SystemExit(str(error)) from None
