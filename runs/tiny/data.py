"""The data of `runs/tiny.sh`, from the sample shop of the support pack: `data.py texts`, and after fine-tuning `data.py pairs`.

A fifth of the questions is kept apart (`asked.jsonl`) and never learnt from.
"""

import json
import sys
from pathlib import Path

import duologue
from duologue.lm.writing.ask import Model
from duologue.lm.writing.decode import Decoding

SHOP = Path(duologue.__file__).parent / "packs/support"
WORK = Path("work")


def write_lines(name: str, rows: list[dict[str, object]]) -> None:
    """A JSONL file."""
    (WORK / name).write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def list_questions() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Questions with the words that answer them: those to learn from, and those kept apart."""
    files = sorted((SHOP / "evals").glob("questions*.jsonl"))
    rows = [json.loads(line) for path in files for line in path.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["quote"]]
    return [r for n, r in enumerate(rows) if n % 5], rows[::5]


def chat(row: dict[str, str]) -> dict[str, object]:
    """A question and its answer as a conversation."""
    return {"messages": [{"role": "user", "content": row["question"]}, {"role": "assistant", "content": row["quote"]}]}


def make_texts() -> None:
    """The shop's pages without their heads, and the conversations."""
    (WORK / "texts").mkdir(parents=True, exist_ok=True)
    for path in sorted((SHOP / "knowledge").rglob("*.md")):
        text = path.read_text("utf-8")
        body = text.split("---", 2)[2] if text.startswith("---") else text
        (WORK / "texts" / f"{path.parent.name}-{path.name}").write_text(body.strip(), "utf-8")
    learnt, apart = list_questions()
    write_lines("chats.jsonl", [chat(row) for row in learnt])
    write_lines("asked.jsonl", [chat(row) for row in apart])


def make_pairs() -> None:
    """What the fine-tuned model writes for each question, rejected, beside the right words."""
    model, rows = Model(WORK / "finetune/model"), []
    for row in list_questions()[0]:
        prompt = [{"role": "user", "content": row["question"]}]
        (text,) = model.answer(model.read_chat(prompt), Decoding(max_new_tokens=24))["texts"]
        rows.append({"prompt": prompt, "chosen": row["quote"], "rejected": text.strip() or "…"})
    write_lines("pairs.jsonl", rows)


if __name__ == "__main__":
    {"texts": make_texts, "pairs": make_pairs}[sys.argv[1]]()
