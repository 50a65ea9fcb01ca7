"""How many rows are kept of a file that is larger than the memory."""

from dataclasses import dataclass, field

import numpy as np

MOST_ROWS = 200_000  # that are kept: this and the next bound the memory, however large the file is
MOST_CHARACTERS = 400_000_000  # of the rows that are kept; from there on a new one takes the place of another


@dataclass
class Kept:
    """Rows that are kept, as many as the memory allows; each row that was offered is as likely to be among them."""

    rng: np.random.Generator
    rows: list[tuple] = field(default_factory=list)
    offered: int = 0
    characters: int = 0

    def add(self, row: tuple[str, ...]) -> None:
        """Keep `row`, or let it take the place of another, or not (Vitter's algorithm R, 1985).

        >>> kept = Kept(np.random.default_rng(0))
        >>> kept.add(("Fine.", "good"))
        >>> kept.in_order(), kept.note()
        ([('Fine.', 'good')], [])
        """
        all_kept = len(self.rows) == self.offered
        self.offered += 1
        if all_kept and len(self.rows) < MOST_ROWS and self.characters < MOST_CHARACTERS:
            self.rows.append((self.offered, row))
            self.characters += sum(map(len, row))
        elif (slot := int(self.rng.integers(self.offered))) < len(self.rows):
            self.rows[slot] = (self.offered, row)

    def in_order(self) -> list[tuple]:
        """Return the rows in the order in which they were offered."""
        return [row for _, row in sorted(self.rows, key=lambda one: one[0])]

    def note(self) -> list[str]:
        """Say that not all rows are kept, where that is so."""
        if self.offered == len(self.rows):
            return []
        return [f"{self.offered:,} rows can be used; {len(self.rows):,} are, drawn at random, to bound the memory"]
