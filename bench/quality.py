"""What fewer bits per weight cost: bits per byte of a model in fp32, fp16 and int8 on the same texts, both ways to compute.

`python -m bench.quality [--model DIR] [--json] [FILE …]`. Without files the project's own documentation is read, which no model was
trained on. Every text is read in windows of the context; each token but a window's first is scored.
"""

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from duologue.engine.batch import BLOCK, Batch
from duologue.engine.local import find_embedded
from duologue.engine.native import NativeNetwork
from duologue.engine.paged import TorchNetwork
from duologue.lm.checkpoints.checkpoint import load_checkpoint
from duologue.lm.text.tokenizer import BOS, TextTokenizer

MOST_BYTES = 200_000


def bits_per_byte(network: Any, tokenizer: TextTokenizer, texts: list[str]) -> float:
    """Bits of information per byte of text."""
    context, nats, size = network.config.context, 0.0, 0
    table = np.arange(-(-context // BLOCK), dtype=np.int32)[None]
    begin = [tokenizer.special(BOS)] if BOS in tokenizer.special_ids else []
    for text in texts:
        ids = tokenizer.encode(text)
        for start in range(0, len(ids), context - 1):
            window = [*begin, *ids[start : start + context - 1]]
            rows = [np.array(x, np.int32) for x in (window, range(len(window)), [0] * len(window), range(len(window) - 1))]
            out = network.forward(Batch(rows[0], rows[1], rows[2], rows[3], table, np.zeros(1, np.int32)))
            goal = np.array(window[1:])
            nats += float((out.lse.astype(np.float64) - out.values[np.arange(len(goal)), goal]).sum())
        size += len(text.encode())
    return nats / math.log(2) / size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--model", type=Path, default=find_embedded())
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    files = given.files or sorted(Path("docs").rglob("*.md"))
    texts = [text for f in files if (text := f.read_text("utf-8")[:MOST_BYTES])]
    model, tokenizer = load_checkpoint(given.model)
    blocks, baseline = -(-model.config.context // BLOCK), None
    for kind in (NativeNetwork, TorchNetwork):
        for precision in ("fp32", "fp16", "int8"):
            network = kind(model, precision, blocks, 1)
            found = bits_per_byte(network, tokenizer, texts)
            network.close()
            baseline = baseline or found
            name = f"{'compiled' if kind is NativeNetwork else 'torch'} {precision}"
            if given.json:
                row = {"task": "quality", "metric": f"bits_per_byte {name}", "value": found, "baseline": baseline}
                print(json.dumps({**row, "n": sum(len(t.encode()) for t in texts), "note": given.model.name}), flush=True)
            else:
                print(f"{name:16} {found:8.4f} bits per byte   {100 * (found / baseline - 1):+7.3f} %", flush=True)


if __name__ == "__main__":
    main()
