"""English words that are seldom names, for the tagger of personal data: `python -m bench.common_words` writes them.

From books and country facts in the public domain, news (Wikinews, CC BY 2.5), answers of public institutes on health (MedQuAD,
CC BY 4.0; shared data `lm/en_classic_books`, `en_factbook`, `en_wikinews`, `en_qa_medquad`) and the pack's own sets: words in small
letters at least LEAST times, and at least four times as often as with a capital.
"""

import collections
import json
import lzma
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PACK = Path(__file__).parents[1] / "src/duologue/packs/health"
LEAST, OWN_LEAST = 25, 2
_WORD = re.compile(r"(?<![\w./_-])[A-Za-z]?[a-z]{2,}(?![\w/_-])")


def count(texts: Iterator[str]) -> tuple[collections.Counter[str], collections.Counter[str]]:
    """How often words stand in small letters, and with a capital."""
    small: collections.Counter[str] = collections.Counter()
    capital: collections.Counter[str] = collections.Counter()
    for text in texts:
        for word in _WORD.findall(text):
            (small if word.islower() else capital)[word.lower()] += 1
    return small, capital


def own() -> Iterator[str]:
    """What persons say in the pack's own English sets."""
    for path in [*sorted((PACK / "evals").glob("*-en.jsonl")), PACK / "evals/consultations.jsonl"]:
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row["lang"] == "en":
                yield row.get("text") or " ".join(
                    t if isinstance(t, str) else t["text"] for t in row.get("turns") or row["dialogue"]
                )


def public(shared: Path) -> Iterator[str]:
    """Books, facts, news and answers, as the head of this file names them."""
    for name in ("en_classic_books", "en_factbook", "en_wikinews", "en_qa_medquad"):
        with lzma.open(shared / "lm" / name / f"{name}.jsonl.xz", "rt", encoding="utf-8") as file:
            yield from file


def main(shared: Path) -> None:
    """Write `rules/common-en.txt`."""
    words: set[str] = set()
    for texts, least in ((public(shared), LEAST), (own(), OWN_LEAST)):
        small, capital = count(texts)
        words |= {w for w, n in small.items() if n >= least and n >= 4 * capital[w]}
    (PACK / "rules/common-en.txt").write_text("\n".join(sorted(words)) + "\n", "utf-8")
    print(len(words))


if __name__ == "__main__":
    default = Path(os.environ.get("DUOLOGUE_SHARED_DATA", Path(__file__).parents[1].parent / "shared/data"))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else default)
