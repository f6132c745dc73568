"""llama.cpp on the same weights, by llama-cpp-python's low-level calls; the GGUF files are written by `duologue export --gguf`."""

import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path

import llama_cpp
import numpy as np

from bench.engines import CONTEXT, Engine, clock_for, often
from duologue.lm.checkpoints.gguf_file import export_gguf

KINDS = {"f16": "fp16", "q8_0": "q8_0", "q4_0": "q4_0"}


def write_gguf(folder: Path, kind: str) -> Path:
    """A model of ours as a GGUF file of this precision."""
    path = folder / f"{kind}.gguf"
    if not path.exists():
        export_gguf(folder, path, dtype=KINDS[kind])
    return path


@llama_cpp.llama_log_callback
def _quiet(level: int, text: bytes, data: object) -> None:
    """Says nothing of how a file is loaded."""


llama_cpp.llama_log_set(_quiet, ctypes.c_void_p(0))


class Llama:
    """A GGUF file in llama.cpp; sequences side by side in one batch per step."""

    def __init__(self, path: Path, threads: int, room: int = 0, most: int = 32) -> None:
        self.name, self.bytes_per_token = f"llama.cpp {path.stem}", path.stat().st_size
        self._model = llama_cpp.llama_model_load_from_file(str(path).encode(), llama_cpp.llama_model_default_params())
        params = llama_cpp.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_seq_max = max(CONTEXT * 8, room), 2048, 512, most
        params.n_threads = params.n_threads_batch = threads
        if hasattr(params, "kv_unified"):
            params.kv_unified = True
        self._context = llama_cpp.llama_init_from_model(self._model, params)
        self._batch = llama_cpp.llama_batch_init(2048, 0, 1)
        self._clock = clock_for(threads)

    def _decode(self, rows: list[tuple[int, int, int, bool]]) -> None:
        """Rows of token, position, sequence, and whether its logits are wanted."""
        for start in range(0, len(rows), 2048):
            part = rows[start : start + 2048]
            self._batch.n_tokens = len(part)
            for i, (token, position, sequence, is_wanted) in enumerate(part):
                self._batch.token[i], self._batch.pos[i], self._batch.n_seq_id[i] = token, position, 1
                self._batch.seq_id[i][0], self._batch.logits[i] = sequence, is_wanted
            if llama_cpp.llama_decode(self._context, self._batch):
                raise RuntimeError("llama.cpp could not read a batch")

    def measure(self, prompts: list[list[int]], new: int) -> tuple[float, float]:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self._context), True)
        rows = [(t, i, s, i == len(p) - 1) for s, p in enumerate(prompts) for i, t in enumerate(p)]
        began = self._clock()
        self._decode(rows)
        llama_cpp.llama_synchronize(self._context)
        read, steps = self._clock() - began, []
        vocab = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(self._model))
        tokens = [40] * len(prompts)
        for ahead in range(new - 1):
            start = self._clock()
            self._decode([(t, len(p) + ahead, s, True) for s, (t, p) in enumerate(zip(tokens, prompts, strict=True))])
            for s in range(len(prompts)):
                logits = llama_cpp.llama_get_logits_ith(self._context, s)
                array = np.ctypeslib.as_array(ctypes.cast(logits, ctypes.POINTER(ctypes.c_float)), (vocab,))
                tokens[s] = int(array.argmax())
            steps.append(self._clock() - start)
        return read, often(steps)

    def close(self) -> None:
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)


def make_llamas(folder: Path, threads: int, room: int) -> dict[str, Callable[[], Engine]]:
    """How to make f16, q8_0 and q4_0."""
    return {f"llama.cpp {kind}": partial(_make, folder, kind, threads, room) for kind in KINDS}


def _make(folder: Path, kind: str, threads: int, room: int) -> Engine:
    return Llama(write_gguf(folder, kind), threads, room)
