"""Low-rank adapters that a request may choose by name: read from PEFT folders once, numbered for the step."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from duologue.kit.errors import Invalid
from duologue.lm.checkpoints.lora import find_adapters, load_lora
from duologue.lm.nets.config import Config
from duologue.lm.nets.transformer import Transformer

Layers = list[dict[str, tuple[Tensor, Tensor, float]]]


def load_adapter(folder: Path, config: Config) -> Layers:
    """Of each layer, by the name of its matrix: A (r, in), B (out, r), the scale. Raises Invalid for adapters of another model."""
    with torch.device("meta"):
        shape = Transformer(config)  # only names and sizes: the model itself stays as it is
    load_lora(folder, shape)
    layers: Layers = [{} for _ in range(config.n_layers)]
    for name, (_, adapter) in find_adapters(shape).items():
        _, layer, _, part = name.split(".")
        layers[int(layer)][part] = (adapter.a.detach(), adapter.b.detach(), adapter.scale)
    return layers


class Adapters:
    """The adapters of one model, by name."""

    def __init__(self, folders: Mapping[str, Path], config: Config) -> None:
        self.names = tuple(folders)
        self.layers = [load_adapter(folder, config) for folder in folders.values()]

    def number(self, name: str) -> int:
        """The number of a name, 0 for none. Raises Invalid for one that is not loaded."""
        if not name:
            return 0
        if name not in self.names:
            known = ", ".join(self.names) or "none is"
            raise Invalid(f"The adapter {name!r} is not loaded; loaded: {known}.", param="adapter")
        return self.names.index(name) + 1
