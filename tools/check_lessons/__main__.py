"""Checks lessons: `python -m tools.check_lessons`."""

import sys

from tools.check_lessons import main

sys.exit(main(sys.argv[1:]))
