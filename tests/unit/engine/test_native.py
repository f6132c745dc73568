"""The compiled step beside the network itself, at each precision."""

import gc
import platform
import shutil
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `local` (torch) is not installed")

from duologue.engine.batch import Batch  # noqa: E402
from duologue.engine.native import NativeNetwork, load_library  # noqa: E402
from duologue.engine.paged import TorchNetwork, _runs  # noqa: E402
from duologue.engine.runner import Network  # noqa: E402
from duologue.kit.errors import SetupError  # noqa: E402
from duologue.lm.nets.transformer import Transformer  # noqa: E402
from tests.engines import FAMILIES, make_core, make_network  # noqa: E402

IDS = torch.randint(0, 330, (90,), generator=torch.Generator().manual_seed(1)).tolist()
WITHIN = {"fp32": 2e-5, "fp16": 5e-3, "int8": 0.15}
"""Error of a logit (root of the mean square), in standard deviations of the logits. Random networks make the most of errors."""


def read(network: Network, start: int, end: int, table: list[int], ids: Sequence[int] = IDS) -> np.ndarray:
    rows = [np.array(x, np.int32) for x in (ids[start:end], range(start, end), [0] * (end - start), range(end - start))]
    return network.forward(Batch(rows[0], rows[1], rows[2], rows[3], np.array([table], np.int32), np.zeros(1, np.int32))).values


@pytest.mark.parametrize("family", [*FAMILIES, "sinusoidal"])
@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8"])
@pytest.mark.parametrize("kind", [NativeNetwork, TorchNetwork])
@torch.no_grad()
def test_logits_are_those_of_the_network(compiled: None, kind: type, family: str, precision: str) -> None:
    fields = FAMILIES.get(family, {"positions": "sinusoidal", "ffn": "relu"})
    model = make_network(3, **fields)
    wanted = model(torch.tensor([IDS]))[0].numpy()
    network = kind(model, precision, 8, 1)
    table = [5, 2, 7, 1, 0, 3]
    found = np.concatenate([read(network, a, b, table) for a, b in ((0, 1), (1, 30), (30, 31), (31, 90))])
    network.close()
    error = np.sqrt(((found - wanted) ** 2).mean())
    assert error / wanted.std() < WITHIN[precision]


@torch.no_grad()
def test_long_runs_of_pages_are_read_where_they_stand() -> None:
    """In torch, runs of pages, one run, and pages in any order give the same."""
    model = make_network(3, **FAMILIES["llama"])
    tables = [[*range(18)], [*range(9, 18), *range(9)], [*range(17, -1, -1)]]
    assert [len(_runs(np.array(table), 280)) for table in tables] == [1, 2, 0]
    found = []
    for table in tables:
        network = TorchNetwork(model, "fp32", 18, 1)
        found.append(np.concatenate([read(network, a, b, table, IDS * 4) for a, b in ((0, 279), (279, 280))]))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)


@torch.no_grad()
def test_the_largest_products_of_int8_do_not_overflow(compiled: None) -> None:
    """Weights that differ in their sign alone, and so the rows of the first layer: 127 or -127 in int8, without an error."""
    model = make_network(3, **FAMILIES["llama"])
    for weight in (p for p in model.parameters() if p.dim() == 2):
        weight.copy_(weight.sign() * weight.abs().mean())
    wanted = model(torch.tensor([IDS]))[0].numpy()
    network = NativeNetwork(model, "int8", 8, 1)
    found = read(network, 0, 90, [5, 2, 7, 1, 0, 3])
    network.close()
    assert np.sqrt(((found - wanted) ** 2).mean()) / wanted.std() < 0.05


@pytest.mark.skipif(
    platform.machine() != "x86_64" or not shutil.which("gcc"), reason="gcc for x86-64 is asked for other processors"
)
@pytest.mark.parametrize("processor", ["haswell", "x86-64"])
@torch.no_grad()
def test_what_is_compiled_for_lesser_processors_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processor: str
) -> None:
    """AVX2 without AVX-512, and plain loops: the compiler is one that overrules what this processor is."""
    compiler = tmp_path / "cc"
    compiler.write_text(f'#!/bin/sh\nexec gcc "$@" -march={processor}\n')
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    model = make_network(3, **FAMILIES["qwen3"])
    wanted = model(torch.tensor([IDS]))[0].numpy()
    for precision in ("fp32", "fp16", "int8") if processor == "haswell" else ("fp32", "int8"):
        network = NativeNetwork(model, precision, 8, 2, tmp_path)
        whole, pieces = (
            np.concatenate([read(network, a, b, [5, 2, 7, 1, 0, 3]) for a, b in pairwise(cuts)])
            for cuts in ((0, 90), (0, 1, 30, 31, 90))
        )
        network.close()
        assert np.array_equal(whole, pieces)
        assert np.sqrt(((whole - wanted) ** 2).mean()) / wanted.std() < WITHIN[precision]


def test_one_request_cannot_spoil_anothers_numbers() -> None:
    """fbgemm has one activation scale for a whole batch; the torch path keeps rows apart all the same."""
    from duologue.engine.paged import make_linear

    linear = make_linear(torch.randn(16, 32), torch.randn(16), "int8")
    x = torch.randn(3, 32)
    beside = torch.cat((x, 1000 * torch.randn(2, 32)))
    assert torch.equal(linear(x), linear(beside)[:3])


def test_weights_are_kept_once(compiled: None, folders: dict[str, Path]) -> None:
    def count() -> int:
        gc.collect()
        return sum(isinstance(o, Transformer) for o in gc.get_objects())

    before = count()
    core = make_core(folders["qwen3"], precision="int8")
    assert count() == before
    core.runner.close()


def test_without_a_compiler_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    load_library.cache_clear()
    monkeypatch.setenv("DUOLOGUE_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    try:
        with pytest.raises(SetupError, match="no C compiler"):
            load_library()
        broken = tmp_path / "cc"
        broken.write_text("#!/bin/sh\necho 'broken compiler' >&2\nexit 1\n")
        broken.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
        monkeypatch.setenv("CC", str(broken))
        with pytest.raises(SetupError, match="broken compiler"):
            load_library()
    finally:
        load_library.cache_clear()
