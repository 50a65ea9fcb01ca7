"""Writes whatever repeats a fact: between two marks in a page, and the parts that every lesson has in common."""
