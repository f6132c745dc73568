"""Settings: the intents and their examples, learning anew with a scorecard before and after, going back, routes, approved answers.

Knows no page; the page is `panels/intents.js`.
"""

import csv
import io
import json
from collections import Counter
from dataclasses import asdict
from typing import Any, Literal

from duologue.kit.errors import Invalid, NotFound, SetupError
from duologue.kit.ids import new_id
from duologue.packs.support import repository
from duologue.packs.support.intents.labels import label_of
from duologue.packs.support.minds import HostEncode, minds_of, think
from duologue.packs.support.model import ApprovedAnswer, Version
from duologue.packs.support.shop.table import read_table
from duologue.packs.support.talk.routing import MODES, PRIORITIES, Route
from duologue.sdk import Download, Host, Panel, PanelContext, Upload

MOST_EXAMPLES, MOST_SHOWN, MOST_TO_LABEL = 50_000, 200, 20
MAX_TEXT, MAX_INTENT, MAX_ANSWER = 2000, 60, 4000
Examples = tuple[tuple[str, str | None], ...]


async def _examples(host: Host, workspace_id: str) -> tuple[int, Examples]:
    async with host.read() as tx:
        version = await repository.find_active(tx, workspace_id)
    if version is not None:
        return version.number, version.examples
    from duologue.packs.support.intents.starter import starter_examples

    texts, intents = starter_examples()
    return 0, tuple(zip(texts, intents, strict=True))


async def show_intents(context: PanelContext) -> Any:
    """The intents in force: examples, routes, approved answers, versions, what is confused with what, and doubted labels."""
    host, ws = context.host, context.workspace_id
    number, examples = await _examples(host, ws)
    mind = await minds_of(host).of(host, ws)
    async with host.read() as tx:
        versions = await repository.list_versions(tx, ws)
        approved = await repository.list_answers(tx, ws)
    counts = Counter(intent for _, intent in examples if intent is not None)
    card: dict[str, Any] = next((v.card for v in versions if v.number == number), {})
    judged = await think(lambda: _judge(mind.models)) if mind.models is not None else {}
    other = mind.routes.get("other", Route())
    return {
        "version": number,
        "is_ready": mind.models is not None,
        "intents": [
            {"intent": intent, "label": label_of(intent, context.lang), "count": count,
             "examples": [text for text, own in examples if own == intent][:MOST_SHOWN],
             "accuracy": judged.get("accuracy", {}).get(intent), **asdict(mind.routes.get(intent, other)),
             "answers": {a.lang: a.body for a in approved if a.intent == intent}}
            for intent, count in sorted(counts.items())
        ],
        "confused": judged.get("confused", []),
        "doubts": judged.get("doubts", []),
        "card": card,
        "versions": [{"number": v.number, "note": v.note, "at": v.at.isoformat(), "is_active": v.is_active, "card": v.card}
                     for v in versions],
        "priorities": PRIORITIES,
        "modes": MODES,
    }  # fmt: skip


def _judge(models: Any) -> dict[str, Any]:
    """How each intent fares on examples that were held out while it was learned, and which labels look wrong."""
    import numpy as np

    from duologue.packs.support.intents.label_quality import find_label_errors, list_confusions

    intents = models.intents
    held = intents.held_out
    if held is None:
        return {}
    said = held.probability.argmax(axis=1)
    shares = {
        name: round(float(np.mean(said[held.right == i] == i)), 3)
        for i, name in enumerate(intents.intents)
        if (held.right == i).any()
    }
    pairs = list_confusions(held.right, said, intents.intents)[:10]
    doubted = find_label_errors(held.right, held.probability)[:20]
    doubts = [
        {"text": intents.texts[held.rows[i]], "intent": intents.intents[held.right[i]], "suggestion": intents.intents[said[i]]}
        for i in doubted
    ]
    confused = [{"one": p.one, "other": p.other, "count": p.count, "total": p.total} for p in pairs]
    return {"accuracy": shares, "confused": confused, "doubts": doubts}


async def list_to_label(context: PanelContext) -> Any:
    """Messages of the last weeks whose label would teach most, with the intent that is guessed."""
    host, ws = context.host, context.workspace_id
    mind = await minds_of(host).of(host, ws)
    if mind.models is None:
        return {"messages": []}
    _, examples = await _examples(host, ws)
    known = {text for text, _ in examples}
    async with host.read() as tx:
        from datetime import timedelta

        rows = await repository.list_outcomes(tx, ws, host.clock.now() - timedelta(days=60))
    consents = await host.consents(ws)
    rows = [row for row in rows if consents.allow(row.person_id)]
    texts = [
        text for text in dict.fromkeys(row.question for row in rows) if text.strip() and text not in known and len(text) < MAX_TEXT
    ]
    models = mind.models

    def choose() -> list[dict[str, Any]]:
        from duologue.packs.support.intents.label_quality import label_next

        places = label_next(models.intents, texts, MOST_TO_LABEL)
        guesses = models.intents.predict([texts[i] for i in places]) if places else []
        return [{"text": texts[i], "guess": guess} for i, guess in zip(places, guesses, strict=True)]

    return {"messages": await think(choose)}


async def learn(
    context: PanelContext, add: list[dict[str, str]] | None = None, remove: list[str] | None = None, note: str = ""
) -> Any:
    """Learn anew with examples added (`text`, `intent`; an empty intent is out of scope) and texts removed; put it in force."""
    context.check_role("admin")
    fresh: list[tuple[str, str | None]] = []
    for row in add or []:
        text, intent = str(row.get("text", "")).strip(), str(row.get("intent", "")).strip()
        if not text or len(text) > MAX_TEXT or len(intent) > MAX_INTENT:
            raise Invalid(
                f"An example has a text of up to {MAX_TEXT} and an intent of up to {MAX_INTENT} characters.",
                why="size",
                text=MAX_TEXT,
                intent=MAX_INTENT,
            )
        fresh.append((text, intent or None))
    if not fresh and not remove:
        raise Invalid("There is nothing to learn; give examples to add or to remove.", why="nothing")
    return await _learn(context, fresh, frozenset(remove or ()), note)


async def import_examples(context: PanelContext, file: Upload, is_whole: bool = False) -> Any:
    """Examples of a CSV file (`text,intent`) or of JSON lines, added to those in force, or in their place (`is_whole`)."""
    context.check_role("admin")
    fresh, faults = _read_examples(file)
    if not fresh:
        raise Invalid(
            f"The file holds no example that can be read; it needs the columns text (up to {MAX_TEXT} characters) and intent.",
            why="unreadable",
            text=MAX_TEXT,
        )
    _, examples = await _examples(context.host, context.workspace_id)
    remove = frozenset(text for text, _ in examples) - {text for text, _ in fresh} if is_whole else frozenset()
    return await _learn(context, fresh, remove, file.name[:80]) | {"faults": faults[:20]}


def _read_examples(file: Upload) -> tuple[list[tuple[str, str | None]], list[tuple[int, str]]]:
    found: list[tuple[int, str, str | None]] = []
    faults: list[tuple[int, str]] = []
    if file.name.lower().endswith((".jsonl", ".json")):
        for line, text in enumerate(file.content.decode("utf-8", "replace").splitlines(), 1):
            try:
                row = json.loads(text) if text.strip() else None
                if row is not None:
                    found.append((line, str(row["text"]).strip(), None if row["intent"] is None else str(row["intent"]).strip()))
            except (ValueError, KeyError, TypeError):
                faults.append((line, "no object with text and intent"))
    else:
        rows = read_table(file.content, "examples", ("text", "intent"))
        found = [(line, row["text"], row["intent"] or None) for line, row in rows]
    kept: list[tuple[str, str | None]] = []
    for line, text, intent in found:
        if text and len(text) <= MAX_TEXT and len(intent or "") <= MAX_INTENT:
            kept.append((text, intent))
        else:
            faults.append((line, "no text" if not text else "too long"))
    return kept, sorted(faults)


async def _learn(context: PanelContext, fresh: list[tuple[str, str | None]], remove: frozenset[str], note: str) -> dict[str, Any]:
    host, ws = context.host, context.workspace_id
    _, before = await _examples(host, ws)
    replaced = {text for text, _ in fresh}
    contradicting = [text for text in replaced if len({intent for own, intent in fresh if own == text}) > 1]
    after = [*((text, intent) for text, intent in before if text not in remove and text not in replaced), *fresh]
    if len(after) > MOST_EXAMPLES:
        raise Invalid(f"There may be at most {MOST_EXAMPLES} examples.", why="too_many", most=MOST_EXAMPLES)
    if len({intent for _, intent in after if intent is not None}) < 2:
        raise Invalid("At least two intents are needed to tell apart.", why="two_intents")
    encode = HostEncode(host, of_sentences=True)

    def measure() -> dict[str, Any]:
        try:
            from duologue.packs.support.intents.scorecard import compare
        except ModuleNotFoundError as error:
            raise SetupError(f"{error.name} is not installed; install the extra: pip install 'duologue[support]'.") from error
        old = ([text for text, _ in before], [intent for _, intent in before])
        card = compare(old, ([text for text, _ in after], [intent for _, intent in after]), encode)
        return asdict(card) | {"is_worse": card.is_worse}

    card = await think(measure, is_learning=True)
    async with host.write() as tx:
        number = await repository.next_number(tx, ws)
        version = Version(new_id("siv"), ws, number, tuple(after), card, note[:200], context.member_id, tx.now, False)
        await repository.put(tx, version)
        await repository.activate(tx, ws, number)
    await minds_of(host).of(host, ws)
    host.refresh(ws)
    return {"version": number, "card": card, "contradicting": contradicting}


async def roll_back(context: PanelContext, number: int) -> Any:
    """Put an earlier version in force; 0 is the one that came with the program. Raises NotFound where there is no such version."""
    context.check_role("admin")
    async with context.host.write() as tx:
        if not await repository.activate(tx, context.workspace_id, number):
            raise NotFound("There is no such version of the intents.")
    await minds_of(context.host).of(context.host, context.workspace_id)
    return {"version": number}


async def set_route(
    context: PanelContext, intent: str, team: str, priority: Literal["low", "normal", "high", "urgent"],
    mode: Literal["autopilot", "copilot", "human"],
) -> Any:  # fmt: skip
    """Where messages of an intent go, and how much the assistant may do about them; `autopilot` leaves that to the desk."""
    context.check_role("admin")
    async with context.host.write() as tx:
        await repository.put_route(tx, context.workspace_id, intent[:MAX_INTENT], Route(team.strip()[:80], priority, mode))
    await context.host.set_topic_mode(context.workspace_id, intent, None if mode == "autopilot" else mode, context.member_id)
    return {"intent": intent, "team": team.strip()[:80], "priority": priority, "mode": mode}


async def approve_answer(context: PanelContext, intent: str, lang: Literal["en", "zh"], body: str) -> Any:
    """Approve an answer to an intent; an empty one takes it away."""
    context.check_role("admin")
    async with context.host.write() as tx:
        if body.strip():
            answer = ApprovedAnswer(
                context.workspace_id, intent[:MAX_INTENT], lang, body.strip()[:MAX_ANSWER], context.member_id, tx.now
            )
            await repository.put(tx, answer)
        else:
            await repository.drop_answer(tx, context.workspace_id, intent, lang)
    return {"intent": intent, "lang": lang, "body": body.strip()[:MAX_ANSWER]}


async def export_examples(context: PanelContext) -> Download:
    """The examples in force as CSV."""
    _, examples = await _examples(context.host, context.workspace_id)
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(("text", "intent"))
    writer.writerows((guard(text), intent or "") for text, intent in examples)
    return Download("intents.csv", "text/csv; charset=utf-8", out.getvalue().encode("utf-8-sig"))


def guard(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


INTENTS = Panel(
    "intents", {"en": "Intents and answers", "zh": "意图与回复"}, ("owner", "admin"), "intents.js", place="admin", icon="spark",
    queries={"intents": show_intents, "to_label": list_to_label, "export": export_examples},
    commands={"learn": learn, "import_examples": import_examples, "roll_back": roll_back, "set_route": set_route,
              "approve_answer": approve_answer},
)  # fmt: skip
