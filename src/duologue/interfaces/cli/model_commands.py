"""`duologue score | generate | import`: the options. What the commands do stands in `ask.py`, imported when one is run."""

from pathlib import Path
from typing import Annotated

import typer

from duologue.interfaces.cli.options import AsJson

Model = Annotated[str, typer.Option("--model", help="Folder of a model, ours or Hugging Face's, or its name on the Hub.")]


def score(
    model: Model,
    text: Annotated[str, typer.Option(help="Text to score, or to go on from.")],
    continuation: Annotated[str | None, typer.Option(help="Score only this, as what comes after the text.")] = None,
    as_json: AsJson = False,
) -> None:
    """How likely a model finds a text: log-probability in nats, perplexity, bits per byte."""
    from duologue.interfaces.cli.ask import print_score

    print_score(model, text, continuation, as_json=as_json)


def generate(
    model: Model,
    prompt: Annotated[list[str], typer.Option(help="Text to go on from; give it again for more, an object per prompt.")],
    max_new_tokens: Annotated[int, typer.Option(help="Most tokens to write.")] = 64,
    temperature: Annotated[float, typer.Option(help="0 writes the likeliest token each time; 1 draws as the model says.")] = 0.0,
    top_k: Annotated[int, typer.Option(help="Draw among this many likeliest tokens; 0 among all.")] = 0,
    top_p: Annotated[float, typer.Option(help="Draw among the likeliest tokens that together have this probability.")] = 1.0,
    min_p: Annotated[float, typer.Option(help="Draw among tokens at least this share as likely as the likeliest.")] = 0.0,
    repetition_penalty: Annotated[float, typer.Option(help="Above 1: tokens of the text so far become less likely.")] = 1.0,
    presence_penalty: Annotated[float, typer.Option(help="Subtracted from the logits of tokens of the text so far.")] = 0.0,
    stop: Annotated[list[str] | None, typer.Option(help="End before this string; give it again for more.")] = None,
    beams: Annotated[int, typer.Option(help="Beam search of this width; 1 is none.")] = 1,
    length_penalty: Annotated[float, typer.Option(help="A score is the log-probability divided by length to this power.")] = 1.0,
    early_stopping: Annotated[bool, typer.Option("--early-stopping", help="End as soon as all beams are complete.")] = False,
    n: Annotated[int, typer.Option("--n", "-n", help="Texts per prompt; with beams the n best.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    show_beams: Annotated[bool, typer.Option("--show-beams", help="Show every step of the beam search.")] = False,
    chat: Annotated[bool, typer.Option("--chat", help="The prompt is a person's message; use the model's chat format.")] = False,
    system: Annotated[str, typer.Option(help="With --chat: the system message.")] = "",
    examples: Annotated[Path | None, typer.Option(help="JSONL of {input, output} to put before the prompt (few-shot).")] = None,
    examples_budget: Annotated[int, typer.Option(help="Most tokens of examples and prompt; 0: what the context has room for.")] = 0,
    template: Annotated[str, typer.Option(help="Form of an example, with {input} and {output}; \\n is a line end.")] = "",
    as_json: AsJson = False,
) -> None:
    """Write on from a prompt: greedy, drawn at random, or by beam search."""
    from duologue.interfaces.cli.ask import Asked, print_texts
    from duologue.lm.writing.decode import Decoding

    decoding = Decoding(
        max_new_tokens=max_new_tokens,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        min_p=min_p,
        repetition_penalty=repetition_penalty,
        presence_penalty=presence_penalty,
        seed=seed,
        n=n,
        beams=beams,
        length_penalty=length_penalty,
        is_early=early_stopping,
    )
    asked = Asked(model, tuple(prompt), tuple(stop or ()), chat, system, examples, examples_budget, template, show_beams)
    print_texts(asked, decoding, as_json=as_json)


def import_model(
    source: Annotated[str, typer.Argument(metavar="DIR_OR_HUB_NAME", help="Hugging Face folder, or a name on the Hub.")],
    to: Annotated[Path | None, typer.Option("--to", "-o", help="Folder to write; ./NAME without it.")] = None,
    dtype: Annotated[str, typer.Option(help="fp32, bf16 or fp16; that of the source without it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Take in a model of another program (GPT-2, Llama, Qwen2, Qwen3), with its tokenizer and chat template."""
    from duologue.interfaces.cli.ask import print_conversion
    from duologue.lm.checkpoints.convert import convert, find_model

    folder = find_model(source)
    print_conversion(convert(folder, to or Path(Path(source).name), dtype=dtype), as_json=as_json)


def add_commands(app: typer.Typer) -> None:
    """Hang these commands on the tree."""
    app.command()(score)
    app.command()(generate)
    app.command("import")(import_model)
