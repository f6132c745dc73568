"""Who listens and who reads aloud, by the settings; each is None where nothing is set."""

from pathlib import Path

from duologue.engine.speech import Hear, Say
from duologue.kit.errors import SetupError
from duologue.kit.settings import Settings


def make_hear(settings: Settings) -> Hear | None:
    """Speech to text. Raises SetupError for a folder without a model."""
    where = settings.voice_hear
    if not where:
        return None
    if _is_address(where):
        from duologue.engine.remote_speech import RemoteHear

        return RemoteHear(where, settings.voice_hear_model, api_key=settings.voice_api_key.get_secret_value())
    from duologue.engine.whisper import WhisperHear

    return WhisperHear(Path(where), threads=settings.model_threads)


def make_say(settings: Settings) -> Say | None:
    """Text to speech. Raises SetupError for a program that is not there."""
    where = settings.voice_say
    if not where:
        return None
    if _is_address(where):
        from duologue.engine.remote_speech import RemoteSay

        voices, key = read_voices(settings.voice_say_voice), settings.voice_api_key.get_secret_value()
        return RemoteSay(where, settings.voice_say_model, voices=voices, api_key=key)
    if where != "espeak-ng":
        raise SetupError(f"DUOLOGUE_VOICE_SAY is {where!r}; it is espeak-ng or an address such as http://127.0.0.1:8000/v1.")
    from duologue.engine.espeak import EspeakSay

    return EspeakSay()


def read_voices(text: str) -> dict[str, str]:
    """`en=alloy,zh=nova` as voices by language; a name alone is the voice of all."""
    voices = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        lang, _, name = part.rpartition("=")
        voices[lang] = name
    return voices


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))
