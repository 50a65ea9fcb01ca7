"""Reads any tutorial on Hugging Face's libraries, and says what in it fails on the versions installed here."""
