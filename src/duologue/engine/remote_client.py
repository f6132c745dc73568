"""The official client of OpenAI's API as every port to a far server uses it, and what its failures mean in a sentence."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from openai import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    AuthenticationError,
    RateLimitError,
    Timeout,
)

from duologue.kit.errors import ModelUnavailable

CONNECT_TIMEOUT_S = 10.0


def is_elsewhere(url: str) -> bool:
    """Whether an address is not this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def make_client(base_url: str, api_key: str, timeout_s: float) -> AsyncOpenAI:
    """A client of the server at `base_url`, which ends in `/v1`."""
    timeout = Timeout(timeout_s, connect=min(CONNECT_TIMEOUT_S, timeout_s))
    return AsyncOpenAI(base_url=base_url, api_key=api_key or "none", max_retries=1, timeout=timeout)


def explain(error: APIError, who: str, key: str) -> ModelUnavailable:
    """What a failure of the far side means. `who` begins the sentence; `key` is the setting that holds the key."""
    sentences: Sequence[tuple[type[APIError], str]] = (
        (APITimeoutError, f"{who} did not answer in time."),
        (APIConnectionError, f"{who} cannot be reached; check its address and that it runs."),
        (AuthenticationError, f"{who} refuses the key; check {key}."),
        (RateLimitError, f"{who} is over its quota or too busy."),
    )
    for kind, sentence in sentences:
        if isinstance(error, kind):
            return ModelUnavailable(sentence)
    status = f" (status {error.status_code})" if isinstance(error, APIStatusError) else ""
    return ModelUnavailable(f"{who} failed{status}: {error.message[:200]}")
