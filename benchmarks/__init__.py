"""Measurements that take too long for a lesson: one file per question, see README.md."""
