"""Adapters chosen per request, held to the network with the adapter hung on it; requests of several in one batch."""

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.kit.errors import Invalid  # noqa: E402
from duologue.lm.checkpoints.checkpoint import load_checkpoint  # noqa: E402
from duologue.lm.checkpoints.lora import add_lora, find_adapters, load_lora, save_lora  # noqa: E402
from duologue.lm.writing.sampler import write_slowly  # noqa: E402
from tests.engines import ask, make_core, run  # noqa: E402

PROMPT = torch.randint(23, 320, (40,), generator=torch.Generator().manual_seed(8)).tolist()


@pytest.fixture(scope="module")
def adapters(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    place = tmp_path_factory.mktemp("adapters")
    for name, targets in (("all", ("q", "k", "v", "o", "gate", "up", "down")), ("some", ("q", "down"))):
        model, _ = load_checkpoint(folders["qwen3"])
        add_lora(model, 3, 6.0, targets)
        for _, adapter in find_adapters(model).values():
            adapter.b.data.normal_(0, 0.3, generator=torch.Generator().manual_seed(1))
        save_lora(place / name, model)
    return {"all": place / "all", "some": place / "some"}


def test_each_request_is_written_with_its_own_adapter(folders: dict[str, Path], adapters: dict[str, Path], path: str) -> None:
    core = make_core(folders["qwen3"], adapters=adapters)
    wanted = []
    for name in ("", "all", "some"):
        model, _ = load_checkpoint(folders["qwen3"])
        if name:
            load_lora(adapters[name], model)
        wanted.append(write_slowly(model, PROMPT, 24))
    assert len({tuple(w) for w in wanted}) == 3
    for _ in range(2):  # the second time from the cache, each from pages of its own
        assert [r.ids() for r in run(core, *(ask(PROMPT, adapter=name) for name in ("", "all", "some")))] == wanted


def test_an_unknown_adapter_is_refused_by_name(folders: dict[str, Path], adapters: dict[str, Path]) -> None:
    with pytest.raises(Invalid, match="loaded: all") as caught:
        make_core(folders["qwen3"], adapters={"all": adapters["all"]}).submit(ask(PROMPT, adapter="x"), print)
    assert caught.value.detail["param"] == "adapter"


def test_adapters_of_another_model_are_refused(folders: dict[str, Path], adapters: dict[str, Path]) -> None:
    options: Any = {"adapters": adapters}
    with pytest.raises(Invalid):
        make_core(folders["gpt2"], **options)
