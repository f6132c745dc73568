"""Each piece of a passage beside the question: the cosines are those of the pieces themselves, and nothing is read twice."""

from collections.abc import Sequence

import numpy as np
import pytest

from duologue.knowledge.encoder import HashingEncoder
from duologue.knowledge.model import Passage
from duologue.knowledge.said import Pieces

BODY = "We fix any brand.\n\n| Repair | Price |\n| --- | --- |\n| Replace a zip | £18 |\n\n- Express: add £15."


class Counting(HashingEncoder):
    """Counts the texts that it was given."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def encode(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts += texts
        return await super().encode(texts)


def passage(ident: str, body: str = BODY) -> Passage:
    return Passage(ident, "wsp_1", "doc_1", 1, "Repairs", "Prices", body, 0, len(body), "en")


async def test_each_piece_has_the_cosine_of_its_own_text() -> None:
    encode = Counting()
    question = encode.encode_one("What does a zip cost?")
    found = await Pieces(encode).compare([passage("psg_1")], question.tolist())
    texts = {0: "We fix any brand.", BODY.index("| Replace"): "Replace a zip: £18", BODY.index("Express"): "Express: add £15."}
    expected = {at: float(np.dot(encode.encode_one(f"Repairs › Prices\n{text}"), question)) for at, text in texts.items()}
    assert found["psg_1"] == pytest.approx(expected)
    assert max(expected, key=expected.__getitem__) == BODY.index("| Replace")


async def test_a_passage_is_read_once_while_it_is_held() -> None:
    encode = Counting()
    pieces = Pieces(encode, most=2)
    vector = encode.encode_one("zip").tolist()
    first = await pieces.compare([passage("psg_1"), passage("psg_2", "Wool.")], vector)
    read = len(encode.texts)
    assert await pieces.compare([passage("psg_1")], vector) == {"psg_1": first["psg_1"]}
    assert len(encode.texts) == read
    await pieces.compare([passage("psg_3", "Felt.")], vector)
    await pieces.compare([passage("psg_1")], vector)
    assert len(encode.texts) == read + 1
    await pieces.compare([passage("psg_2", "Wool.")], vector)
    assert len(encode.texts) == read + 2


async def test_a_passage_without_pieces_says_nothing() -> None:
    encode = Counting()
    assert await Pieces(encode).compare([passage("psg_1", "## Only a heading")], [0.0] * encode.dim) == {"psg_1": {}}
    assert await Pieces(encode).compare([], []) == {}
