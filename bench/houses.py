"""How well the assistant answers from papers that nothing was tuned on: eight small houses with documents and questions.

`python -m bench.houses [--half report] [--json] [--show]`. `bench/houses/NAME/knowledge` holds what an owner puts in on the
first day; `questions.jsonl` what people ask, a quarter of it answered nowhere. Four houses are there to develop with, by somebody
who knew the program; four to report, by somebody who did not. Answers are quotes, no model writes. `right`: the answer cites the
document and says the words that answer; `before`: how many characters a person reads until these words are over; `at_once`: at
most AT_ONCE of them.
"""

import argparse
import asyncio
import json
from collections import defaultdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from duologue.assistant.evaluate import Outcome, answer_all, says_it
from duologue.bootstrap import open_platform
from duologue.kit.settings import Settings
from duologue.knowledge.evaluate import read_questions

HOUSES = Path(__file__).parent / "houses"
THRESHOLD = 0.8
AT_ONCE = {"en": 200, "zh": 100}
"""Characters: about three lines in the chat."""


def list_houses(half: str) -> list[Path]:
    """The folders of one half."""
    folders = sorted(path.parent for path in HOUSES.glob("*/questions.jsonl"))
    return [f for f in folders if json.loads((f / "questions.jsonl").read_text("utf-8").splitlines()[0])["half"] == half]


async def answer_house(folder: Path) -> list[Outcome]:
    """Every question of a house, its documents in a workspace of their own."""
    with TemporaryDirectory(prefix="duologue-house-") as home:
        settings = Settings(data_dir=Path(home), engine="none", sample=False)
        async with open_platform(settings) as platform:
            report = await platform.knowledge.ingest_folder(folder.name, folder / "knowledge")
            assert not report.failed, report.failed
            return await answer_all(platform.knowledge, folder.name, read_questions([folder / "questions.jsonl"]), THRESHOLD)


def read_before(outcome: Outcome) -> int:
    """Characters of the answer up to the end of the words that answer."""
    body, quote = outcome.answer.body, outcome.question.quote
    if quote in body:
        return body.index(quote) + len(quote)
    said = ""
    for paragraph in body.split("\n"):
        said += paragraph + "\n"
        if says_it(said, quote):
            break
    return len(said)


def sum_up(outcomes: list[Outcome]) -> dict[str, Any]:
    """The figures of some outcomes."""
    known = [o for o in outcomes if o.question.articles]
    right = [o for o in known if o.is_right]
    sent = [o for o in outcomes if o.is_sent]
    before = [read_before(o) for o in right]
    at_once = sum(b <= AT_ONCE[o.question.lang] for b, o in zip(before, right, strict=True))
    return {
        "n": len(known),
        "right": len(right),
        "at_once": at_once,
        "before": median(before) if before else 0,
        "length": median(len(o.answer.body) for o in known),
        "sent": len(sent),
        "sent_right": sum(o.is_right for o in sent),
        "n_absent": len(outcomes) - len(known),
        "absent_sent": sum(not o.question.articles for o in sent),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("develop", "report"), default="report")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--show", action="store_true", help="each question with its answer")
    given = parser.parse_args()
    by: dict[str, list[Outcome]] = defaultdict(list)
    for folder in list_houses(given.half):
        outcomes = asyncio.run(answer_house(folder))
        by[folder.name] = outcomes
        by[f"all {outcomes[0].question.lang}"] += outcomes
        for o in outcomes if given.show else ():
            mark = ("+" if o.is_right else "-") if o.question.articles else " "
            print(f"{mark} {o.question.id} {o.confidence:.2f} {o.question.question}\n    wanted: {o.question.quote}")
            print("    " + o.answer.body.replace("\n", "\n    "))
    for name, some in by.items():
        row = {"house": name, **sum_up(some)}
        print(json.dumps(row, ensure_ascii=False) if given.json else "  ".join(f"{k} {v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
