"""A training run in words: every field documented, overridable by `a.b=c`, and refused where unknown.

Read from YAML; the resolved recipe is saved beside what it made, so that the run can be repeated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from duologue.kit.errors import Invalid


def doc(text: str, **more: Any) -> Any:
    return field(metadata={"doc": text}, **more)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A part of a run: what is read, for how long, in which form."""

    steps: int = doc("Optimizer steps of this stage.")
    data: tuple[str, ...] = doc(
        "Files, folders or patterns of text (.txt, .md, .jsonl with `text`) or conversations (.jsonl with `messages`, or `prompt` "
        "and `completion`), prepared into a shard under `out`.",
        default=(),
    )
    shard: str = doc("Shard to learn from, without its endings, where it was prepared already.", default="")
    length: int = doc("Tokens per row.", default=256)
    rows: int = doc("Rows per micro-batch.", default=16)
    accumulate: int = doc("Micro-batches per optimizer step; the loss is that of one batch of all of them.", default=1)
    whole: bool = doc("Keep documents whole (conversations): pad rows instead of splitting; `finetune` sets it.", default=False)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A training run."""

    out: str = doc("Folder that the run writes: checkpoints, log, recipe, result.")
    stages: tuple[Stage, ...] = doc("What is read, in order.")
    tokenizer: str = doc("tokenizer.json of a new model; trained on the stages' data where the file is not there.", default="")
    vocab_size: int = doc("Entries of a tokenizer that is trained, the 256 bytes and the special tokens included.", default=8192)
    model: Mapping[str, Any] = doc("Shape and parts of a new model: the fields of lm.config.Config.", default_factory=dict)
    start_from: str = doc("Folder of a model to go on from, instead of a new one.", default="")
    seed: int = doc("Seed of weights and of the order of documents.", default=0)
    precision: Literal["fp32", "bf16"] = doc(
        "Arithmetic of the matrices; weights and optimizer stay fp32. bf16 only where the processor has units for it.",
        default="fp32",
    )
    device: Literal["auto", "cpu", "cuda"] = doc("Where to train; auto takes a CUDA device where there is one.", default="auto")
    parallel: Literal["ddp", "fsdp"] = doc(
        "Under torchrun: every process holds the whole model (ddp), or a part of it (fsdp).", default="ddp"
    )
    compile: bool = doc(
        "Compile the network first (torch.compile): a minute's wait, then faster; on a CPU it needs a C++ compiler.", default=False
    )
    threads: int = doc("Threads of torch on the CPU; 0 leaves torch's choice.", default=0)
    lora_rank: int = doc("Learn adapters of this rank instead of all weights; 0 learns all.", default=0)
    lora_alpha: float = doc("Strength of the adapters; their sum is scaled by alpha / rank.", default=16.0)
    keep: float = doc(
        "Where adapters learn: plain texts are not learnt but hold the model near what it was, each token with this weight.",
        default=0.0,
    )
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
    label_smoothing: float = doc("Share of each target's probability spread over the vocabulary while learning.", default=0.0)
    ema: float = doc(
        "Keep a moving average of the weights, which is evaluated and becomes the model: this share stays each step (like 0.99).",
        default=0.0,
    )
    mask_documents: bool = doc("Do not attend across documents of a row.", default=True)
    save_every: int = doc("Steps between checkpoints; the last two are kept.", default=200)
    evaluate_every: int = doc("Steps between evaluations on the held-out texts; 0 never.", default=200)
    held_out: str = doc("JSON file of held-out texts by language: {lang: [text, …]}.", default="")
    held_out_share: float = doc("Share of `data` that is held out, where `held_out` names no file.", default=0.02)
    sample_prompts: tuple[str, ...] = doc("Prompts that the model goes on from at each evaluation, for the report.", default=())
    tensorboard: bool = doc("Write TensorBoard's event files too (needs the extra `tensorboard`).", default=False)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON values."""
        return {name: _plain(value) for name, value in asdict(self).items()}


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """Read a recipe and apply overrides like `stages.0.steps=100`. Raises Invalid with the field that is wrong."""
    return parse_recipe(read_values(path, overrides))


def read_values(path: Path, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The values of a recipe file with overrides applied, unchecked. Raises Invalid for a file that holds no mapping."""
    try:
        values = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise Invalid(f"The recipe {path} cannot be read: {error}.") from error
    if not isinstance(values, dict):
        raise Invalid(f"The recipe {path} must be a mapping of fields.")
    for override in overrides:
        _override(values, override)
    return values


def parse_recipe(values: Mapping[str, Any]) -> Recipe:
    """A recipe from JSON values. Raises Invalid for an unknown field, a missing one, or one of the wrong kind."""
    recipe: Recipe = parse_fields(Recipe, values, "")
    if not recipe.stages:
        raise Invalid("The recipe has no stages: say under `stages` what to learn from.")
    for number, stage in enumerate(recipe.stages):
        if not stage.shard and not stage.data:
            raise Invalid(f"The recipe is incomplete: stages.{number} needs `data` (files of text) or a `shard`.")
        if min(stage.steps, stage.length, stage.rows, stage.accumulate) < 1:
            raise Invalid(f"The recipe's stages.{number} needs steps, length, rows and accumulate of at least 1.")
    has_data = any(stage.data for stage in recipe.stages)
    if not recipe.start_from and not (recipe.model and (recipe.tokenizer or has_data)):
        raise Invalid("The recipe needs `start_from` (a model to go on from), or `model` and `tokenizer` for a new one.")
    if not (0 <= recipe.label_smoothing < 1 and 0 <= recipe.ema < 1 and 0 <= recipe.held_out_share < 1):
        raise Invalid("The recipe's label_smoothing, ema and held_out_share are shares: at least 0 and below 1.")
    if recipe.keep < 0 or (recipe.keep and not recipe.lora_rank):
        raise Invalid("The recipe's keep weighs texts by which adapters hold a model: 0, or more with a lora_rank.")
    return recipe


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write the resolved recipe as YAML."""
    path.write_text(yaml.safe_dump(recipe.to_dict(), sort_keys=False, allow_unicode=True), "utf-8")


def describe_fields(*kinds: tuple[Any, str]) -> list[tuple[str, str, str]]:
    """Every field of recipes (kind, prefix) as (name, default, meaning); those of a training run where none is given."""
    rows = []
    for kind, prefix in kinds or ((Recipe, ""), (Stage, "stages.N.")):
        for f in fields(kind):
            default = "required" if f.default is MISSING and f.default_factory is MISSING else f.default
            shown = "" if default in (MISSING, "", ()) else str(default)
            rows.append((prefix + f.name, shown, str(f.metadata["doc"])))
    return rows


def _plain(value: Any) -> Any:
    """Tuples as lists and mappings as dicts, as YAML writes them."""
    if isinstance(value, Mapping):
        return {key: _plain(v) for key, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, list | tuple) else value


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
