"""Neutral questions and complaints as the support pack reads them with its starter intents: who is taken for whom.

    python -m bench.tone [--json]

One line for each language and part of `packs/support/evals`: the halves of `tone.jsonl`, of which only `report` is a claim, and
`anger.held-out.jsonl`. Knows no conversation.
"""

import argparse
import json

from duologue.lm.vectors.attentive_model import ENGLISH_SHARE, AttentiveModel
from duologue.packs.support.intents.starter import EVALS, starter_model
from duologue.packs.support.minds import Models
from duologue.packs.support.mood.satisfaction import SatisfactionModel, Turn
from duologue.packs.support.mood.sentiment import SentimentModel
from duologue.packs.support.talk.reading import read_with

FILES = {"": "tone.jsonl", "held-out": "anger.held-out.jsonl"}


def main() -> None:
    """Print the shares of messages that are surely a complaint, and whose mood is bad."""
    parser = argparse.ArgumentParser(description="Neutral questions and complaints as the support pack reads them.")
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    encode = AttentiveModel.load().mix(ENGLISH_SHARE)
    models = Models(starter_model(encode), SentimentModel(encode), SatisfactionModel())
    rows = [
        {"half": part} | json.loads(line)
        for part, name in FILES.items()
        for line in (EVALS.parent / name).read_text(encoding="utf-8").splitlines()
    ]
    for half in ("develop", "report", "held-out"):
        for lang in ("en", "zh"):
            for kind in ("neutral", "complaint"):
                read = [
                    read_with(models, [Turn("user", row["text"])], row["text"])
                    for row in rows
                    if (row["half"], row["lang"], row["kind"]) == (half, lang, kind)
                ]
                surely = sum(one["understanding"] == "sure" and one["intents"][0]["intent"] == "complaint" for one in read)
                bad = sum(one["sentiment"] == "negative" for one in read)
                found = {"half": half, "lang": lang, "kind": kind, "n": len(read), "surely_complaint": surely, "bad_mood": bad}
                print(json.dumps(found) if as_json else "  ".join(f"{k} {v}" for k, v in found.items()))


if __name__ == "__main__":
    main()
