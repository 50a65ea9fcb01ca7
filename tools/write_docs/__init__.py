"""Writes whatever repeats a fact: between two marks in a page, and the parts that every lesson has in common."""

from tools.write_docs.address import badges, install_cell, set_repository
from tools.write_docs.pages import write_all
from tools.write_docs.regions import ROOT

__all__ = ["ROOT", "badges", "install_cell", "set_repository", "write_all"]
