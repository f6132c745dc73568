"""POST /v1/audio/transcriptions and /v1/audio/speech: the ears and the voice of the settings, in OpenAI's form."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, File, Form, Response, UploadFile
from pydantic import Field

from duologue.interfaces.v1.errors import RequestError
from duologue.interfaces.v1.fields import In, Name
from duologue.interfaces.v1.gateway import Caller, Joined
from duologue.interfaces.v1.security import Needs
from duologue.kit.text import detect_lang

router = APIRouter(tags=["audio"])
AudioCaller = Annotated[Caller, Depends(Needs("audio"))]
MOST_BYTES = 25 * 1024 * 1024
MOST_CHARS = 4_096


class SpeechBody(In):
    """As OpenAI's reference describes it. The voice is the operator's, by language; other names are accepted."""

    model: Name
    input: str = Field(min_length=1, max_length=MOST_CHARS)
    voice: str | dict[str, str] | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] | None = None
    speed: float | None = Field(None, ge=0.25, le=4)
    instructions: str | None = None


@router.post("/audio/transcriptions", response_model=None)
async def create_transcription(
    caller: AudioCaller,
    gateway: Joined,
    file: Annotated[UploadFile, File(description="WAV, WebM, Ogg, MP4 or MP3.")],
    model: Annotated[str, Form(min_length=1, max_length=200)],
    language: Annotated[str, Form(max_length=8)] = "",
    response_format: Annotated[str, Form(max_length=20)] = "json",
    prompt: Annotated[str, Form(max_length=4_000)] = "",
    temperature: Annotated[float, Form(ge=0, le=1)] = 0.0,
) -> dict[str, Any] | Response:
    """What is said in a file."""
    ear = gateway.find_hear(model)
    if response_format not in ("json", "text", "verbose_json"):
        sentence = f"Unsupported 'response_format': {response_format[:20]!r}; json, text and verbose_json are."
        raise RequestError(sentence, param="response_format", code="unsupported_value")
    heard = await ear.hear(await file.read(), file.content_type or "", language)
    if response_format == "text":
        return Response(heard.text + "\n", media_type="text/plain; charset=utf-8")
    if response_format == "json":
        return {"text": heard.text}
    return {"task": "transcribe", "language": heard.lang, "duration": heard.seconds, "text": heard.text, "segments": []}


@router.post("/audio/speech")
async def create_speech(body: SpeechBody, caller: AudioCaller, gateway: Joined) -> Response:
    """A text as sound."""
    mouth = gateway.find_say(body.model)
    if body.response_format not in (None, "wav"):
        raise RequestError(
            "Unsupported 'response_format': this model makes wav.", param="response_format", code="unsupported_value"
        )
    if body.speed not in (None, 1.0):
        raise RequestError(
            "Unsupported parameter: 'speed' is not supported with this model.", param="speed", code="unsupported_parameter"
        )
    spoken = await mouth.say(body.input, detect_lang(body.input))
    return Response(spoken.audio, media_type=spoken.media_type)
