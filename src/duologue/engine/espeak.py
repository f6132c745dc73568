"""Text to speech by the program espeak-ng: small, for every language, on this machine, and it sounds like a machine."""

import asyncio
import shutil

from duologue.engine.speech import Spoken
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError

VOICES = {"en": "en-gb", "zh": "cmn"}
WORDS_PER_MINUTE = 160
TIMEOUT_S = 30.0


class EspeakSay:
    """Runs the program for each text. Raises SetupError where it is not installed."""

    name, is_outside = "espeak-ng", False

    def __init__(self, program: str = "espeak-ng") -> None:
        found = shutil.which(program)
        if found is None:
            raise SetupError("The program espeak-ng is not installed; install it, or let a server speak (DUOLOGUE_VOICE_SAY).")
        self._program = found

    async def say(self, text: str, lang: str = "en") -> Spoken:
        if not text.strip():
            raise Invalid("There is nothing to say.")
        # the text goes in by the pipe: it is never an argument
        process = await asyncio.create_subprocess_exec(
            self._program, "-v", VOICES.get(lang, lang), "-s", str(WORDS_PER_MINUTE), "-b", "1", "--stdin", "--stdout",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            audio, problem = await asyncio.wait_for(process.communicate(text.encode()), TIMEOUT_S)
        except TimeoutError as error:
            process.kill()
            raise ModelUnavailable("espeak-ng took too long.") from error
        if process.returncode or not audio.startswith(b"RIFF"):
            raise ModelUnavailable(f"espeak-ng failed: {problem.decode(errors='replace').strip()[:200]}")
        return Spoken(_with_length(audio), "audio/wav")

    async def aclose(self) -> None:
        pass


def _with_length(audio: bytes) -> bytes:
    """A WAV file that was written to a pipe says nothing true about its length: browsers want it."""
    data = audio.index(b"data")
    return b"".join(
        (
            b"RIFF",
            (len(audio) - 8).to_bytes(4, "little"),
            audio[8 : data + 4],
            (len(audio) - data - 8).to_bytes(4, "little"),
            audio[data + 8 :],
        )
    )
