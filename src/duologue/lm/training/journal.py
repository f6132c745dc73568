"""What a run writes down as it goes: a line per step in `log.jsonl`, samples in `samples.jsonl`, and events for TensorBoard."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from duologue.kit.errors import SetupError


class Journal:
    """The logs of the folder `out`. Steps after `step` are forgotten: they are going to be done again.

    Raises SetupError where TensorBoard's files are wanted and its library is not installed.
    """

    def __init__(self, out: Path, step: int, *, tensorboard: bool = False) -> None:
        self.out = out
        for name in ("log.jsonl", "samples.jsonl"):
            path = out / name
            if path.exists():
                rows = [x for x in path.read_text("utf-8").splitlines(keepends=True) if _step_of(x) <= step]
                path.write_text("".join(rows), "utf-8")
        self._board = _open_board(out / "tensorboard", step) if tensorboard else None

    def log(self, row: Mapping[str, Any]) -> None:
        """Write a step down."""
        self._append("log.jsonl", row)
        if self._board is not None:
            prefix = "held out/" if row.get("is_held_out") else ""
            for name, value in row.items():
                if isinstance(value, Mapping):
                    for key, number in value.items():
                        self._board.add_scalar(f"{name}/{key}", number, row["step"])
                elif isinstance(value, float):
                    self._board.add_scalar(prefix + name, value, row["step"])
            self._board.flush()

    def sample(self, step: int, prompt: str, text: str) -> None:
        """Write down how the model went on from a prompt."""
        self._append("samples.jsonl", {"step": step, "prompt": prompt, "text": text})
        if self._board is not None:
            self._board.add_text(prompt, text, step)

    def close(self) -> None:
        """Finish TensorBoard's file."""
        if self._board is not None:
            self._board.close()

    def _append(self, name: str, row: Mapping[str, Any]) -> None:
        with open(self.out / name, "a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def _step_of(line: str) -> float:
    """The step of a line; endless for one that a kill cut short, which is forgotten with the rest."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")


def _open_board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ModuleNotFoundError as error:
        raise SetupError("TensorBoard is not installed; install the extra: pip install 'duologue[tensorboard]'.") from error
    return SummaryWriter(str(folder), purge_step=step + 1 if step else None)
