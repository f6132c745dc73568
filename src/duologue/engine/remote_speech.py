"""Speech by a server with OpenAI's audio routes (OpenAI, speaches, LocalAI, vLLM …), by the official client."""

from collections.abc import Mapping

from openai import APIError, AsyncOpenAI, BadRequestError, UnprocessableEntityError, omit

from duologue.engine.remote_client import explain, is_elsewhere, make_client
from duologue.engine.speech import Heard, Spoken
from duologue.kit.errors import Invalid

KEY = "DUOLOGUE_VOICE_API_KEY"
ENDINGS = {
    "audio/wav": "wav", "audio/x-wav": "wav", "audio/wave": "wav", "audio/webm": "webm", "video/webm": "webm", "audio/ogg": "ogg",
    "audio/mp4": "mp4", "audio/mpeg": "mp3", "audio/flac": "flac",
}  # fmt: skip
"""By the ending the servers tell what a file is."""


class RemoteHear:
    """Transcription by `POST {base_url}/audio/transcriptions`."""

    def __init__(self, base_url: str, model: str, *, api_key: str = "", timeout_s: float = 60.0) -> None:
        self.name, self.is_outside = model, is_elsewhere(base_url)
        self._client: AsyncOpenAI = make_client(base_url, api_key, timeout_s)

    async def hear(self, audio: bytes, media_type: str = "", lang: str = "") -> Heard:
        kind = media_type.partition(";")[0].strip().lower()
        file = (f"speech.{ENDINGS.get(kind, 'webm')}", audio, kind or "audio/webm")
        try:
            found = await self._client.audio.transcriptions.create(file=file, model=self.name, language=lang or omit)
        except (BadRequestError, UnprocessableEntityError) as error:
            raise Invalid("This sound could not be understood; record it again.") from error
        except APIError as error:
            raise explain(error, f"The speech server's {self.name}", KEY) from error
        return Heard(found.text.strip(), lang)

    async def aclose(self) -> None:
        await self._client.close()


class RemoteSay:
    """Speech by `POST {base_url}/audio/speech`, as WAV. `voices`: by language; the one without a name is for all others."""

    def __init__(
        self, base_url: str, model: str, *, voices: Mapping[str, str] | None = None, api_key: str = "", timeout_s: float = 60.0
    ) -> None:
        self.name, self.is_outside, self._voices = model, is_elsewhere(base_url), voices or {}
        self._client: AsyncOpenAI = make_client(base_url, api_key, timeout_s)

    async def say(self, text: str, lang: str = "en") -> Spoken:
        if not text.strip():
            raise Invalid("There is nothing to say.")
        voice = self._voices.get(lang) or self._voices.get("") or "alloy"
        try:
            answer = await self._client.audio.speech.create(model=self.name, voice=voice, input=text, response_format="wav")
            return Spoken(await answer.aread(), "audio/wav")
        except APIError as error:
            raise explain(error, f"The speech server's {self.name}", KEY) from error

    async def aclose(self) -> None:
        await self._client.close()
