"""How well search finds, and how well it knows when it has not: figures over questions with known answers.

A question names the articles that answer it and quotes the words that do; a passage is right when it holds the quote. Questions are
split in two halves by their ids: constants of `fuse.py` and `support.py` were chosen on the development half, figures are reported
on the other. The caller passes all paths. `fit.py` fits the constants of `support.py` again.
"""

import json
import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang
from duologue.knowledge.fuse import DENSE_SHARE
from duologue.knowledge.model import Hit, SearchResult
from duologue.knowledge.service import KnowledgeService
from duologue.knowledge.support import TOP

WORKSPACE = "wsp_evaluation"
DEPTH = 10
Part = Literal["development", "report", "all"]
CHANNELS = {"hybrid": DENSE_SHARE, "bm25": 0.0, "dense": 1.0}


@dataclass(frozen=True, slots=True)
class Question:
    """A question as written. `articles` names documents by the stem of their uri; none means that there is no answer."""

    id: str
    lang: Lang
    question: str
    kind: str
    articles: tuple[str, ...]
    quote: str

    @property
    def is_development(self) -> bool:
        return zlib.crc32(self.id.encode()) % 2 == 0


@dataclass(frozen=True, slots=True)
class Answered:
    """A question with what a search found. `rank` is of the first right passage, 0 where none is among the first DEPTH."""

    question: Question
    result: SearchResult
    rank: int
    article_rank: int


def read_questions(paths: Iterable[Path], part: Part = "all") -> list[Question]:
    """Questions of JSON-lines files. Raises NotFound and Invalid."""
    found: list[Question] = []
    for path in paths:
        if not path.is_file():
            raise NotFound(f"There is no file {path}.")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.strip():
                found.append(_read_question(line, f"{path.name}, line {number}"))
    return [q for q in found if part == "all" or q.is_development == (part == "development")]


def _read_question(line: str, where: str) -> Question:
    try:
        row = json.loads(line)
        articles = tuple(row.get("articles") or ())
        return Question(row["id"], row["lang"], row["question"], row["kind"], articles, row.get("quote") or "")
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{where} is no question: {error}.") from error


async def answer(
    service: KnowledgeService, questions: Sequence[Question], *, dense_share: float = DENSE_SHARE, workspace_id: str = WORKSPACE
) -> list[Answered]:
    """Search for every question and see at which place the right passage stands."""
    out: list[Answered] = []
    for question in questions:
        result = await service.search(workspace_id, question.question, k=DEPTH, dense_share=dense_share)
        rank = next((n for n, hit in enumerate(result.hits, start=1) if is_right(question, hit)), 0)
        article_rank = next((n for n, hit in enumerate(result.hits, start=1) if is_of_article(question, hit)), 0)
        out.append(Answered(question, result, rank, article_rank))
    return out


def is_of_article(question: Question, hit: Hit) -> bool:
    """Whether the hit comes from a right article, in the language of the question."""
    return Path(hit.uri).stem in question.articles and hit.passage.lang == question.lang


def is_right(question: Question, hit: Hit) -> bool:
    """Whether the hit holds the quoted words; in a right article, whatever blanks and marks stand between them."""
    return is_of_article(question, hit) and _bare(question.quote) in _bare(hit.passage.heading + hit.passage.body)


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())


# ── figures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def recall(answered: Sequence[Answered], k: int = 5) -> float:
    """The share of questions with a right passage among the first `k`."""
    return _mean([1.0 if 0 < a.rank <= k else 0.0 for a in answered])


def article_recall(answered: Sequence[Answered], k: int = 5) -> float:
    """The share of questions with a passage of a right article among the first `k`."""
    return _mean([1.0 if 0 < a.article_rank <= k else 0.0 for a in answered])


def mrr(answered: Sequence[Answered]) -> float:
    """Mean reciprocal rank of the first right passage, 0 beyond DEPTH."""
    return _mean([1 / a.rank if a.rank else 0.0 for a in answered])


def ndcg(answered: Sequence[Answered]) -> float:
    """Normalised discounted cumulative gain at DEPTH with one right passage (Järvelin and Kekäläinen, TOIS 2002)."""
    return _mean([1 / math.log2(1 + a.rank) if a.rank else 0.0 for a in answered])


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """How often a right one scores above a wrong one, ties counted half; nan where a side is empty."""
    if not right or not wrong:
        return math.nan
    wins = sum((r > w) + 0.5 * (r == w) for r in right for w in wrong)
    return wins / (len(right) * len(wrong))


def caught(answerable: Sequence[float], unanswerable: Sequence[float], false: float = 0.05) -> float:
    """The share of unanswerable questions told apart where at most `false` of the answerable ones are taken for such."""
    if not answerable or not unanswerable:
        return math.nan
    threshold = sorted(answerable)[int(false * len(answerable))]
    return _mean([1.0 if score < threshold else 0.0 for score in unanswerable])


def brier(answered: Sequence[Answered]) -> tuple[float, float]:
    """Mean squared error of `support` against whether the answer is among the first TOP, and that of the constant share."""
    found = [1.0 if 0 < a.rank <= TOP else 0.0 for a in answered]
    share = _mean(found)
    return _mean([(a.result.support - y) ** 2 for a, y in zip(answered, found, strict=True)]), share * (1 - share)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else math.nan


RANKING: dict[str, Callable[[Sequence[Answered]], float]] = {
    "recall@5": recall,
    "mrr@10": mrr,
    "ndcg@10": ndcg,
    "article_recall@5": article_recall,
}


async def evaluate_knowledge(
    service: KnowledgeService, documents: Path, questions: Iterable[Path], *, part: Part = "report"
) -> list[dict[str, Any]]:
    """Ingest a folder into a workspace of its own and measure: one row {task, metric, value, baseline, n, note} per figure.

    `baseline` is BM25 alone. The service should stand on a database that is thrown away afterwards.
    """
    report = await service.ingest_folder(WORKSPACE, documents)
    if report.failed:
        raise Invalid(f"{report.failed[0][0]}: {report.failed[0][1]}")
    asked = read_questions(questions, part)
    by_channel = {name: await answer(service, asked, dense_share=share) for name, share in CHANNELS.items()}
    return [*_ranking_rows(asked, by_channel, part), *_support_rows(by_channel, part)]


def list_groups(asked: Sequence[Question]) -> Iterator[tuple[str, Callable[[Question], bool]]]:
    yield "all", lambda q: True
    for lang in ("en", "zh"):
        yield lang, lambda q, lang=lang: q.lang == lang  # type: ignore[misc]
        for kind in dict.fromkeys(q.kind for q in asked if q.lang == lang and q.articles):
            yield f"{lang}.{kind}", lambda q, lang=lang, kind=kind: q.lang == lang and q.kind == kind  # type: ignore[misc]


def _ranking_rows(asked: Sequence[Question], by_channel: dict[str, list[Answered]], part: Part) -> Iterator[dict[str, Any]]:
    for group, belongs in list_groups(asked):
        for metric, figure in RANKING.items():
            chosen = {name: [a for a in found if a.question.articles and belongs(a.question)] for name, found in by_channel.items()}
            values = {name: round(figure(found), 4) for name, found in chosen.items()}
            yield {
                "task": f"retrieval.{group}",
                "metric": metric,
                "value": values["hybrid"],
                "baseline": values["bm25"],
                "n": len(chosen["hybrid"]),
                "note": f"hybrid; baseline BM25 alone; dense alone {values['dense']}; {part} questions",
            }


def _support_rows(by_channel: dict[str, list[Answered]], part: Part) -> Iterator[dict[str, Any]]:
    for lang in ("all", "en", "zh"):
        figures: dict[str, dict[str, float]] = {}
        found = [a for a in by_channel["hybrid"] if lang in ("all", a.question.lang)]
        wrong = [a for a in found if not a.question.articles]
        right = [a for a in found if a.question.articles]
        for name, score in (("support", _support), ("bm25", _bm25)):
            sides = [score(a) for a in right], [score(a) for a in wrong]
            figures[name] = {"auroc": auroc(*sides), "recall_at_5pct": caught(*sides)}
        for metric in ("auroc", "recall_at_5pct"):
            yield {
                "task": f"unanswerable.{lang}",
                "metric": metric,
                "value": round(figures["support"][metric], 4),
                "baseline": round(figures["bm25"][metric], 4),
                "n": len(found),
                "note": f"{len(wrong)} without an answer, told apart by support; baseline: score of BM25; {part} questions",
            }
        error, constant = brier(found)
        yield {
            "task": f"support.{lang}",
            "metric": "brier",
            "value": round(error, 4),
            "baseline": round(constant, 4),
            "n": len(found),
            "note": f"lower is better; support against an answer among the first {TOP}; baseline: its share; {part} questions",
        }


def _support(answered: Answered) -> float:
    return answered.result.support


def _bm25(answered: Answered) -> float:
    return answered.result.signals.get("bm25", 0.0)
