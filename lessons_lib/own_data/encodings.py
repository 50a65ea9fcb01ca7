"""How the bytes of a file become text."""

import codecs
import io
from pathlib import Path

from charset_normalizer import from_bytes

from lessons_lib.errors import DataError
from lessons_lib.own_data.files import SAMPLE, SAVE_AS

WESTERN = "cp1252"
# fmt: off
ENCODINGS = [
    WESTERN, "latin_1", "cp1250", "cp1251", "cp1253", "cp1254", "koi8_r", "cp932", "shift_jis", "gb18030", "big5",
    "euc_kr",
]
# fmt: on
MARKS = {  # a byte-order mark, and what it stands for; the longer ones first
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def check_encoding(path: Path, encoding: str) -> None:
    """Raise `DataError` where `encoding` is none that Python has, or none that bytes of a file can be read with."""
    with path.open("rb") as stream:
        start = stream.read(1000)
    try:
        "".encode(encoding)
        codecs.getincrementaldecoder(encoding)("replace").decode(start)
    except (LookupError, ValueError, TypeError):
        raise DataError(f"There is no encoding {encoding!r}. Write one that Python has: utf-8, cp1252, …") from None


def find_encoding(path: Path) -> tuple[str, str, str]:
    """Return the encoding of a text file, how to treat bytes that do not fit (`errors`), and a note or `""`.

    Raises `DataError` where the bytes are no text at all.
    """
    with path.open("rb") as stream:
        start = stream.read(SAMPLE)
    for mark, encoding in MARKS.items():
        if start.startswith(mark):
            return encoding, "replace", ""
    zeros = [start[place::2].count(0) / max(len(start) // 2, 1) for place in (0, 1)]
    if max(zeros) > 0.3 and min(zeros) < 0.05:
        encoding = "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
        return encoding, "replace", f"read as {encoding}, by its zero bytes"
    control = sum(byte < 9 or 14 <= byte < 32 for byte in start if byte != 27)
    if control > 0.02 * len(start):
        raise DataError(
            f"{path.name} is no text: one byte in {len(start) // control} is a control character. {SAVE_AS}"
        )
    bad, good, around = _utf8_faults(path)
    if not bad:
        return "utf-8", "strict", ""
    if good > bad:
        note = f"{bad} lines hold bytes that are no UTF-8, among {good} that are: such bytes became �"
        return "utf-8", "replace", note
    encoding = _guess(around)
    return encoding, "replace", f"not UTF-8, read as {encoding}: check the accents, or pass encoding=…"


def _utf8_faults(path: Path) -> tuple[int, int, bytes]:
    """Return how many lines are not UTF-8, how many hold letters that are, and some of the former."""
    bad, good, around = 0, 0, io.BytesIO()
    with path.open("rb") as stream:
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                if around.tell() < SAMPLE:
                    around.write(line)
    return bad, good, around.getvalue()


def _guess(sample: bytes) -> str:
    """Return what charset-normalizer finds likeliest, but for two ties that it breaks without looking further."""
    matches = from_bytes(sample, cp_isolation=ENCODINGS)
    best = matches.best()
    if best is None:
        return WESTERN
    if best.encoding in ("cp1251", "koi8_r"):  # the same letters with their case swapped; most are lower case
        return max("cp1251", "koi8_r", key=lambda one: sum(map(str.islower, sample.decode(one, "replace"))))
    western = any(one.encoding == WESTERN and one.chaos <= best.chaos for one in matches)
    same = sample.decode(best.encoding, "replace") == sample.decode(WESTERN, "replace")
    return WESTERN if western or same else best.encoding
