"""The ears and the voices keep the words of the port; a real small Whisper hears what a real voice says.

The far side in these tests is our own /v1, spoken to by the official client: `engine/remote_speech.py` on one end, `v1/audio.py`
on the other.
"""

import io
import shutil
import wave
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from duologue.bootstrap import create_app
from duologue.bootstrap.speech import make_hear, make_say, read_voices
from duologue.engine.espeak import EspeakSay
from duologue.engine.remote_speech import RemoteHear, RemoteSay
from duologue.engine.speech import Hear, Say
from duologue.kit.errors import Invalid, ModelUnavailable, SetupError
from duologue.kit.settings import Settings
from tests.doubles.models_server import ModelsServer, serve_models
from tests.platforms import House, add_house, open_for_test

pytest.importorskip("faster_whisper", reason="faster-whisper is not installed (extra `voice`)")
pytest.importorskip("transformers", reason="transformers is not installed (extra `oracles`)")
if shutil.which("espeak-ng") is None:
    pytest.skip("the program espeak-ng is not installed", allow_module_level=True)

from duologue.engine.whisper import WhisperHear
from tests.doubles.whisper import SENTENCES, WHISPER, say_sentences

ENGLISH, CHINESE = SENTENCES["en"], SENTENCES["zh"]
KEY = "duo-for-tests"


@pytest.fixture(scope="module")
def sounds() -> dict[str, bytes]:
    """The two sentences as espeak-ng says them."""
    return {SENTENCES[lang]: wav for lang, wav in say_sentences().items()}


@pytest.fixture(scope="module")
def folder() -> Path:
    """A model that learnt them."""
    return WHISPER


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ModelsServer]:
    """The model and the voice behind /v1."""
    with serve_models([], keys=[KEY]) as serving:
        serving.gateway.hear, serving.gateway.say = WhisperHear(folder), EspeakSay()
        yield serving


@pytest.fixture(params=["whisper", "remote"])
def ear(request: pytest.FixtureRequest, folder: Path, server: ModelsServer) -> Hear:
    if request.param == "whisper":
        return WhisperHear(folder)
    return RemoteHear(server.base_url, folder.name, api_key=KEY)


@pytest.fixture(params=["espeak", "remote"])
def mouth(request: pytest.FixtureRequest, server: ModelsServer) -> Say:
    return EspeakSay() if request.param == "espeak" else RemoteSay(server.base_url, "espeak-ng", api_key=KEY)


@pytest.mark.parametrize("lang", SENTENCES)
async def test_what_is_said_is_understood(ear: Hear, mouth: Say, lang: str) -> None:
    spoken = await mouth.say(SENTENCES[lang], lang)
    assert spoken.media_type.startswith("audio/")
    assert (await ear.hear(spoken.audio, spoken.media_type, lang)).text == SENTENCES[lang]
    assert (ear.is_outside, mouth.is_outside) == (False, False), "this machine's own addresses are no outside"


@pytest.mark.parametrize("noise", [b"no sound", b"RIFF" + bytes(100), b"\x1a\x45\xdf\xa3" * 9])
async def test_what_is_no_sound_is_refused(ear: Hear, noise: bytes) -> None:
    with pytest.raises(Invalid):
        await ear.hear(noise, "audio/wav", "en")


async def test_nothing_to_say_is_refused(mouth: Say) -> None:
    with pytest.raises((Invalid, ModelUnavailable)):
        await mouth.say("  ", "en")


async def test_a_text_is_never_a_command() -> None:
    for text in ("-f /etc/passwd", "--version", "$(touch x); `id` | cat", "<speak><audio src='x'/></speak>"):
        with wave.open(io.BytesIO((await EspeakSay().say(text, "en")).audio)) as sound:
            assert sound.getnframes() / sound.getframerate() > 0.3


async def test_too_long_a_recording_is_refused(folder: Path) -> None:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, 8_000, 0, "NONE", ""))
        sound.writeframes(bytes(2 * 8_000 * 301))
    with pytest.raises(Invalid, match="At most 300 seconds"):
        await WhisperHear(folder).hear(file.getvalue())


async def test_a_far_side_that_is_not_there_is_told() -> None:
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await RemoteHear("http://127.0.0.1:9/v1", "m").hear(b"x")
    with pytest.raises(ModelUnavailable, match="cannot be reached"):
        await RemoteSay("http://127.0.0.1:9/v1", "m").say("x")


def test_settings_choose_ears_and_voices(folder: Path, tmp_path: Path) -> None:
    assert make_hear(Settings()) is None
    assert make_say(Settings()) is None
    here = Settings(voice_hear=str(folder), voice_say="espeak-ng")
    far = Settings(voice_hear="https://speech.example/v1", voice_say="https://speech.example/v1", voice_say_voice="en=a,zh=b")
    assert isinstance(make_hear(here), WhisperHear)
    assert isinstance(make_say(here), EspeakSay)
    assert all(port is not None and port.is_outside for port in (make_hear(far), make_say(far)))
    assert read_voices("nova") == {"": "nova"}
    with pytest.raises(SetupError, match="holds no Whisper model"):
        make_hear(Settings(voice_hear=str(tmp_path)))
    with pytest.raises(SetupError, match="DUOLOGUE_VOICE_SAY"):
        make_say(Settings(voice_say="festival"))


@pytest.fixture
async def house(tmp_path: Path, folder: Path) -> AsyncIterator[House]:
    async with open_for_test(tmp_path, rules=[{"reply": "An answer."}], voice_hear=str(folder), voice_say="espeak-ng") as platform:
        yield await add_house(platform, create_app(platform), "one")


async def hear(client: httpx.AsyncClient, path: str, sound: bytes, **more: str) -> httpx.Response:
    """A recording, as a page sends it."""
    return await client.post(path, content=sound, headers={"Content-Type": "audio/wav"}, params=more)


async def test_a_person_speaks_and_has_the_answer_read(house: House, sounds: dict[str, bytes]) -> None:
    person = await house.person()
    session = await person.post("/api/chat/session", {"workspace": "one"})
    assert session["voice"] == {"hears": True, "says": True}
    answer = await hear(person.client, "/api/chat/hear", sounds[ENGLISH], lang="en")
    assert answer.json() == {"text": ENGLISH, "lang": "en"}
    started = (await person.post("/api/chat/conversations", {}))["conversation"]
    path = f"/api/chat/conversations/{started['id']}"
    sent = (await person.post(f"{path}/messages", {"client_id": "1", "body": "**Where** is my order? [1]"}))["message"]
    there = await hear(person.client, "/api/chat/hear", sounds[CHINESE], lang="zh", conversation_id=started["id"])
    assert there.json()["text"] == CHINESE
    spoken = await person.client.get(f"{path}/messages/{sent['id']}/speech")
    assert (spoken.status_code, spoken.headers["content-type"], spoken.content[:4]) == (200, "audio/wav", b"RIFF")
    other = await house.person()
    for status in (
        (await other.client.get(f"{path}/messages/{sent['id']}/speech")).status_code,
        (await hear(other.client, "/api/chat/hear", sounds[ENGLISH], conversation_id=started["id"])).status_code,
    ):
        assert status == 404
    expert = await house.member("expert")
    dictated = await hear(expert.client, "/api/desk/hear", sounds[ENGLISH], conversation_id=started["id"])
    assert dictated.json()["text"] == ENGLISH
    for bad in (b"", b"no sound"):
        assert (await hear(person.client, "/api/chat/hear", bad)).status_code == 422


async def test_sound_does_not_leave_where_words_may_not(tmp_path: Path, sounds: dict[str, bytes]) -> None:
    far = "https://speech.example/v1"
    async with open_for_test(tmp_path, voice_hear=far, voice_say=far, health_may_leave=True) as platform:
        house = await add_house(platform, create_app(platform), "one")
        desk = (await platform.conversations.list_desks(house.workspace.id))[0]
        await platform.conversations.change_desk(house.workspace.id, desk.id, name=desk.name, mode=None, pack="health")
        person = await house.person()
        session = await person.post("/api/chat/session", {"workspace": "one"})
        assert session["voice"] == {"hears": False, "says": False}, "nobody takes personal data out of a recording"
        refused = await hear(person.client, "/api/chat/hear", sounds[ENGLISH])
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


async def test_without_ears_the_page_is_told(tmp_path: Path) -> None:
    async with open_for_test(tmp_path) as platform:
        house = await add_house(platform, create_app(platform), "one")
        person = await house.person()
        assert (await person.post("/api/chat/session", {"workspace": "one"}))["voice"] == {"hears": False, "says": False}
        assert (await hear(person.client, "/api/chat/hear", b"x")).status_code == 404
