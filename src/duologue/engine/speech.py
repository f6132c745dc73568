"""The protocol of speech: what was said becomes text, text becomes sound. Free of torch and of any library.

`remote_speech` speaks to servers that have OpenAI's audio routes, `whisper` runs a Whisper model on this machine, `espeak` the
program of that name; `tests/contract/test_speech.py` holds them to the words below.
"""

from dataclasses import dataclass
from typing import Protocol

MOST_SECONDS = 300
"""Longest speech that is listened to."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was understood. `lang` is what the model took it for, as a code such as `en`; empty where it does not say.

    `seconds` is the length of the sound, 0 where nobody measured it.
    """

    text: str
    lang: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """A whole file of sound and its media type, such as `audio/wav`."""

    audio: bytes
    media_type: str


class Hear(Protocol):
    """Turns speech into text."""

    @property
    def name(self) -> str:
        """Of the model, for clients and logs."""
        ...

    @property
    def is_outside(self) -> bool:
        """Whether the sound leaves this machine."""
        ...

    async def hear(self, audio: bytes, media_type: str = "", lang: str = "") -> Heard:
        """The text of a file of speech: WAV, WebM, Ogg, MP4 or MP3.

        `lang`: the language that is expected; empty: the model finds out. Raises Invalid for what is no sound or too long,
        ModelUnavailable.
        """
        ...

    async def aclose(self) -> None:
        """Free it."""
        ...


class Say(Protocol):
    """Turns text into speech."""

    @property
    def name(self) -> str:
        """Of the model or program, for clients and logs."""
        ...

    @property
    def is_outside(self) -> bool:
        """Whether the text leaves this machine."""
        ...

    async def say(self, text: str, lang: str = "en") -> Spoken:
        """The text as sound. Raises Invalid where there is nothing to say, ModelUnavailable."""
        ...

    async def aclose(self) -> None:
        """Free it."""
        ...
