"""The book: every lesson as it ran, the pages of docs/, and an index of calls, as a site that needs no network."""
