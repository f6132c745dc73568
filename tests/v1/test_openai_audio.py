"""The official client's audio: a real small Whisper writes down what espeak-ng says, both behind our routes."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai import OpenAI

from duologue.engine.espeak import EspeakSay
from tests.doubles.models_server import ModelsServer, serve_models
from tests.v1.conftest import KEY
from tests.v1.strict import strictly

pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (extra `voice`)")
pytest.importorskip("transformers", reason="transformers is not installed (extra `oracles`)")
if shutil.which("espeak-ng") is None:
    pytest.skip("the program espeak-ng is not installed", allow_module_level=True)

from duologue.engine.whisper import WhisperHear
from tests.doubles.whisper import SENTENCES, WHISPER

CHINESE = SENTENCES["zh"]
supports = pytest.mark.supports


@pytest.fixture(scope="module")
def folder() -> Path:
    return WHISPER


@pytest.fixture(scope="module")
def speaking(folder: Path) -> Iterator[ModelsServer]:
    with serve_models([], keys=[KEY]) as serving:
        serving.gateway.hear, serving.gateway.say = WhisperHear(folder), EspeakSay()
        yield serving


@supports("audio: transcriptions, speech", "openai")
def test_the_official_client_hears_and_speaks(speaking: ModelsServer, folder: Path) -> None:
    with OpenAI(base_url=speaking.base_url, api_key=KEY, max_retries=0, timeout=20) as client:
        sound = client.audio.speech.create(model="espeak-ng", voice="alloy", input=CHINESE, response_format="wav").read()
        heard = strictly(client.audio.transcriptions.create(file=("a.wav", sound), model=folder.name, language="zh"))
        assert heard.text == CHINESE
        plain = client.audio.transcriptions.create(file=("a.wav", sound), model=folder.name, response_format="text")
        assert plain.strip() == CHINESE
        assert {folder.name, "espeak-ng"} <= {m.id for m in client.models.list()}
        for wrong in ({"response_format": "srt"}, {"file": ("a.wav", b"none")}):
            with pytest.raises(openai.BadRequestError):
                client.audio.transcriptions.create(**{"file": ("a.wav", sound), "model": folder.name, **wrong})  # type: ignore[call-overload]
        for wrong_speech in ({"response_format": "mp3"}, {"speed": 2}):
            with pytest.raises(openai.BadRequestError):
                client.audio.speech.create(**{"model": "espeak-ng", "voice": "alloy", "input": "x", **wrong_speech})  # type: ignore[arg-type]
        with pytest.raises(openai.NotFoundError):
            client.audio.transcriptions.create(file=("a.wav", sound), model="none")
        with pytest.raises(openai.BadRequestError, match="for speech"):
            client.completions.create(model="espeak-ng", prompt="x")
