"""Exercises of lesson 01: pieces and words, a pair taken apart, WordPiece's own spans, and windows."""

from functools import cache

import numpy as np
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

from lessons_lib.exercises.engine import Exercise, Mistake

CLS, SEP, PAD = "[CLS]", "[SEP]", "[PAD]"
CUTS = ["tea", "##cup", "volley", "##ball", "##er", "##s", "##s", "the", "a", "#", "#", ".", "[UNK]", "2", "##nd"]


def _pieces(rng: np.random.Generator) -> tuple[list[str]]:
    return (["the", *rng.choice(CUTS, rng.integers(5, 12)).tolist(), "#", "##s"],)


pieces_per_word = Exercise(
    reference=lambda pieces: len(pieces) / len(decoders.WordPiece(cleanup=False).decode(pieces).split()),
    draw=_pieces,
    mistakes=(
        Mistake(
            lambda pieces: sum(not piece.startswith("##") for piece in pieces) / len(pieces),
            "That's words per piece: turn the fraction over.",
        ),
        Mistake(
            lambda pieces: sum(piece.startswith("##") for piece in pieces) / len(pieces),
            "That's the share of pieces inside a word: a word begins at each of the others.",
        ),
        Mistake(
            lambda pieces: (
                sum(piece.startswith("##") for piece in pieces) / sum(not piece.startswith("##") for piece in pieces)
            ),
            "A word's first piece counts, too.",
        ),
        Mistake(
            lambda pieces: len(pieces) / sum("#" not in piece for piece in pieces),
            "A `#` alone is a word of the text: only `##` in front says that a word goes on.",
        ),
        Mistake(
            lambda pieces: len(pieces) / len({piece for piece in pieces if not piece.startswith("##")}),
            "You counted each word once: one that comes twice is two words.",
        ),
        Mistake(
            lambda pieces: len(pieces) / sum(piece.startswith("##") for piece in pieces),
            "You divided by the pieces inside words: divide by those that begin one.",
        ),
    ),
    hints=(
        "Which pieces begin a word?",
        "`piece.startswith('##')` says that a word goes on.",
        "Divide `len(pieces)` by how many pieces don't start with `##`.",
    ),
)


@cache
def _tokenizer(ids: int = 100, cls_id: int = 1, sep_id: int = 2) -> Tokenizer:
    """Return a tokenizer whose words are the numbers below `ids`, each its own id."""
    names = {cls_id: CLS, sep_id: SEP, 0: PAD}
    tokenizer = Tokenizer(models.WordLevel({names.get(one, str(one)): one for one in range(ids)}, unk_token=PAD))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.BertProcessing((SEP, sep_id), (CLS, cls_id))
    return tokenizer


def _text(ids: list[int]) -> str:
    return " ".join(map(str, ids))


def _pair(rng: np.random.Generator) -> tuple[list[int], list[int], list[int]]:
    tokenizer = _tokenizer()
    tokenizer.no_truncation()
    first, second = (rng.integers(3, 100, rng.integers(1, 7)).tolist() for _ in range(2))
    encoding = tokenizer.encode(_text(first), _text(second))
    encoding.pad(len(encoding.ids) + int(rng.integers(0, 4)), pad_id=0, pad_token=PAD)
    return encoding.ids, encoding.type_ids, encoding.attention_mask


def _apart(input_ids: list[int], token_type_ids: list[int], attention_mask: list[int]) -> tuple[list[int], list[int]]:
    ids, types = np.array(input_ids), np.array(token_type_ids)
    first, second = (ids[(types == one) & (ids > 2)].tolist() for one in (0, 1))
    return first, second


def _of_type(input_ids: list[int], token_type_ids: list[int], one: int) -> list[int]:
    return [each for each, kind in zip(input_ids, token_type_ids, strict=False) if kind == one]


take_pair_apart = Exercise(
    reference=_apart,
    draw=_pair,
    mistakes=(
        Mistake(
            lambda ids, types, mask: (_of_type(ids, types, 0)[1:-1], _of_type(ids, types, 1)[:-1]),
            "Padding has token type 0, as the first sentence has: `attention_mask` tells them apart.",
        ),
        Mistake(
            lambda ids, types, mask: (_of_type(ids, types, 0), _of_type(ids, types, 1)),
            "Take off `[CLS]`, the `[SEP]` after each sentence, and the padding, which the mask shows.",
        ),
        Mistake(
            lambda ids, types, mask: (_of_type(ids[: sum(mask)], types, 0), _of_type(ids, types, 1)),
            "The padding is gone; now take off `[CLS]`, and the `[SEP]` after each sentence.",
        ),
        Mistake(
            lambda ids, types, mask: (_of_type(ids[: sum(mask)], types, 0)[1:-1], _of_type(ids, types, 1)),
            "The second sentence ends in a `[SEP]`, too.",
        ),
        Mistake(
            lambda ids, types, mask: (_of_type(ids[: sum(mask)], types, 0)[1:-1], _of_type(ids, types, 1)[1:-1]),
            "The second sentence has no `[CLS]`: only its last token is special.",
        ),
        Mistake(
            lambda ids, types, mask: _apart(ids, types, mask)[::-1],
            "It's the other way round: type 0 is the first sentence.",
        ),
        Mistake(
            lambda ids, types, mask: [one for ids in _apart(ids, types, mask) for one in ids],
            "That's one list: return two, one per sentence.",
        ),
    ),
    hints=(
        "Where does the text end, and where does the second sentence begin?",
        "`sum(attention_mask)` tokens aren't padding, and `sum(token_type_ids)` of them are the second sentence's.",
        "The first sentence lacks `[CLS]` at its start and `[SEP]` at its end, the second only `[SEP]`.",
    ),
)


def _word(rng: np.random.Generator) -> tuple[str, dict[str, int]]:
    letters, lengths = [*"abc"], [2, 3, 3]
    begin, inside = (["".join(rng.choice(letters, length)) for length in rng.choice(lengths, 12)] for _ in range(2))
    known = {*letters, *begin, *(f"##{piece}" for piece in [*letters, *inside])}
    length = int(rng.choice([6, 8, 100, 101]))
    word = "".join(rng.choice(letters, length))
    if length == 6:
        word = word[:4] + "d" + word[4:]  # nothing in the vocabulary has it
    return word, {piece: number for number, piece in enumerate(["[UNK]", *sorted(known)])}


def _spans(word: str, vocabulary: dict[str, int], limit: int = 100, mark: str = "##") -> list[tuple[int, int]]:
    model = models.WordPiece(
        vocabulary, unk_token="[UNK]", max_input_chars_per_word=limit, continuing_subword_prefix=mark
    )
    return Tokenizer(model).encode(word).offsets


def _loop(word: str, vocabulary: dict[str, int], which: int = -1, stuck: str = "all") -> list[tuple[int, int]]:
    """Return the spans of a cut that takes fit number `which`, and where nothing fits does as `stuck` says."""
    if len(word) > 100:
        return [(0, len(word))]
    spans, start = [], 0
    while start < len(word):
        fits = [e for e in range(start + 1, len(word) + 1) if "##" * bool(start) + word[start:e] in vocabulary]
        if not fits and stuck != "skip":
            return [*spans, (start, len(word))] if stuck == "rest" else [(0, len(word))]
        spans += [(start, fits[which])] if fits else []
        start = fits[which] if fits else start + 1
    return spans


piece_spans = Exercise(
    reference=_spans,
    draw=_word,
    mistakes=(
        Mistake(
            lambda word, vocabulary: _spans(word, vocabulary, limit=10**6),
            "There's a rule more: over 100 characters, the tokenizer doesn't even try, and the word is one piece.",
        ),
        Mistake(
            lambda word, vocabulary: _spans(word, vocabulary, limit=99),
            "A word of exactly 100 characters is still cut.",
        ),
        Mistake(
            lambda word, vocabulary: _spans(word, vocabulary, mark=""),
            "Inside a word, look for the piece with `##` in front.",
        ),
        Mistake(
            lambda word, vocabulary: _loop(word, vocabulary, which=0),
            "That takes the shortest piece that fits: greedy takes the longest.",
        ),
        Mistake(
            lambda word, vocabulary: _loop(word, vocabulary, stuck="rest"),
            "Where nothing fits, the whole word is unknown, and not only the rest.",
        ),
        Mistake(
            lambda word, vocabulary: _loop(word, vocabulary, stuck="skip"),
            "You step over a character that doesn't fit: it makes the whole word unknown.",
        ),
        Mistake(
            lambda word, vocabulary: [word[start:end] for start, end in _spans(word, vocabulary)],
            "Those are the letters: return where they start and end.",
        ),
    ),
    hints=(
        "It's `wordpiece` from section 1, with places in place of pieces.",
        "Keep `(start, end)` for each piece; the next one starts where this one ends.",
        "Two cases give `[(0, len(word))]`: nothing fits, or the word has over 100 characters.",
    ),
)


def _windows(ids: list[int], max_length: int, stride: int, cls_id: int, sep_id: int) -> list[list[int]]:
    tokenizer = _tokenizer(cls_id=cls_id, sep_id=sep_id)
    tokenizer.enable_truncation(max_length, stride=stride)
    encoding = tokenizer.encode(_text(ids))
    return [one.ids for one in (encoding, *encoding.overflowing)]


def _slices(ids: list[int], room: int, step: int, cls_id: int, sep_id: int) -> list[list[int]]:
    return [[cls_id, *ids[start : start + room], sep_id] for start in range(0, len(ids), step)]


def _long(rng: np.random.Generator) -> tuple[list[int], int, int, int, int]:
    room = int(rng.integers(4, 8))
    stride = int(rng.integers(1, room - 1))
    exact = room + int(rng.integers(1, 4)) * (room - stride)  # the last window is full
    length = int(rng.choice([exact, exact + 1, rng.integers(1, stride + 1), rng.integers(room, 25)]))
    cls_id, sep_id = rng.choice(np.arange(1, 6), 2, replace=False).tolist()
    return rng.integers(6, 100, length).tolist(), room + 2, stride, cls_id, sep_id


cut_windows = Exercise(
    reference=_windows,
    draw=_long,
    mistakes=(
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: _slices(ids, most - 2, most - 2 - stride, cls_id, sep_id),
            "Your last window may hold nothing new: stop when a window has reached the end.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: _slices(ids, most - 2, stride, cls_id, sep_id),
            "`stride` is what two windows share, not how far the next one moves on.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: _slices(ids, most - 2, most - 2, cls_id, sep_id),
            "Your windows don't overlap: each repeats the last `stride` ids of the one before.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: _windows(ids, most + 2, stride, cls_id, sep_id),
            "`max_length` counts the special tokens, too: two fewer ids fit.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: [
                window[1:-1] for window in _windows(ids, most, stride, cls_id, sep_id)
            ],
            "Each window needs `cls_id` at its start and `sep_id` at its end.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: [
                window
                for window in _windows(ids, most, stride, cls_id, sep_id)
                if len(window) == most or len(ids) < most - 2
            ],
            "The last window may be shorter than the others: keep it.",
        ),
        Mistake(
            lambda ids, most, stride, cls_id, sep_id: _windows(ids, most, stride, cls_id, sep_id)[:1],
            "That's the first window: the others hold the rest of the text.",
        ),
    ),
    hints=(
        "How many ids fit into a window, and how far does the next one move on?",
        "`max_length - 2` ids fit; the next window starts `stride` ids before this one's end.",
        "A window after the first is needed only where more than `stride` ids are left at its start.",
    ),
)
