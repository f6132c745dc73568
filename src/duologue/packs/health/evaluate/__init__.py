"""What `duologue eval health` measures: rows of figures, task by task, on the shipped sets or on a folder of the reader's own.

`run` yields `{"task", "metric", "value", "baseline", "n", "note"}`. A folder holds `train.jsonl` (where the task
learns) and `test.jsonl`; retrieval takes BEIR's files, FHIR a folder of resources. What the rows look like
stands in docs/howto/evaluate-health.md.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from duologue.kit.errors import Invalid, NotFound
from duologue.kit.text import Lang, detect_lang
from duologue.packs.health.evaluate import scores
from duologue.packs.health.literature.search import Channel, Collection, Paper
from duologue.packs.health.redflags.rules import Alarm, red_flags

Row = dict[str, Any]
EVALS = Path(__file__).parents[1] / "evals"
LANGS: tuple[Lang, ...] = ("en", "zh")
CHANNELS: tuple[Channel, ...] = ("bm25", "dense", "hybrid")


def run(tasks: Sequence[str] = (), data_dir: Path | str | None = None) -> Iterator[Row]:
    """Figures of the tasks named, or of all. Without a folder the pack's own sets are used, on their unseen halves."""
    folder = Path(data_dir) if data_dir else None
    if folder and not folder.is_dir():
        raise NotFound(f"There is no folder {folder}; name the one that holds test.jsonl.")
    unknown = set(tasks) - set(TASKS)
    if unknown:
        raise NotFound(f"There is no task {', '.join(sorted(unknown))}; known: {', '.join(TASKS)}.")
    for name in tasks or TASKS:
        if folder is None and name in NEED_DATA and not tasks:
            continue
        yield from TASKS[name](folder)


def read_rows(path: Path) -> list[Row]:
    """The rows of a JSON-lines file."""
    if not path.is_file():
        raise NotFound(f"{path.name} is missing in {path.parent}; see the pack's page on evaluation for what it holds.")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def figure(task: str, metric: str, value: float, n: int, note: str = "", baseline: float | None = None) -> Row:
    return {"task": task, "metric": metric, "value": round(float(value), 4), "baseline": baseline, "n": n, "note": note}


def _test(folder: Path | None, own: Iterable[str], unseen: bool = True) -> list[Row]:
    if folder:
        return read_rows(folder / "test.jsonl")
    rows = [r for name in own for r in read_rows(EVALS / name)]
    return [r for r in rows if not unseen or r["half"] == "unseen"]


def _train(folder: Path | None) -> list[Row]:
    return read_rows(folder / "train.jsonl") if folder and (folder / "train.jsonl").is_file() else []


def _languages(rows: Sequence[Row], text: Callable[[Row], str]) -> Iterator[tuple[str, list[Row]]]:
    """All rows, then those of each language where there are two."""
    by: dict[str, list[Row]] = {}
    for row in rows:
        by.setdefault(row.get("lang") or detect_lang(text(row)), []).append(row)
    yield "", list(rows)
    if len(by) > 1:
        yield from sorted(by.items())


def _needs(rows: Sequence[Row]) -> None:
    if not rows:
        raise Invalid("test.jsonl holds no rows; nothing can be measured.")


def redflags(folder: Path | None) -> Iterator[Row]:
    """Sensitivity with its lower bound, specificity: of what is escalated or asked about at once, and of what is escalated."""
    rows = _test(folder, [f"vignettes-e-{lang}.jsonl" for lang in LANGS])
    rows += [] if folder else [r for r in _test(None, [f"vignettes-{lang}.jsonl" for lang in LANGS], unseen=False) if r.get("must")]
    _needs(rows)
    seen = "" if folder else "set written after the rules; see evals/README.md for what was seen when"
    for lang, part in _languages(rows, lambda r: str(r.get("text") or r.get("turns"))):
        alarms = [(r, _alarms(r)) for r in part]
        told = [(bool(r["red_flag"]), a) for r, a in alarms if folder or not r.get("must")]
        positive = [a for is_flag, a in told if is_flag]
        negative = [a for is_flag, a in told if not is_flag]
        if positive:
            found = sum(map(bool, positive))
            low = scores.lower_bound(found, len(positive))
            note = f"escalated or asked; 95 % lower bound {low:.3f}" + (f"; {seen}" if seen else "")
            yield figure("redflags", _of("sensitivity", lang), found / len(positive), len(positive), note)
            yield figure("redflags", _of("sensitivity_lower_bound", lang), low, len(positive), seen)
            value = scores.share([_is_raised(a) for a in positive])
            yield figure("redflags", _of("sensitivity_escalated", lang), value, len(positive), "without an answer")
        if negative:
            yield figure("redflags", _of("specificity", lang), scores.share([not a for a in negative]), len(negative), seen)
            value = scores.share([not _is_raised(a) for a in negative])
            yield figure("redflags", _of("specificity_escalated", lang), value, len(negative), "asked about at most")
        must = [bool(a) for r, a in alarms if r.get("must")]
        if must:
            yield figure("redflags", _of("must_missed", lang), must.count(False), len(must), seen)


def _is_raised(alarms: Sequence[Alarm]) -> bool:
    return any(a.state == "raised" for a in alarms)


def _alarms(row: Row) -> list[Alarm]:
    return red_flags(row.get("turns") or row["text"], row.get("lang"))


def _of(metric: str, lang: str) -> str:
    return f"{metric}_{lang}" if lang else metric


def negation(folder: Path | None) -> Iterator[Row]:
    """F1 of `negated`; without a folder, of denials in the own answers."""
    from duologue.packs.health.language.negation import answered, negated

    if folder:
        rows = _test(folder, [])
        _needs(rows)
        told = [(_true(r["negated"]), negated(r["sentence"], r["concept"], r.get("lang"))) for r in rows]
        yield figure("negation", "f1", scores.f1(told), len(told))
        yield figure("negation", "precision", scores.precision(told), len(told))
        yield figure("negation", "recall", scores.recall(told), len(told))
        return
    for lang, part in _languages(_test(None, ["answers.jsonl"]), lambda r: str(r["turns"])):
        known = {"present": True, "denied": False, "unknown": None}
        said = [(known[r["status"]], answered(r["turns"], r["concept"], r["lang"])) for r in part]
        yield figure("negation", _of("f1", lang), scores.f1([(g is False, p is False) for g, p in said]), len(said), "answers")
        yield figure("negation", _of("accuracy", lang), scores.share([g == p for g, p in said]), len(said), "three statuses")


def _true(value: Any) -> bool:
    return value.strip().lower() in ("true", "negated", "yes", "1") if isinstance(value, str) else bool(value)


def phi(folder: Path | None) -> Iterator[Row]:
    """Recall and precision of personal characters, blanks not counted; training rows, where there are any, fit a tagger."""
    from duologue.packs.health.privacy import redact as privacy
    from duologue.packs.health.privacy import tagger as phi_tagger

    rows, train = _test(folder, ["phi-zh.jsonl"]), _train(folder)
    _needs(rows)
    taggers = {}
    for lang in LANGS:
        mine = [r for r in train if (r.get("lang") or detect_lang(r["text"])) == lang]
        if len(mine) >= 50:
            taggers[lang] = (phi_tagger.fit(mine, lang), privacy.trusted_forms(mine, lang))

    def find(row: Row) -> list[tuple[int, int, str]]:
        lang: Lang = row.get("lang") or detect_lang(row["text"])
        if lang not in taggers:
            return privacy.find_phi(row["text"], lang)
        tagger, forms = taggers[lang]
        return privacy.merge([s for s in privacy.by_rule(row["text"], lang) if s[2] in forms] + tagger.find(row["text"]))

    for name, part in _languages(rows, lambda r: str(r["text"])):
        hit, told, gold = scores.characters([(r["text"], phi_tagger.read_spans(r), find(r)) for r in part])
        yield figure("phi", _of("recall", name), hit / gold if gold else 1.0, len(part), "characters")
        yield figure("phi", _of("precision", name), hit / told if told else 1.0, len(part), "characters")


def retrieval(folder: Path | None) -> Iterator[Row]:
    """nDCG@10 and recall@100 of the fused search, beside BM25 and vectors alone."""
    if folder is None:
        raise NotFound("Name a folder with corpus.jsonl, queries.jsonl and qrels.tsv by --data.")
    papers = [Paper(str(r["_id"]), r.get("title") or "", r.get("text") or "") for r in read_rows(folder / "corpus.jsonl")]
    queries = {str(r["_id"]): r["text"] for r in read_rows(folder / "queries.jsonl")}
    judged = scores.read_qrels(folder / "qrels.tsv")
    collection = Collection(papers)
    asked = [q for q in judged if q in queries and any(judged[q].values())]
    by_channel: dict[str, tuple[float, float]] = {}
    for channel in CHANNELS:
        ranked = {q: [papers[i].id for i, _ in collection.rank(queries[q], 100, channel)] for q in asked}
        by_channel[channel] = (
            sum(scores.ndcg(ranked[q], judged[q]) for q in asked) / max(1, len(asked)),
            sum(scores.found(ranked[q], judged[q]) for q in asked) / max(1, len(asked)),
        )
    yield figure(
        "retrieval",
        "ndcg@10",
        by_channel["hybrid"][0],
        len(asked),
        "BM25 and latent vectors fused",
        round(by_channel["bm25"][0], 4),
    )
    yield figure("retrieval", "ndcg@10_bm25", by_channel["bm25"][0], len(asked))
    yield figure("retrieval", "ndcg@10_dense", by_channel["dense"][0], len(asked))
    yield figure("retrieval", "recall@100", by_channel["hybrid"][1], len(asked), "", round(by_channel["bm25"][1], 4))


def screening(folder: Path | None) -> Iterator[Row]:
    """WSS@95 of active learning over the test rows, which starts from the training rows' decisions."""
    from duologue.packs.health.literature.screening import simulate, work_saved

    rows, train = _test(folder, []), _train(folder)
    _needs(rows)
    both = train + rows
    truth = [_true(r["include"]) for r in both]
    texts = [f"{r.get('title') or ''} {r.get('abstract') or ''}" for r in both]
    start = dict(enumerate(truth[: len(train)]))
    if len(set(start.values())) < 2:
        for wanted in {True, False} - set(start.values()):
            start |= {next(i for i, t in enumerate(truth) if t is wanted and i not in start): wanted} if wanted in truth else {}
    read = simulate(texts, truth, start)
    note = f"{len(train)} decisions known at the start"
    yield figure("screening", "wss@95", work_saved(read), len(read), note, 0.0)
    tenth = max(1, len(read) // 10)
    yield figure("screening", "recall_at_10pct", sum(read[:tenth]) / max(1, sum(read)), len(read), note, 0.1)


def pico(folder: Path | None) -> Iterator[Row]:
    """Character F1 of labelled spans, a tagger fitted on the training rows where there are any; without a folder, of Chinese ones.

    Quotations are counted too.
    """
    from duologue.packs.health.literature.pico import extract_pico
    from duologue.packs.health.privacy import tagger as phi_tagger

    rows, train = _test(folder, ["pico-zh.jsonl"]), _train(folder)
    _needs(rows)
    tagger = phi_tagger.fit(train, "en", times=2, names=False) if train else None
    told = [(r["text"], phi_tagger.read_spans(r), extract_pico(r["text"], tagger)) for r in rows]
    labels = sorted({k for _, gold, _ in told for *_, k in gold})
    values = []
    for label in labels:
        triples = [
            (t, [s for s in g if s[2] == label], [(q.start, q.end, q.kind) for q in p if q.kind == label]) for t, g, p in told
        ]
        hit, said, gold = scores.characters(triples)
        values.append(2 * hit / max(1, said + gold))
        yield figure("pico", f"f1_{label}", values[-1], len(rows))
    yield figure("pico", "f1", sum(values) / max(1, len(values)), len(rows), "mean over labels, characters")
    quotes = [t[q.start : q.end] == q.text for t, _, p in told for q in p]
    yield figure("pico", "verbatim", scores.share(quotes), len(quotes))


def fhir(folder: Path | None) -> Iterator[Row]:
    """Share that pass the strict layer and HL7's schema; without a folder, of Bundles from the own answers and consultations."""
    from duologue.packs.health.facts.extract import extract_facts
    from duologue.packs.health.fhir.bundle import to_fhir
    from duologue.packs.health.fhir.schema import validate_schema
    from duologue.packs.health.fhir.strict import validate_fhir

    if folder:
        files = [(f.name, json.loads(f.read_text("utf-8"))) for f in sorted(folder.rglob("*.json"))]
    else:
        talks = [(r["id"], r["turns"], r["lang"]) for r in _test(None, ["answers.jsonl"])]
        talks += [(r["id"], r["dialogue"], r["lang"]) for r in read_rows(EVALS / "consultations.jsonl")]
        files = [(name, to_fhir(extract_facts(talk, lang))) for name, talk, lang in talks]
    strict = partial(validate_fhir, whose="anyone" if folder else "ours")
    for metric, judge in (("valid", strict), ("valid_schema", validate_schema)):
        verdicts = [(name, judge(resource)) for name, resource in files]
        refused = "; ".join(f"{name}: {issues[0].path}" for name, issues in verdicts if issues)
        passed = [not issues for _, issues in verdicts]
        yield figure("fhir", metric, scores.share(passed), len(passed), refused[:400])


def notes(folder: Path | None) -> Iterator[Row]:
    """Fact precision and recall, unsupported sentences, swapped notes; without a folder on the own 30 consultations."""
    from duologue.packs.health.evaluate.notes import score_notes

    rows = _test(folder, ["consultations.jsonl"], unseen=False)
    _needs(rows)
    parts = [("", rows)] if folder else list(_languages(rows, lambda r: str(r["dialogue"])))
    if not folder:
        parts.append(("unseen", [r for r in rows if r["half"] == "unseen"]))
    for name, part in parts:
        for metric, value, n, note in score_notes(part):
            yield figure("notes", _of(metric, name), value, n, note)


def ddx(folder: Path | None) -> Iterator[Row]:
    """Top-1 of the differential and emergency sensitivity, on a folder's patients or on ones drawn from the tables."""
    from duologue.packs.health.evaluate import differential as by

    patients = by.read_patients(read_rows(folder / "test.jsonl")) if folder else by.draw_patients()
    note = "patients of the folder" if folder else "patients drawn from the knowledge base: an upper bound"
    found = [by.figures_of(patients, note), *(by.spoken_figures(patients, lang, note) for lang in LANGS)]
    for metric, value, n, told in (row for rows in found for row in rows):
        yield figure("ddx", metric, value, n, told)


def triage(folder: Path | None) -> Iterator[Row]:
    """Undertriage on vignettes: red flags whose level would let them wait."""
    from duologue.packs.health.redflags.rules import raise_level

    rows = _test(folder, [f"vignettes-e-{lang}.jsonl" for lang in LANGS])
    flagged = [r for r in rows if r["red_flag"]]
    levels = [raise_level(_alarms(r)) for r in flagged]
    yield figure(
        "triage", "undertriage", scores.share([level > 3 for level in levels]), len(levels), "level 4 or 5 given to a red flag"
    )


TASKS: dict[str, Callable[[Path | None], Iterator[Row]]] = {
    "redflags": redflags,
    "triage": triage,
    "ddx": ddx,
    "negation": negation,
    "notes": notes,
    "fhir": fhir,
    "phi": phi,
    "retrieval": retrieval,
    "screening": screening,
    "pico": pico,
}
NEED_DATA = frozenset({"retrieval", "screening"})
