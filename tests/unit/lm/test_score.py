import math
from collections.abc import Callable

import pytest
import torch

from duologue.kit.errors import Invalid
from duologue.lm.nets.transformer import Transformer
from duologue.lm.text.tokenizer import TextTokenizer
from duologue.lm.writing.score import bits_per_byte, score_text, token_logprobs

Make = Callable[..., Transformer]


def test_every_token_of_a_long_text_is_scored_once_with_at_least_half_the_context(make_model: Make) -> None:
    model = make_model(context=16)
    ids = torch.randint(0, 60, (75,), generator=torch.Generator().manual_seed(3)).tolist()
    found = token_logprobs(model, ids)
    assert len(found) == 74
    for i in (1, 9, 15, 16, 17, 40, 74):
        candidates = [
            model(torch.tensor([ids[first:i]]))[0, -1].log_softmax(-1)[ids[i]] for first in range(max(0, i - 16), max(1, i - 7))
        ]
        assert any(torch.allclose(found[i - 1], c, atol=1e-4) for c in candidates), i
    short = token_logprobs(model, ids[:12])
    torch.testing.assert_close(
        short, model(torch.tensor([ids[:11]]))[0].log_softmax(-1).gather(-1, torch.tensor(ids[1:12])[:, None])[:, 0]
    )


def test_a_text_is_as_likely_as_its_beginning_times_its_continuation(make_model: Make, tokenizer: TextTokenizer) -> None:
    model = make_model(vocab_size=tokenizer.vocab_size)
    whole = score_text(model, tokenizer, "The parcel\n包裹")
    first, second = score_text(model, tokenizer, "The parcel\n"), score_text(model, tokenizer, "The parcel\n", "包裹")
    assert whole.logprob == pytest.approx(first.logprob + second.logprob, abs=1e-3)
    assert whole.logprob == pytest.approx(sum(whole.token_logprobs), abs=1e-3)
    assert second.num_bytes == 6
    assert whole.perplexity == pytest.approx(math.exp(-whole.logprob / len(whole.token_logprobs)))
    bits = -(first.logprob + second.logprob) / math.log(2) / (first.num_bytes + second.num_bytes)
    assert whole.bits_per_byte == pytest.approx(bits, rel=1e-4)
    assert bits_per_byte(model, tokenizer, ["The parcel\n包裹", ""]) == pytest.approx(bits, rel=1e-4)


def test_nothing_to_score_is_refused(make_model: Make, tokenizer: TextTokenizer) -> None:
    with pytest.raises(Invalid, match="nothing to score"):
        score_text(make_model(vocab_size=tokenizer.vocab_size), tokenizer, "")
