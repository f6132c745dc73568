"""A model in memory and its pages: plans in, logits out. Chooses how the weights are kept and which code computes.

Knows networks and arrays; nothing of requests, text or who goes first.
"""

import time
from collections.abc import Sequence as Many
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch

from duologue.engine.adapters import Adapters
from duologue.engine.batch import BLOCK, Batch, Logits
from duologue.engine.options import Options
from duologue.engine.scheduler import Piece, Plan
from duologue.kit.errors import Invalid, SetupError
from duologue.kit.log import get_logger
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.nets.config import Config
from duologue.lm.nets.transformer import Transformer
from duologue.lm.writing.ask import read_ends

log = get_logger(__name__)

PROBED_PARAMETERS = 10_000_000
"""Below this size a network fits the processor's caches in fp32 and nothing is gained by less."""
PROBE_GAIN = 1.3
"""int8 must be so many times faster than fp32 to be taken unasked."""
CACHE_BYTES = 512 << 20
SEQUENCES = 32
"""Pages for so many full contexts, as far as CACHE_BYTES goes, and for one at the least."""


Fixed = Literal["fp32", "fp16", "int8"]


class Network(Protocol):
    """What computes a step."""

    config: Config
    precision: Any

    def forward(self, batch: Batch) -> Logits:
        """Read rows; logits of the wanted ones."""
        ...

    def copy_blocks(self, pairs: Many[tuple[int, int]]) -> None:
        """Copy pages (from, to)."""
        ...

    def set_adapters(self, adapters: Any) -> None:
        """Use these low-rank adapters as number 1, 2, …."""
        ...

    def close(self) -> None:
        """Free what is held."""
        ...


def make_network(model: Transformer, precision: Fixed, num_blocks: int, options: Options) -> Network:
    """The compiled step where it can be had, else the torch path. Raises SetupError where neither has this precision."""
    from duologue.engine.native import NativeNetwork

    try:
        return NativeNetwork(model, precision, num_blocks, options.threads, options.build_dir)
    except SetupError as error:
        from duologue.engine.paged import TorchNetwork

        log.info("%s", error.message)
        return TorchNetwork(model, precision, num_blocks, options.threads)


def count_blocks(config: Config, is_half: bool, *, sequences: int = SEQUENCES, cache_bytes: int = CACHE_BYTES) -> int:
    """How many pages to set aside."""
    context = -(-config.context // BLOCK)
    page = 2 * config.n_layers * config.n_kv_heads * -(-config.d_head // 16) * 16 * BLOCK * (2 if is_half else 4)
    return max(context + 1, min(sequences * context, cache_bytes // page))


def probe(model: Transformer, options: Options) -> Literal["fp32", "int8"]:
    """The faster precision of this machine for one sequence, measured side by side in some milliseconds."""
    if model.num_parameters < PROBED_PARAMETERS:
        return "fp32"
    ids = np.zeros(1, np.int32)
    batch = Batch(ids, ids, ids, ids, np.zeros((1, 1), np.int32), ids)
    best: dict[Literal["fp32", "int8"], float] = {"fp32": float("inf"), "int8": float("inf")}
    networks: dict[Literal["fp32", "int8"], Network] = {p: make_network(model, p, 1, options) for p in best}
    for _ in range(4):
        for precision, network in networks.items():
            began = time.perf_counter()
            network.forward(batch)
            best[precision] = min(best[precision], time.perf_counter() - began)
    for network in networks.values():
        network.close()
    return "int8" if best["fp32"] > PROBE_GAIN * best["int8"] else "fp32"


class Runner:
    """A loaded model. Raises Invalid where the folder cannot be used."""

    def __init__(self, folder: Path, options: Options) -> None:
        torch.set_num_threads(options.threads)
        model, self.tokenizer = load_checkpoint(folder)  # not kept: the compiled step has its own copy of the weights
        self.config, self.ends = model.config, frozenset(read_ends(folder))
        precision = probe(model, options) if options.precision == "auto" else options.precision
        num_blocks = -(-options.cache_tokens // BLOCK) or count_blocks(self.config, precision != "fp32")
        self.num_blocks = max(num_blocks, -(-self.config.context // BLOCK) + 1)
        self.network = make_network(model, precision, self.num_blocks, options)
        self.adapters = Adapters(options.adapters, self.config)
        if self.adapters.layers:
            self.network.set_adapters(self.adapters.layers)
        self.draft: Network | None = None
        if options.draft is not None:
            model, _ = load_checkpoint(options.draft)
            if model.config.vocab_size != self.config.vocab_size or model.config.context < self.config.context:
                raise Invalid("A draft model needs the vocabulary of the model itself, and at least its context.")
            self.draft = make_network(model, precision, self.num_blocks, options)

    def close(self) -> None:
        """Free the helping threads."""
        self.network.close()
        if self.draft is not None:
            self.draft.close()

    def prepare(self, plan: Plan) -> None:
        """Copy the pages that a plan wants copied."""
        for network in (self.network, self.draft):
            if network is not None:
                network.copy_blocks(plan.copies)

    def run(self, plan: Plan) -> list[Logits]:
        """One step. For each piece the logits of what follows its last token and each of its guesses; of all where so wanted."""
        if not plan.pieces:
            return []
        counts = [p.count if p.sequence.wants_all else 1 + len(p.sequence.drafts) if p.is_last else 0 for p in plan.pieces]
        out = self.network.forward(make_batch(plan.pieces, counts))
        ends = np.cumsum(counts)
        return [Logits(out.values[e - n : e], out.lse[e - n : e], out.best[e - n : e]) for n, e in zip(counts, ends, strict=True)]


def make_batch(pieces: Many[Piece], counts: Many[int]) -> Batch:
    """The rows of pieces; of each the logits of the last `counts` rows are wanted."""
    ids: list[int] = []
    positions: list[int] = []
    owners: list[int] = []
    wanted: list[int] = []
    width = max(len(p.sequence.table) for p in pieces)
    tables = np.zeros((len(pieces), width), np.int32)
    for number, (piece, count) in enumerate(zip(pieces, counts, strict=True)):
        s, end = piece.sequence, piece.start + piece.count
        text = s.ids[piece.start : end] if end <= len(s.ids) else (s.ids + s.drafts)[piece.start : end]
        ids += text
        positions += range(piece.start, end)
        owners += [number] * piece.count
        wanted += range(len(ids) - count, len(ids))
        tables[number, : len(s.table)] = s.table
    adapters = np.array([p.sequence.adapter for p in pieces], np.int32)
    rows = [np.array(x, np.int32) for x in (ids, positions, owners, wanted)]
    return Batch(rows[0], rows[1], rows[2], rows[3], tables, adapters)
