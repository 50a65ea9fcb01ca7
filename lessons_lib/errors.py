"""The error that is a sentence for the person who reads it."""


class SetupError(RuntimeError):
    """A setting that cannot work; a notebook shows its sentence alone, with no traceback above it."""

    def _render_traceback_(self) -> list[str]:
        return [f"SetupError: {self}"]


class DataError(SetupError):
    """A file that cannot be used as asked; a notebook shows its sentence alone, with no traceback above it."""

    def _render_traceback_(self) -> list[str]:
        return [f"DataError: {self}"]
