"""Fits the constants of `support.py` again: `python -m duologue.knowledge.fit --documents … --questions … --encoder module:Class`.

Only the development half of the questions is used. Each question that has an answer is asked a second time with the articles that
hold it taken away: so there are as many near misses as answers. Logistic regression by Newton's method, with some weight decay.
"""

import argparse
import asyncio
import importlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from duologue.knowledge.evaluate import WORKSPACE, answer, read_questions
from duologue.knowledge.model import Encode, Input
from duologue.knowledge.service import KnowledgeService
from duologue.knowledge.support import SIGNALS, TOP
from duologue.store.database import Database
from duologue.store.migrate import upgrade

DECAY = 0.3
NEAR_MISS = 0.25
"""The weight of a question without its articles: with 1, nearly half of all cases would be such, and support too low."""


@dataclass(frozen=True, slots=True)
class Case:
    """Signals of a search and whether it found the answer."""

    signals: Mapping[str, float]
    is_found: bool
    weight: float = 1.0


async def collect(service: KnowledgeService, documents: Path, questions: Sequence[Path]) -> list[Case]:
    """Signals of every development question, with and without its articles, and whether the answer was found."""
    await service.ingest_folder(WORKSPACE, documents)
    cases: list[Case] = []
    for question in read_questions(questions, "development"):
        (found,) = await answer(service, [question])
        cases.append(Case(found.result.signals, 0 < found.rank <= TOP))
        if not question.articles:
            continue
        gone = [d for d in await service.list_documents(WORKSPACE) if Path(d.uri).stem in question.articles]
        for document in gone:
            await service.delete(WORKSPACE, document.id)
        (found,) = await answer(service, [question])
        cases.append(Case(found.result.signals, False, NEAR_MISS))
        await service.ingest(WORKSPACE, [Input(d.uri, (documents / d.uri).read_bytes()) for d in gone])
    return cases


def fit(cases: Sequence[Case], signals: Sequence[str] = SIGNALS, decay: float = DECAY) -> tuple[float, dict[str, float]]:
    """Intercept and weights of the logistic function that makes the cases most probable."""
    x = np.array([[1.0, *(case.signals.get(name, 0.0) for name in signals)] for case in cases])
    y = np.array([float(case.is_found) for case in cases])
    weight = np.array([case.weight for case in cases])
    ridge = decay * np.diag([1e-9] + [1.0] * len(signals))
    theta: NDArray[np.float64] = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ theta))
        slope = x.T @ (weight * (p - y)) + ridge @ theta
        theta = theta - np.linalg.solve((x * (weight * p * (1 - p))[:, None]).T @ x + ridge, slope)
    return float(theta[0]), dict(zip(signals, (float(t) for t in theta[1:]), strict=True))


async def run(documents: Path, questions: Sequence[Path], encode: Encode | None) -> dict[str, object]:
    """Fit on a database that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite+aiosqlite:///{folder}/fit.db")
        await upgrade(database)
        cases = await collect(KnowledgeService(database, encode), documents, questions)
        await database.aclose()
    intercept, weights = fit(cases)
    figures = {name: round(value, 2) for name, value in weights.items()}
    return {"INTERCEPT": round(intercept, 2), "WEIGHTS": figures, "n": len(cases), "found": sum(case.is_found for case in cases)}


def main() -> None:
    """Print the constants as one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=Path, required=True)
    parser.add_argument("--questions", type=Path, nargs="+", required=True)
    parser.add_argument("--encoder", default="", help="module:Class of an encoder; empty means the untrained one")
    options = parser.parse_args()
    module, _, name = options.encoder.partition(":")
    encode = getattr(importlib.import_module(module), name)() if module else None
    print(json.dumps(asyncio.run(run(options.documents, options.questions, encode))))


if __name__ == "__main__":
    main()
