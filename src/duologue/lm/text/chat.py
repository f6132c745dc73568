"""Conversations as token ids: the chat format of our own models, in one pass together with the mask of what is learnt.

    <|bos|> (<|system|> | <|user|> | <|assistant|>  text  <|end_of_turn|>)*

A passage to answer from stands in the system message. The mask is 1 on what the assistant writes and on the token that
ends its turn, so that stopping is learnt too. `CHAT_TEMPLATE` says the same in Jinja for other programs; with it,
transformers' `apply_chat_template` gives the same ids and the same mask (text there can spell special tokens, here it cannot).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from duologue.kit.errors import Invalid
from duologue.lm.text.tokenizer import ASSISTANT, BOS, END_OF_TURN, ROLES, TextTokenizer

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}{{ '<|' + message['role'] + '|>' }}"
    "{% if message['role'] == 'assistant' %}"
    "{% generation %}{{ message['content'] | trim }}{{ '<|end_of_turn|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] | trim }}{{ '<|end_of_turn|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


# What our models were taught to answer, word for word, when the passage does not hold the answer; programs may test for it.
NOT_IN_TEXT = {"en": "The text does not say.", "zh": "文中没有说明。"}

Message = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A conversation as ids, and for each id whether it is learnt (1) or only read (0)."""

    ids: list[int]
    mask: list[int]


def render(tokenizer: TextTokenizer, messages: Sequence[Message], *, for_reply: bool = False) -> Rendered:
    """Render messages `{"role": system|user|assistant, "content": text}`; `for_reply` opens the assistant's turn at the end.

    Another program's model is asked through its own chat template. Raises Invalid for an unknown role.
    """
    if not tokenizer.is_ours:
        from duologue.lm.text.template import apply_template

        return Rendered(*apply_template(tokenizer, messages, for_reply=for_reply))
    ids, mask = [tokenizer.special(BOS)], [0]
    for message in messages:
        role = message["role"]
        if role not in ROLES:
            raise Invalid(f"A conversation has the roles {', '.join(ROLES)}; {role!r} is none of them.")
        said = [*tokenizer.encode(message["content"].strip()), tokenizer.special(END_OF_TURN)]
        ids += [tokenizer.special(ROLES[role]), *said]
        mask += [0] + [int(role == "assistant")] * len(said)
    if for_reply:
        ids.append(tokenizer.special(ASSISTANT))
        mask.append(0)
    return Rendered(ids, mask)


def render_within(tokenizer: TextTokenizer, messages: Sequence[Message], max_tokens: int) -> Rendered | None:
    """The longest beginning of a conversation that fits and ends with an assistant's turn; None where there is none."""
    for end in range(len(messages), 0, -1):
        if messages[end - 1]["role"] != "assistant":
            continue
        rendered = render(tokenizer, messages[:end])
        if len(rendered.ids) <= max_tokens:
            return rendered
    return None
