"""A training run in words: every field documented, overridable by `a.b=c`, and refused where unknown.

Read from YAML; the resolved recipe is saved beside what it made, so that the run can be repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from duologue.kit.errors import Invalid


def doc(text: str, **more: Any) -> Any:
    return field(metadata={"doc": text}, **more)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a run: what is read, for how long, in which form."""

    shard: str = doc("Shard to learn from, without its endings.")
    steps: int = doc("Optimizer steps of this stage.")
    length: int = doc("Tokens per row.", default=256)
    rows: int = doc("Rows per micro-batch.", default=16)
    accumulate: int = doc("Micro-batches per optimizer step; the loss is that of one batch of all of them.", default=1)
    whole: bool = doc("Keep documents whole (conversations): pad rows instead of splitting.", default=False)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A training run."""

    out: str = doc("Folder that the run writes: checkpoints, log, recipe, result.")
    stages: tuple[Stage, ...] = doc("What is read, in order.")
    tokenizer: str = doc("tokenizer.json of a new model.", default="")
    model: Mapping[str, Any] = doc("Shape and parts of a new model: the fields of lm.config.Config.", default_factory=dict)
    start_from: str = doc("Folder of a model to go on from, instead of a new one.", default="")
    seed: int = doc("Seed of weights and of the order of documents.", default=0)
    precision: Literal["fp32", "bf16"] = doc(
        "Arithmetic of the matrices; weights and optimizer stay fp32. bf16 only where the processor has units for it.",
        default="fp32",
    )
    threads: int = doc("Threads of torch on the CPU; 0 leaves torch's choice.", default=0)
    lora_rank: int = doc("Learn adapters of this rank instead of all weights; 0 learns all.", default=0)
    lora_alpha: float = doc("Strength of the adapters; their sum is scaled by alpha / rank.", default=16.0)
    optimizer: Literal["muon", "adamw"] = doc(
        "Muon for the blocks' matrices and AdamW for the rest, or AdamW for all.", default="muon"
    )
    muon_lr: float = doc("Peak learning rate of Muon.", default=0.01)
    adam_lr: float = doc("Peak learning rate of AdamW.", default=0.004)
    weight_decay: float = doc("Cautious weight decay.", default=0.1)
    schedule: Literal["wsd", "cosine"] = doc("Learning rate over time: warm-up, flat, straight fall; or a cosine.", default="wsd")
    warmup_steps: int = doc("Steps of warm-up.", default=40)
    decay_share: float = doc("Share of all steps in which the learning rate falls (wsd).", default=0.5)
    floor: float = doc("Learning rate at the end, as a share of the peak.", default=0.0)
    clip: float = doc("Longest gradient; 0 does not clip.", default=1.0)
    mask_documents: bool = doc("Do not attend across documents of a row.", default=True)
    save_every: int = doc("Steps between checkpoints; the last two are kept.", default=200)
    evaluate_every: int = doc("Steps between evaluations on the held-out texts; 0 never.", default=200)
    held_out: str = doc("JSON file of held-out texts by language: {lang: [text, …]}.", default="")

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON values."""
        return asdict(self) | {"stages": [asdict(s) for s in self.stages], "model": dict(self.model)}


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply overrides like `stages.0.steps=100`. Raises Invalid with the field that is wrong."""
    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Invalid(f"The recipe {path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise Invalid(f"The recipe {path} must be a mapping of fields.")
    for override in overrides:
        _override(values, override)
    return parse_recipe(values)


def parse_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe from JSON values. Raises Invalid for an unknown field, a missing one, or one of the wrong kind."""
    recipe: Recipe = parse_fields(Recipe, values, "")
    if not recipe.stages:
        raise Invalid("The recipe has no stages: say under `stages` what to learn from.")
    if not recipe.start_from and not (recipe.model and recipe.tokenizer):
        raise Invalid("The recipe needs `start_from` (a model to go on from), or `model` and `tokenizer` for a new one.")
    return recipe


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write the resolved recipe as YAML."""
    path.write_text(yaml.safe_dump(recipe.to_dict(), sort_keys=False, allow_unicode=True), "utf-8")


def describe_fields() -> list[tuple[str, str, str]]:
    """Every field as (name, default, meaning); for the reference page."""
    rows = []
    for kind, prefix in ((Recipe, ""), (Stage, "stages.N.")):
        default = kind(**{f.name: () for f in fields(kind) if f.name in ("out", "stages", "shard", "steps")})  # type: ignore[arg-type]
        rows += [(prefix + f.name, str(getattr(default, f.name) or ""), str(f.metadata["doc"])) for f in fields(kind)]
    return rows


def _override(values: Any, override: str) -> None:
    path, equals, text = override.partition("=")
    if not equals:
        raise Invalid(f"Write an override as name=value; {override!r} has no '='.")
    *parents, last = path.split(".")
    for part in parents:
        try:
            values = values[int(part)] if isinstance(values, list) else values.setdefault(part, {})
        except (ValueError, IndexError, AttributeError) as error:
            raise Invalid(f"The recipe has nothing at {path!r}.") from error
    if isinstance(values, list):
        raise Invalid(f"{path!r} names an entry of a list; set one of its fields.")
    values[last] = yaml.safe_load(text)


def parse_fields(kind: Any, values: Any, where: str = "") -> Any:
    """A dataclass from JSON values; `where` prefixes names in what is said. Raises Invalid with the field that is wrong."""
    if not isinstance(values, Mapping):
        raise Invalid(f"The recipe's {where or 'top'} must be a mapping of fields.")
    hints, known = get_type_hints(kind), {f.name for f in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise Invalid(f"The recipe has no field {where}{unknown[0]}; the fields are {', '.join(sorted(known))}.")
    parsed = {name: _value(hints[name], value, where + name) for name, value in values.items()}
    try:
        return kind(**parsed)
    except TypeError as error:
        raise Invalid(f"The recipe is incomplete: {str(error).partition(') ')[2] or error}.") from error


def _value(hint: Any, value: Any, where: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise Invalid(f"The recipe's {where} must be a list.")
        return tuple(_value(get_args(hint)[0], v, f"{where}.{i}") for i, v in enumerate(value))
    if is_dataclass(hint):
        return parse_fields(hint, value, where + ".")
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise Invalid(f"The recipe's {where} is one of {', '.join(get_args(hint))}; {value!r} is not.")
        return value
    if get_origin(hint) is not None:
        return dict(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise Invalid(f"The recipe's {where} must be of the kind {hint.__name__}; {value!r} is not.")
    return value
