"""A prompt made of examples: as many as a budget of tokens allows, then the question in the same form.

Examples are JSONL, one `{"input": …, "output": …}` a line. Source of the method: Brown et al. 2020.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from duologue.kit.errors import Invalid
from duologue.lm.text.tokenizer import TextTokenizer

TEMPLATE = "{input}\n{output}\n\n"


@dataclass(frozen=True, slots=True)
class Example:
    """An input and what was to be written for it."""

    input: str
    output: str


def read_examples(path: Path) -> list[Example]:
    """The examples of a file. Raises Invalid with the line that is wrong, and for a file without any."""
    examples = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The examples {path} cannot be read: {error}.") from error
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
                examples.append(Example(str(row["input"]), str(row["output"])))
            except (ValueError, KeyError, TypeError) as error:
                raise Invalid(f'Line {number} of {path} is no example {{"input": …, "output": …}}.') from error
    if not examples:
        raise Invalid(f"{path} holds no example.")
    return examples


def few_shot(
    tokenizer: TextTokenizer, examples: Sequence[Example], question: str, budget: int, template: str = TEMPLATE
) -> tuple[str, int]:
    """The prompt, and how many examples stand in it: the first that fit into `budget` tokens together with the question.

    Raises Invalid for a template without its two places, and where the question alone is longer than the budget.
    """
    if "{input}" not in template or "{output}" not in template:
        raise Invalid("The template of an example needs the places {input} and {output}.")
    shown = [template.replace("{input}", e.input).replace("{output}", e.output) for e in examples]
    asked = template.partition("{output}")[0].replace("{input}", question).rstrip(" ")
    used = len(shown)
    while used and len(tokenizer.encode("".join(shown[:used]) + asked)) > budget:
        used -= 1
    if not used and len(tokenizer.encode(asked)) > budget:
        raise Invalid(f"The question alone is longer than {budget} tokens; allow more with --examples-budget.")
    return "".join(shown[:used]) + asked, used
