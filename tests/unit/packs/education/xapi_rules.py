"""The rules of xAPI 1.0.3 for statements, as a record store checks them, written from the specification and not from our writer.

Source: ADL, xAPI-Spec 1.0.3, xAPI-Data.md, sections 2 (statements), 4.1 and 4.6–4.8.
"""

import re
from collections.abc import Iterator
from typing import Any

IRI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d(:?\d\d)?)")
LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?")
IFI = {"mbox", "mbox_sha1sum", "openid", "account"}
TOP = {"id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments"}
KINDS = {"true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric", "other"}
LISTS = {
    "choice": {"choices"},
    "sequencing": {"choices"},
    "likert": {"scale"},
    "matching": {"source", "target"},
    "performance": {"steps"},
}


def faults(s: Any) -> list[str]:
    """What is wrong with a statement; nothing where it is valid."""
    return [*_nulls(s, "statement"), *_statement(s)] if isinstance(s, dict) else ["a statement is an object"]


def _nulls(value: Any, where: str) -> Iterator[str]:
    """2.2: no null, except within extensions."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if one is None:
            yield f"{where}.{key} is null"
        elif key != "extensions":
            yield from _nulls(one, f"{where}.{key}")


def _statement(s: dict[str, Any]) -> Iterator[str]:
    yield from (f"unknown property {k}" for k in s.keys() - TOP)
    yield from (f"{k} is missing" for k in {"actor", "verb", "object"} - s.keys())
    if "id" in s and not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", s["id"]):
        yield "id is no UUID"
    if "timestamp" in s and not STAMP.fullmatch(s["timestamp"]):
        yield "timestamp is not RFC 3339"
    yield from _agent(s.get("actor", {}), "actor")
    verb = s.get("verb", {})
    if not IRI.fullmatch(verb.get("id", "")):
        yield "verb.id is no IRI"
    yield from _words(verb.get("display", {}), "verb.display")
    yield from _activity(s.get("object", {}), "object")
    yield from _result(s.get("result", {}))
    yield from _context(s.get("context", {}), s.get("object", {}))


def _agent(a: dict[str, Any], where: str) -> Iterator[str]:
    if a.get("objectType", "Agent") != "Agent":
        yield f"{where}.objectType"
    if len(IFI & a.keys()) != 1 or a.keys() - IFI - {"objectType", "name"}:
        yield f"{where} has not exactly one identifier"
    account = a.get("account", {"homePage": "http://x", "name": "x"})
    if account.keys() != {"homePage", "name"} or not re.match(r"https?://\S+", account["homePage"]) or not account["name"]:
        yield f"{where}.account"


def _activity(o: dict[str, Any], where: str) -> Iterator[str]:
    if (
        o.get("objectType", "Activity") != "Activity"
        or o.keys() - {"objectType", "id", "definition"}
        or not IRI.fullmatch(o.get("id", ""))
    ):
        yield where
    d = o.get("definition", {})
    allowed = {"name", "description", "type", "moreInfo", "extensions", "interactionType", "correctResponsesPattern"}
    kind = d.get("interactionType")
    if d.keys() - allowed - LISTS.get(kind, set()):
        yield f"{where}.definition has {sorted(d.keys() - allowed)} with {kind}"
    if kind is not None and kind not in KINDS:
        yield f"{where}.definition.interactionType {kind}"
    for name in ("name", "description"):
        yield from _words(d.get(name, {}), f"{where}.{name}")
    for choice in d.get("choices", ()):
        if choice.keys() - {"id", "description"} or not choice["id"] or " " in choice["id"]:
            yield f"{where}.choices"
        yield from _words(choice.get("description", {}), f"{where}.choices")
    if len({c["id"] for c in d.get("choices", ())}) < len(d.get("choices", ())):
        yield f"{where}.choices repeat an id"


def _words(m: dict[str, Any], where: str) -> Iterator[str]:
    if any(not LANG.fullmatch(k) or not isinstance(v, str) for k, v in m.items()):
        yield f"{where} is no language map"


def _result(r: dict[str, Any]) -> Iterator[str]:
    if r.keys() - {"score", "success", "completion", "response", "duration", "extensions"}:
        yield "result"
    score = r.get("score", {})
    if score.keys() - {"scaled", "raw", "min", "max"} or not -1 <= score.get("scaled", 0) <= 1:
        yield "result.score"
    if "raw" in score and not score.get("min", score["raw"]) <= score["raw"] <= score.get("max", score["raw"]):
        yield "result.score.raw"
    if any(not isinstance(r.get(k, True), bool) for k in ("success", "completion")):
        yield "result.success"
    if any(not IRI.fullmatch(k) for k in r.get("extensions", {})):
        yield "result.extensions"


def _context(c: dict[str, Any], of: dict[str, Any]) -> Iterator[str]:
    known = {
        "registration",
        "instructor",
        "team",
        "contextActivities",
        "revision",
        "platform",
        "language",
        "statement",
        "extensions",
    }
    if c.keys() - known or ("platform" in c and of.get("objectType", "Activity") != "Activity"):
        yield "context"
    if "language" in c and not LANG.fullmatch(c["language"]):
        yield "context.language"
    for kind, listed in c.get("contextActivities", {}).items():
        if kind not in ("parent", "grouping", "category", "other"):
            yield "context.contextActivities"
        for one in listed:
            yield from _activity(one, f"context.{kind}")
