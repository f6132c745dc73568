"""Speech to text on this machine: a Whisper model (Radford et al. 2022) run by faster-whisper, an extra (`voice`)."""

import asyncio
import io
from pathlib import Path
from threading import Lock
from typing import Any

from duologue.engine.speech import MOST_SECONDS, Heard
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError
from duologue.kit.log import get_logger

log = get_logger(__name__)

RATE = 16_000
SIMPLIFIED = "以下是普通话的句子。"
"""Whisper writes Chinese in either script; it goes on in the script of what stands before."""


class WhisperHear:
    """A model's folder; it is loaded when somebody first speaks, and hears one after another."""

    is_outside = False

    def __init__(self, folder: Path, *, threads: int = 1, beams: int = 5) -> None:
        if not (folder / "model.bin").is_file():
            raise SetupError(f"{folder} holds no Whisper model in CTranslate2's format (model.bin, config.json, tokenizer.json).")
        self.name = folder.name
        self._folder, self._threads, self._beams = folder, threads, beams
        self._model: Any = None
        self._lock = Lock()

    async def hear(self, audio: bytes, media_type: str = "", lang: str = "") -> Heard:
        return await asyncio.to_thread(self._hear, audio, lang)

    def _hear(self, audio: bytes, lang: str) -> Heard:
        with self._lock:
            model = self._load()
            sound = _decode(audio)
            seconds = len(sound) / RATE
            if not len(sound):
                return Heard("", lang)
            if seconds > MOST_SECONDS:
                raise Invalid(f"At most {MOST_SECONDS} seconds can be understood at once; this is {seconds:.0f}.")
            known = lang if lang in model.supported_languages else None
            pieces, found = model.transcribe(
                sound,
                language=known,
                beam_size=self._beams,
                condition_on_previous_text=False,
                without_timestamps=True,
                initial_prompt=SIMPLIFIED if known == "zh" else None,
            )
            return Heard("".join(p.text for p in pieces).strip(), found.language, seconds)

    def _load(self) -> Any:
        if self._model is None:
            try:
                from faster_whisper import WhisperModel
            except ImportError as error:
                raise ModelUnavailable("faster-whisper is not installed: pip install 'duologue[voice]'.") from error
            try:
                self._model = WhisperModel(str(self._folder), device="cpu", compute_type="int8", cpu_threads=self._threads)
            except (RuntimeError, ValueError, OSError) as error:
                raise ModelUnavailable(f"The speech model in {self._folder} cannot be loaded: {error}") from error
            log.info("speech is heard by %s", self.name)
        return self._model

    async def aclose(self) -> None:
        self._model = None


def _decode(audio: bytes) -> Any:
    """A file of sound as samples, mono at 16 kHz, float32 of shape (n,). Raises Invalid for what is no sound."""
    from av.error import FFmpegError
    from faster_whisper.audio import decode_audio

    try:
        return decode_audio(io.BytesIO(audio), sampling_rate=RATE)
    except (FFmpegError, IndexError, ValueError) as error:
        raise Invalid("This is no file of sound that can be read; record it again.") from error
