"""Networks on disk for the engine's tests, and both ways to compute a step."""

from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.native import load_library  # noqa: E402
from duologue.kit.errors import SetupError  # noqa: E402
from tests.engines import make_folders  # noqa: E402

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_folders(tmp_path_factory.mktemp("models"))


@pytest.fixture
def compiled() -> None:
    """Skip, with the reason, where the compiled step cannot be had."""
    try:
        load_library()
    except SetupError as error:
        pytest.skip(error.message)


@pytest.fixture(params=["compiled", "torch"])
def path(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The compiled step, and the torch path that stands in where there is no compiler."""
    if request.param == "torch":
        load_library.cache_clear()
        monkeypatch.setenv("DUOLOGUE_NATIVE", "0")
        yield "torch"
        load_library.cache_clear()
    else:
        request.getfixturevalue("compiled")
        yield "compiled"
