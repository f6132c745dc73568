"""Which engine and which encoder the settings ask for. The local ones need torch, which is imported when they are first used."""

import contextlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from duologue.engine.nothing import NoEngine
from duologue.engine.options import Options
from duologue.engine.protocol import ChatMessage, Engine, GenerationRequest
from duologue.kit.errors import DuologueError, SetupError
from duologue.kit.log import get_logger
from duologue.kit.settings import Settings
from duologue.knowledge.model import Encode

log = get_logger(__name__)


def make_engine(settings: Settings) -> Engine:
    """The engine of the settings. Raises SetupError where a setting that it needs is missing."""
    match settings.engine:
        case "remote":
            from duologue.engine.remote import RemoteEngine

            return RemoteEngine(
                settings.remote_base_url,
                settings.remote_model,
                api_key=settings.remote_api_key.get_secret_value(),
                timeout_s=settings.remote_timeout_s,
            )
        case "scripted":
            from duologue.engine.scripted import ScriptedEngine, load_script

            if not settings.scripted_path:
                raise SetupError("The scripted engine needs DUOLOGUE_SCRIPTED_PATH.")
            return ScriptedEngine(load_script(Path(settings.scripted_path)))
        case "none":
            return NoEngine()
        case "local":
            return _make_local(settings)


def make_options(settings: Settings) -> Options:
    """How local models are run. Raises SetupError for adapters that are not named."""
    adapters = {}
    for part in filter(None, (p.strip() for p in settings.model_adapters.split(","))):
        name, _, folder = part.partition("=")
        if not name or not folder:
            raise SetupError(f"DUOLOGUE_MODEL_ADAPTERS has {part!r}; write name=folder, separated by commas.")
        adapters[name] = Path(folder)
    return Options(
        precision=settings.model_precision,
        threads=settings.model_threads,
        adapters=adapters,
        draft=Path(settings.model_draft) if settings.model_draft else None,
        build_dir=settings.data_dir / "compiled" if settings.data_dir.is_dir() else None,
    )


def _make_local(settings: Settings) -> Engine:
    """The embedded model, or the one of `model_dir`. Where the embedded one cannot run, people answer; the log says why."""
    from duologue.engine.local import LocalEngine

    if settings.model_dir:
        return LocalEngine(Path(settings.model_dir), options=make_options(settings))
    if find_spec("torch") is None:
        log.warning("torch is not installed (pip install 'duologue[local]'): there is no embedded model, people answer")
        return NoEngine()
    try:
        return LocalEngine(options=make_options(settings))
    except SetupError as error:
        log.warning("%s People answer.", error.message)
        return NoEngine()


async def warm_up(engine: Engine) -> None:
    """Load a local model before the first question, so that nobody waits for it. What fails is told at the first question."""
    with contextlib.suppress(DuologueError):
        async for _ in engine.generate(GenerationRequest([ChatMessage("user", "Hello")], request_id="warm-up", max_tokens=1)):
            pass


def make_encoder(settings: Settings) -> Encode | None:
    """The trained encoder of passages where the program brings it; None means the knowledge's own, which needs no training."""
    return _find_encoder("attentive_encoder", "AttentiveEncoder", "the untrained one is")


def make_mixed_encoder() -> Encode | None:
    """The encoder of models that packs learn from few examples."""
    return _find_encoder("mixed_encoder", "MixedEncoder", "that of the passages is")


def make_quick_encoder() -> Encode | None:
    """The encoder of what packs compare by the thousand: a mean of words, without attention."""
    return _find_encoder("static_encoder", "StaticEncoder", "that of the passages is")


def _find_encoder(module: str, name: str, instead: str) -> Encode | None:
    """An encoder of `engine` by its name; None, with the reason in the log, where its files or libraries are not there."""
    try:
        made: Encode = getattr(import_module(f"duologue.engine.{module}"), name)()
        return made
    except (FileNotFoundError, ImportError) as error:
        log.warning("%s cannot be used (%s); %s", name, error, instead)
        return None
