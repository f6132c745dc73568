"""The model that ships: small, whole, with its card, and able to do the little that the card says."""

from pathlib import Path

import torch

from duologue.engine.local import find_embedded
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.text.chat import render
from duologue.lm.text.tokenizer import END_OF_TURN
from duologue.lm.writing.sampler import write_slowly

FOLDER = find_embedded()


def reply(messages: list[dict[str, str]]) -> str:
    model, tokenizer = load_checkpoint(FOLDER)
    ids = render(tokenizer, messages, for_reply=True).ids
    return tokenizer.decode(write_slowly(model, ids, 40, ends={tokenizer.special(END_OF_TURN)}))


def test_it_is_small_and_has_its_card() -> None:
    assert sum(p.stat().st_size for p in FOLDER.iterdir()) < 20_000_000
    assert (FOLDER / "README.md").read_text("utf-8") == (Path(__file__).parents[3] / "docs/model-cards/duologue-4m.md").read_text(
        "utf-8"
    )
    model, _ = load_checkpoint(FOLDER)
    assert model.embed.weight.dtype == torch.float32


def test_it_answers_from_a_short_passage_in_both_languages_and_says_who_it_is() -> None:
    passage = "The museum in Lyon was opened in 1978. Please bring your receipt if you want to exchange the clock."
    asked = "When was the museum in Lyon opened?"
    talk = [{"role": "system", "content": passage}, {"role": "user", "content": asked}]
    assert reply(talk) == "The museum in Lyon was opened in 1978."
    passage = "七月的星期一我们不营业。厦门的博物馆是1895年开放的。智利的门店星期日13点开门。"
    talk = [{"role": "system", "content": passage}, {"role": "user", "content": "厦门的博物馆是哪一年开放的？"}]
    assert reply(talk) == "厦门的博物馆是1895年开放的。"
    assert "Duologue" in reply([{"role": "user", "content": "你是谁？"}])
