"""What no answer may say, whoever taught it: words that command the model, asking for secrets, addresses of nobody knows whom.

Patterns only, in English and Chinese. They find what is said openly; a lie in the house's own words they do not find.
"""

import re
from collections.abc import Collection, Iterable

from duologue.assistant.guard import is_injected
from duologue.kit.text import normalise
from duologue.knowledge.terms import index_terms

_SECRET = (
    r"(?:passwords?|passcode|pin(?: code| number)?|cvv2?|security (?:code|number)|(?:verification|one-?time|sms) codes?"
    r"|(?:credit |debit |bank )?card (?:number|details)|bank (?:details|account number)|account password|passport number)"
)
_ASKS = re.compile(
    rf"\b(?:send|give|tell|reply with|provide|share|state|e-?mail|text)\b[^.?!\n]{{0,40}}?\b{_SECRET}\b"
    rf"|(?<!\byou )\b(?:need|require|want)\b[^.?!\n]{{0,24}}?\b{_SECRET}\b"
    r"|(?:(?<!我们)发|提供|告诉|告知|回复|报|需要)[^。?!？！，,\n]{0,16}?(?:密码|卡号|验证码|安全码|银行账号|身份证号|支付口令)"
    r"|把[^。?!？！，,\n]{0,12}?(?:密码|卡号|验证码|安全码|银行账号|身份证号)[^。?!？！，,\n]{0,6}?(?:发|给|告诉|告知|报)"
)
_DECLINES = re.compile(
    r"\b(?:never|not|cannot|without|no one|nobody|no need|refuse)\b|n't\b|(?:请勿|不要|切勿|不会|勿|别|无需|不必|不用|从不|绝不)",
    re.I,
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>()\[\]，。；、）]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|\b[a-z0-9-]{2,}(?:\.[a-z0-9-]{2,})*\.(?:com|net|org|io|app|shop|top|xyz|cn|co\.uk|example|info|link|site)\b",
    re.I,
)


def asks_for_secret(text: str) -> bool:
    """Whether a text wants a password, a code or the number of a card; to warn of it is not to ask for it."""
    for piece in re.split(r"(?<=[.?!。？！;；\n])", normalise(text).casefold()):
        if (found := _ASKS.search(piece)) and not _DECLINES.search(piece[: found.end()]):
            return True
    return False


def find_addresses(texts: Iterable[str]) -> set[str]:
    """Links, domains and mail addresses, in lower case."""
    return {found[0].casefold().rstrip(".,;:!?") for text in texts for found in _ADDRESS.finditer(text)}


def find_hosts(addresses: Iterable[str]) -> set[str]:
    """The names of the machines that addresses lead to, without `www.`."""
    bare = (re.sub(r"^https?://", "", address).rpartition("@")[2] for address in addresses)
    return {re.split(r"[/?#:]", host, maxsplit=1)[0].removeprefix("www.") for host in bare}


def is_strange(text: str, known: Collection[str]) -> bool:
    """Whether a text names a machine that is neither among `known` hosts nor below one of them."""
    return any(not any(host == k or host.endswith(f".{k}") for k in known) for host in find_hosts(find_addresses([text])))


def is_unsafe(text: str, known: Collection[str] = (), question: str = "") -> bool:
    """Whether an answer may not leave. `known`: the addresses that the house itself names.

    An order to the model that says nothing but the `question`'s words again is no order of the answer's: a small model echoes.
    """
    strange = [a for a in find_addresses([text]) if a not in known]
    return (is_injected(text) and not _repeats(text, question)) or asks_for_secret(text) or bool(strange)


def _repeats(text: str, question: str) -> bool:
    return bool(question) and set(index_terms(text)) <= set(index_terms(question))
