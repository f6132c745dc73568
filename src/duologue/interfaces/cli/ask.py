"""`duologue score | generate | import`: ask a model in a folder and print what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.table import Table

from duologue.interfaces.cli.run import err, out, print_json
from duologue.kit.errors import Invalid, SetupError

if TYPE_CHECKING:
    from pathlib import Path

    from duologue.lm.writing.ask import Model
    from duologue.lm.writing.decode import Decoding


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of `duologue generate`, but for the rules of decoding."""

    model: str
    prompts: tuple[str, ...]
    stops: tuple[str, ...]
    chat: bool
    system: str
    examples: Path | None
    budget: int
    template: str
    show_beams: bool


def load_model(name: str) -> Model:
    """The model of the option `--model`. Raises SetupError without torch, Invalid where there is no model."""
    try:
        from duologue.lm.checkpoints.convert import find_model
        from duologue.lm.writing.ask import Model
    except ModuleNotFoundError as error:
        raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[local]'.") from error
    return Model(find_model(name))


def print_score(name: str, text: str, continuation: str | None, *, as_json: bool) -> None:
    """Score a text or its continuation."""
    found = load_model(name).score(text, continuation)
    if as_json:
        print_json(found)
        return
    out.print(f"log-probability {found['logprob']:.3f} nats over {found['tokens']} tokens", markup=False)
    out.print(f"perplexity {found['perplexity']:.3f}, bits per byte {found['bits_per_byte']:.4f}", markup=False)


def print_texts(asked: Asked, decoding: Decoding, *, as_json: bool) -> None:
    """Write on from each prompt, an object or a paragraph each."""
    if asked.show_beams and decoding.beams < 2:
        raise Invalid("There are no beams to show: give --beams 2 or more.")
    model = load_model(asked.model)
    for prompt in asked.prompts:
        ids = _read(model, asked, prompt, decoding.max_new_tokens)
        if asked.show_beams:
            for step in model.beams(ids, decoding, asked.stops):
                print_json(step) if as_json else _draw(step)
        found = model.answer(ids, decoding, asked.stops)
        if as_json:
            print_json(found)
            continue
        for text, score, reason in zip(found["texts"], found["scores"], found["finish_reasons"], strict=True):
            out.print(text, markup=False)
            err.print(f"[score {score:.3f}, {reason}]", style="dim", markup=False)


def print_conversion(found: dict[str, Any], *, as_json: bool) -> None:
    """What was imported or exported."""
    if as_json:
        print_json(found)
        return
    size = f"{found['parameters'] / 1e6:.2f} M parameters, context {found['context']}, {found['dtype']}"
    out.print(f"{found['family']}, {size}: {found['model']}", markup=False)
    out.print(f"read back, the logits differ by at most {found['max_logit_difference']:.1e}", markup=False)


def _read(model: Model, asked: Asked, prompt: str, max_new_tokens: int) -> list[int]:
    if asked.examples is not None:
        from duologue.lm.text.fewshot import TEMPLATE, few_shot, read_examples

        budget = asked.budget or model.network.config.context - max_new_tokens - 1
        template = asked.template.replace("\\n", "\n") or TEMPLATE
        prompt, used = few_shot(model.tokenizer, read_examples(asked.examples), prompt, budget, template)
        err.print(f"{used} examples stand before the prompt.", style="dim", markup=False)
    if not asked.chat:
        return model.read(prompt)
    system = [{"role": "system", "content": asked.system}] if asked.system else []
    return model.read_chat([*system, {"role": "user", "content": prompt}])


def _draw(step: dict[str, Any]) -> None:
    table = Table("beam", "log-probability", "text", box=None, title=f"step {step['step']}", title_justify="left")
    for number, beam in enumerate(step["beams"], 1):
        table.add_row(str(number), f"{beam['logprob']:.3f}", repr(beam["text"])[1:-1])
    for done in step["finished"]:
        table.add_row("done", f"score {done['score']:.3f}", repr(done["text"])[1:-1])
    out.print(table, markup=False)
