"""Text to token ids and back: byte-level BPE in the format of the `tokenizers` library.

Knows the special tokens (all of them stand here) and how text is cut before merging. Knows nothing of conversations
(`lm/text/chat.py`) or of models. No text can produce a special token: `<|end|>` typed by a person becomes ordinary bytes.

Source of the method: Sennrich et al. 2016 (BPE); Radford et al. 2019 (bytes as the base alphabet).
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from tokenizers.decoders import DecodeStream

from duologue.kit.errors import Invalid
from duologue.lm.text.dialect import Dialect, read_dialect

PAD, BOS, END = "<|pad|>", "<|bos|>", "<|end|>"
SYSTEM, USER, ASSISTANT, END_OF_TURN = "<|system|>", "<|user|>", "<|assistant|>", "<|end_of_turn|>"
ROLES = {"system": SYSTEM, "user": USER, "assistant": ASSISTANT}
RESERVED = tuple(f"<|reserved_{i}|>" for i in range(16))
SPECIALS = (PAD, BOS, END, SYSTEM, USER, ASSISTANT, END_OF_TURN, *RESERVED)

# Pieces inside which BPE merges, in order: English clitics; a run of Han; a run of other letters with the space before it;
# one or two digits; a run of signs with the space before it; one line end; white space, but for the space that belongs to
# the next piece.
PIECES = (
    r"'(?:s|t|re|ve|m|ll|d)(?![\p{L}])"
    r"|\p{Han}+"
    r"| ?[[\p{L}\p{M}]&&[^\p{Han}]]+"
    r"|\p{N}{1,2}"
    r"| ?[^\s\p{L}\p{M}\p{N}]+"
    r"|\r?\n"
    r"|[^\S\r\n]+(?!\S)|\s"
)


def _byte_letters() -> dict[int, str]:
    """The printable letter that stands for each byte in the vocabulary (the table of GPT-2)."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [b for b in range(256) if b not in plain]
    return {b: chr(b) for b in plain} | {b: chr(256 + i) for i, b in enumerate(others)}


LETTER_OF_BYTE = _byte_letters()
BYTE_OF_LETTER = {letter: byte for byte, letter in LETTER_OF_BYTE.items()}


class TextTokenizer:
    """A trained tokenizer. Ids are those of `tokenizer.json`; special tokens come only from `special()`."""

    def __init__(self, inner: Tokenizer, dialect: Dialect | None = None) -> None:
        """`dialect` is that of another program's model; without it the tokenizer is one of ours."""
        self.inner = inner
        self.inner.encode_special_tokens = True
        self.inner.no_truncation()  # a file may say to cut or to fill; whoever reads a text here wants all of it and no more
        self.inner.no_padding()
        letters = inner.get_vocab(with_added_tokens=False)
        self._id_of_byte = {byte: letters[letter] for byte, letter in LETTER_OF_BYTE.items() if letter in letters}
        self._special_ids = {t.content: i for i, t in inner.get_added_tokens_decoder().items() if t.special}
        self.is_ours = dialect is None
        self.dialect = dialect or Dialect(
            begin=tuple(self._special_ids[t] for t in (BOS,) if t in self._special_ids),
            ends=tuple(self._special_ids[t] for t in (END_OF_TURN, END) if t in self._special_ids),
        )

    @property
    def vocab_size(self) -> int:
        """Number of ids, special ones included."""
        return int(self.inner.get_vocab_size(with_added_tokens=True))

    @property
    def special_ids(self) -> dict[str, int]:
        """Id of every special token by its text."""
        return dict(self._special_ids)

    def special(self, token: str) -> int:
        """Id of a special token. Raises Invalid for a token that this vocabulary lacks."""
        if token not in self._special_ids:
            raise Invalid(f"This tokenizer has no token {token}; use one trained by this program or import its chat template.")
        return self._special_ids[token]

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without any special token."""
        return list(self.inner.encode(text, add_special_tokens=False).ids)

    def encode_all(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of many texts, in parallel."""
        return [list(e.ids) for e in self.inner.encode_batch_fast(texts, add_special_tokens=False)]

    def encode_marked(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Ids of a text in which special tokens are spelt, as a chat template writes them, and where each stands in it."""
        self.inner.encode_special_tokens = False
        try:
            found = self.inner.encode(text, add_special_tokens=False)
        finally:
            self.inner.encode_special_tokens = True
        return list(found.ids), list(found.offsets)

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids without the special ones; incomplete characters become U+FFFD."""
        return str(self.inner.decode(list(ids), skip_special_tokens=True))

    def encode_bytes(self, data: bytes) -> list[int]:
        """Ids of any bytes: valid UTF-8 as text, each broken byte as its own token."""
        ids: list[int] = []
        run = ""
        for char in data.decode("utf-8", "surrogateescape"):
            if "\udc80" <= char <= "\udcff":
                ids += self.encode(run) if run else []
                ids.append(self._id_of_byte[ord(char) - 0xDC00])
                run = ""
            else:
                run += char
        return ids + (self.encode(run) if run else [])

    def decode_bytes(self, ids: Sequence[int]) -> bytes:
        """The bytes behind ids, special tokens left out. Inverse of `encode_bytes`."""
        special = set(self._special_ids.values())
        letters = "".join(self.inner.id_to_token(i) or "" for i in ids if i not in special)
        return bytes(BYTE_OF_LETTER[letter] for letter in letters)

    def stream(self) -> "TextStream":
        """A decoder for ids that arrive one by one."""
        return TextStream(self.inner)

    def save(self, path: Path) -> None:
        """Write `tokenizer.json`."""
        self.inner.save(str(path), pretty=False)


class TextStream:
    """Turns ids into text as they arrive; gives whole characters only, never half of one."""

    def __init__(self, inner: Tokenizer) -> None:
        self._inner = inner
        self._stream = DecodeStream(skip_special_tokens=True)

    def push(self, token: int) -> str:
        """Text that this id completes, possibly empty."""
        return self._stream.step(self._inner, token) or ""


def load_tokenizer(path: Path) -> TextTokenizer:
    """Read a `tokenizer.json`, and beside it the dialect where it is not ours.

    Raises Invalid where there is none or it cannot be read.
    """
    try:
        inner = Tokenizer.from_file(str(path))
        is_ours = {t.content for t in inner.get_added_tokens_decoder().values()} >= {BOS, END_OF_TURN, *ROLES.values()}
        return TextTokenizer(inner, None if is_ours else read_dialect(path.parent, inner))
    except Exception as error:  # the library raises bare Exception for every fault
        raise Invalid(f"{path} is not a tokenizer file of the tokenizers library: {error}.") from error


def train_tokenizer(texts: Iterable[str], vocab_size: int, *, show_progress: bool = True) -> TextTokenizer:
    """Learn the merges from texts. `vocab_size` counts bytes (256) and special tokens too.

    Raises Invalid for a vocabulary too small to hold them.
    """
    if vocab_size < 256 + len(SPECIALS):
        raise Invalid(f"A vocabulary needs at least {256 + len(SPECIALS)} entries (256 bytes and the special tokens).")
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[AddedToken(t, special=True, normalized=False) for t in SPECIALS],
        initial_alphabet=sorted(BYTE_OF_LETTER),
        max_token_length=24,
        show_progress=show_progress,
    )
    inner.train_from_iterator(texts, trainer)
    begin = inner.token_to_id(BOS)  # so that other programs read a text as we do, its beginning token first
    inner.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", pair=f"{BOS} $A $B", special_tokens=[(BOS, begin)])
    return TextTokenizer(inner)
