"""Where the embedded sentence pairs come from: their groups, and what draws the pairs. Not in the wheel."""
