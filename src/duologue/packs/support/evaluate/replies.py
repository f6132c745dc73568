"""Does a question find the article that answers it? Measured with the program's search where it is handed in, else by terms.

Knows the folder `knowledge` of Markdown or text files and rows of question, answer and article.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from sklearn.preprocessing import normalize

from duologue.kit.errors import Invalid
from duologue.kit.text import words
from duologue.packs.support.encode import Encode
from duologue.packs.support.evaluate.measure import Row, interval, row
from duologue.packs.support.intents.features import Features

Find = Callable[[Path, Sequence[str], int], Sequence[Sequence[str]]]
"""A folder, questions (n) and a number k to the k best articles of each, by their paths in the folder, best first."""
K = 10
ENDINGS = (".md", ".txt", ".html")


def evaluate_replies(
    rows: Sequence[tuple[str, str, Sequence[str]]], folder: Path, encode: Encode | None = None, find: Find | None = None
) -> Iterator[Row]:
    """Recall at 1 and 5 and MRR at 10 of the right article (the first of several); share of the answer's words in the first found.

    Raises Invalid where the folder holds no article.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDINGS) if folder.is_dir() else []
    if not files:
        raise Invalid("The folder knowledge beside the rows holds no article; put .md, .txt or .html files there.")
    texts = {_name(path.relative_to(folder).as_posix()): path.read_text(encoding="utf-8", errors="replace") for path in files}
    how = "the program's search" if find is not None else "terms" + (f" and encoder {encode.name}" if encode is not None else "")
    questions = [question for question, _, _ in rows]
    listed = find(folder, questions, K) if find is not None else _search_terms(texts, encode, questions, K)
    found = [[_name(article) for article in some] for some in listed]
    places = [_place(some, [_name(article) for article in right]) for some, (_, _, right) in zip(found, rows, strict=True)]
    rank, n, count = np.array(places), len(rows), len(texts)
    for k in (1, 5):
        hits = ((rank > 0) & (rank <= k)).astype(float)
        note = f"{how}; {count} articles; baseline: chance; {interval(hits)}"
        yield row("replies", f"recall@{k}", float(hits.mean()), min(k / count, 1.0), n, note)
    chance = sum(1 / r for r in range(1, min(K, count) + 1)) / count
    yield row(
        "replies", "mrr@10", float(np.where(rank > 0, 1 / np.maximum(rank, 1), 0.0).mean()), chance, n, f"{how}; baseline: chance"
    )
    shares = [
        _share(answer, texts.get(some[0], "") if some else "") for some, (_, answer, _) in zip(found, rows, strict=True) if answer
    ]
    if shares:
        yield row(
            "replies",
            "answer_words_found",
            float(np.mean(shares)),
            None,
            len(shares),
            "share of the answer's words in the first article",
        )


def _name(article: str) -> str:
    """An article's path below the folder, in small letters and without its ending."""
    path = article.strip().replace("\\", "/").lower().removeprefix("knowledge/")
    ending = Path(path).suffix
    return path.removesuffix(ending) if ending in ENDINGS else path


def _place(found: Sequence[str], right: Sequence[str]) -> int:
    """The place from 1 of the first right article among those found, by its path or by its bare name; 0 where there is none."""
    return next((n for n, one in enumerate(found, 1) if any(one == a or one.endswith(f"/{a}") for a in right)), 0)


def _share(answer: str, article: str) -> float:
    wanted = set(words(answer))
    return len(wanted & set(words(article))) / len(wanted) if wanted else 0.0


def _search_terms(texts: dict[str, str], encode: Encode | None, questions: Sequence[str], k: int) -> list[list[str]]:
    names: list[str] = []
    passages: list[str] = []
    for name, text in texts.items():
        parts = [part.strip() for part in text.split("\n\n") if part.strip()] or [name]
        title = parts[0][:120]
        passages.extend(f"{title}\n{part}" for part in parts)
        names.extend([name] * len(parts))
    features = Features(encode).fit(passages)
    rows = normalize(features.join(features.terms(passages), features.vectors(passages)))
    asked = normalize(features.join(features.terms(questions), features.vectors(questions)))
    scores = (asked @ rows.T).toarray()
    out = []
    for line in scores:
        order = dict.fromkeys(names[i] for i in np.argsort(-line, kind="stable") if line[i] > 0)
        out.append(list(order)[:k])
    return out
