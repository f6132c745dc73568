"""QTI 2.1: choices, text entries, orders and extended texts, one item a file in a package; read from 2.1 and 2.2.

Source: IMS Question & Test Interoperability 2.1, information model and XML binding. Hints and worked steps are modal feedback that
no response asks for; type, skills, difficulty and form stand as keywords in the manifest. Other interactions are told.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element, tostring
from xml.sax.saxutils import escape

from duologue.kit.errors import Invalid
from duologue.packs.education.course import Item
from duologue.packs.education.grading.grade import MATH
from duologue.packs.education.interchange.archive import is_zip, pack, unpack
from duologue.packs.education.interchange.parcel import (
    Held,
    Note,
    Parcel,
    Written,
    blanks_of,
    is_plain_number,
    letters_of,
    make_blanks,
    make_choice,
    make_number,
    make_tags,
    order_of,
    read_tags,
    tolerance_of,
    with_ids,
)
from duologue.packs.education.interchange.plain import MAX_DEPTH, to_plain
from duologue.packs.education.interchange.safe_xml import add, child, children, name_of, parse, text_of, to_bytes, within

HELD = Held("QTI 2.1", frozenset({*MATH, "choice", "choices", "ordering", "blanks", "short", "essay"}), max_blanks=26, is_xml=True)
SPACE = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
META = "http://www.imsglobal.org/xsd/imsmd_v1p2"
RIGHT = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
MAPPED = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"
_GAP = re.compile(r"_{2,}")


def write(items: Iterable[Item], title: str = "") -> Written:
    """A package (zip) of one file for each item and a manifest."""
    kept, notes = HELD.fit(items)
    manifest = Element("manifest", {"xmlns": PACKAGE, "xmlns:imsmd": META, "identifier": "duologue"})
    meta = add(manifest, "metadata")
    add(meta, "schema", "QTIv2.1 Package")
    add(meta, "schemaversion", "1.0.0")
    add(manifest, "organizations")
    resources = add(manifest, "resources")
    files = {"imsmanifest.xml": b""}
    for number, item in enumerate(kept, start=1):
        name = f"items/{number:04}.xml"
        files[name] = to_bytes(_write_one(item, notes), pretty=False)
        resource = add(resources, "resource", identifier=f"r{number}", type="imsqti_item_xmlv2p1", href=name)
        general = add(add(add(resource, "metadata"), "imsmd:lom"), "imsmd:general")
        add(add(general, "imsmd:title"), "imsmd:langstring", item.id)
        for tag in [*make_tags(item), *([f"course:{title}"] if title else [])]:
            add(add(general, "imsmd:keyword"), "imsmd:langstring", tag)
        add(resource, "file", href=name)
    files["imsmanifest.xml"] = to_bytes(manifest)
    return Written(pack(files), tuple(notes))


def _write_one(item: Item, notes: list[Note]) -> Element:
    root = Element("assessmentItem", {"xmlns": SPACE, "identifier": _identifier(item.id), "title": item.id, "adaptive": "false",
                                      "timeDependent": "false", "toolName": "Duologue"})  # fmt: skip
    answers = blanks_of(item) if item.type == "blanks" else [[item.key]]
    is_essay = item.type in ("short", "essay")
    if item.options:
        _declare(root, "RESPONSE", "identifier", "single" if item.type == "choice" else "multiple", letters_of(item))
    elif item.type == "ordering":
        _declare(root, "RESPONSE", "identifier", "ordered", [f"P{k}" for k in range(1, len(order_of(item)) + 1)])
    else:
        for k, accepted in enumerate([[]] if is_essay else answers, start=1):
            kind = "float" if item.type in MATH and is_plain_number(item.key) else "string"
            declared = _declare(root, "RESPONSE" if k == 1 else f"RESPONSE{k}", kind, "single", accepted[:1])
            if kind == "string" and not is_essay:
                mapping = add(declared, "mapping", defaultValue="0")
                for words in accepted:
                    add(mapping, "mapEntry", mapKey=words, mappedValue="1")
    add(root, "outcomeDeclaration", identifier="SCORE", cardinality="single", baseType="float")
    for name, texts in (("HINT", item.hints), ("STEP", item.steps)):
        if texts:
            add(root, "outcomeDeclaration", identifier=name, cardinality="multiple", baseType="identifier")
    _body(add(root, "itemBody"), item, len(answers), notes)
    if tolerance := tolerance_of(item):
        rule = add(add(add(root, "responseProcessing"), "responseCondition"), "responseIf")
        equal = add(rule, "equal", toleranceMode="absolute", tolerance=f"{tolerance} {tolerance}")
        add(equal, "variable", identifier="RESPONSE")
        add(equal, "correct", identifier="RESPONSE")
        add(add(rule, "setOutcomeValue", identifier="SCORE"), "baseValue", "1", baseType="float")
    elif not is_essay and len(answers) == 1:
        is_mapped = not item.options and item.type != "ordering" and not (item.type in MATH and is_plain_number(item.key))
        add(root, "responseProcessing", template=MAPPED if is_mapped else RIGHT)
    elif not is_essay:
        total = add(add(add(root, "responseProcessing"), "setOutcomeValue", identifier="SCORE"), "sum")
        for k in range(1, len(answers) + 1):
            add(total, "mapResponse", identifier="RESPONSE" if k == 1 else f"RESPONSE{k}")
    for name, texts in (("HINT", item.hints), ("STEP", item.steps)):
        for k, words in enumerate(texts, start=1):
            add(root, "modalFeedback", words, outcomeIdentifier=name, identifier=f"{name}{k}", showHide="show")
    return root


def _body(body: Element, item: Item, blanks: int, notes: list[Note]) -> None:
    if item.options:
        right = str(1 if item.type == "choice" else 0)
        asked = add(body, "choiceInteraction", responseIdentifier="RESPONSE", shuffle="false", maxChoices=right)
        add(asked, "prompt", item.text)
        for letter, words in sorted(item.options.items()):
            add(asked, "simpleChoice", words, identifier=letter)
    elif item.type == "ordering":
        asked = add(body, "orderInteraction", responseIdentifier="RESPONSE", shuffle="true")
        add(asked, "prompt", item.text)
        for k, words in enumerate(order_of(item), start=1):
            add(asked, "simpleChoice", words, identifier=f"P{k}")
    elif item.type in ("short", "essay"):
        asked = add(body, "extendedTextInteraction", responseIdentifier="RESPONSE")
        add(asked, "prompt", item.text)
    else:
        gaps = _GAP.split(item.text)
        if len(gaps) != blanks + 1:
            if blanks > 1:
                notes.append(Note(item.id, "blanks"))
            gaps = [_GAP.sub("…", item.text) if blanks > 1 else item.text, *[""] * blanks]
            for text in gaps[0].split("\n"):
                add(body, "p", text)
            paragraph = add(body, "p", class_="blanks")
            gaps = gaps[1:]
        else:
            *before, gaps[0] = gaps[0].split("\n")
            for text in before:
                add(body, "p", text)
            paragraph = add(body, "p", gaps[0])
            gaps = gaps[1:]
        for k, after in enumerate(gaps, start=1):
            entry = add(paragraph, "textEntryInteraction", responseIdentifier="RESPONSE" if k == 1 else f"RESPONSE{k}")
            first, *rest = after.split("\n")
            entry.tail = first
            for text in rest:
                paragraph = add(body, "p", text)


def _declare(root: Element, name: str, base: str, cardinality: str, right: Sequence[str]) -> Element:
    declared = add(root, "responseDeclaration", identifier=name, cardinality=cardinality, baseType=base)
    if right:
        correct = add(declared, "correctResponse")
        for value in right:
            add(correct, "value", value)
    return declared


def _identifier(text: str) -> str:
    """A valid identifier; the id itself stands in the title and the manifest."""
    return "q_" + re.sub(r"[^A-Za-z0-9_.-]", "-", text)[:60]


# ---- reading -------------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Parcel:
    """The items of a package, or one item's document. Raises Invalid where there are none."""
    files = unpack(content) if is_zip(content) else {"The file": content}
    notes: list[Note] = []
    items: list[Item] = []
    tags: dict[str, list[str]] = {}
    roots = {name: parse(data, name) for name, data in files.items()}
    titles = {}
    for root in roots.values():
        if name_of(root) == "manifest":
            for resource in within(root, "resource"):
                tags[resource.get("href", "")] = [text_of(k).strip() for k in within(resource, "keyword")]
                titles[resource.get("href", "")] = text_of(next(within(resource, "title"), None)).strip()
    for file, root in roots.items():
        if name_of(root) != "assessmentItem":
            continue
        item_id = titles.get(file) or root.get("identifier") or ""
        try:
            found = _item(root, item_id, notes)
        except ValueError as error:
            notes.append(Note(item_id, "broken", {"why": str(error)}))
            continue
        if found is not None:
            items.append(read_tags(found, (t for t in tags.get(file, ()) if not t.startswith("course:"))))
    if not any(name_of(root) == "assessmentItem" for root in roots.values()):
        raise Invalid("There is no QTI 2.1 in it: no document begins with “assessmentItem”.")
    title = next((t[7:] for found_tags in tags.values() for t in found_tags if t.startswith("course:")), "")
    return Parcel(with_ids(items, notes), tuple(notes), title)


def _item(root: Element, item_id: str, notes: list[Note]) -> Item | None:
    has_feedback = next(within(root, "feedbackInline", "feedbackBlock"), None) is not None
    if root.get("toolName") != "Duologue":
        if next(within(child(root, "itemBody"), "img", "object", "audio", "video"), None) is not None:
            notes.append(Note(item_id, "picture"))
        _tidy(root, item_id, notes)
    body = child(root, "itemBody")
    asked = [e for e in (body.iter() if body is not None else ()) if name_of(e).endswith("Interaction")]
    kinds = {name_of(e) for e in asked}
    name = item_id
    if (
        not asked
        or len(kinds) > 1
        or (len(asked) > 1 and kinds != {"textEntryInteraction"})
        or children(root, "templateDeclaration")
    ):
        notes.append(Note(name, "unknown", {"kind": ", ".join(sorted(kinds)) or "no interaction"}))
        return None
    declared = {e.get("identifier", ""): e for e in children(root, "responseDeclaration")}
    match kinds.pop():
        case "choiceInteraction":
            made = _choice(asked[0], declared, item_id, _prompt(body, asked[0]), notes)
        case "orderInteraction":
            made = _order(asked[0], declared, item_id, _prompt(body, asked[0]))
        case "extendedTextInteraction":
            made = Item(item_id, "essay", (), _prompt(body, asked[0]))
        case "textEntryInteraction":
            made = _entries(asked, declared, item_id, _text_with_gaps(body), name, notes)
            if made.type == "number":
                made = make_number(item_id, made.text, made.key, _tolerance(root, made.key))
        case other:
            notes.append(Note(name, "unknown", {"kind": other}))
            return None
    told = {
        kind: tuple(_words(e) for e in children(root, "modalFeedback") if e.get("outcomeIdentifier") == kind)
        for kind in ("HINT", "STEP")
    }
    if has_feedback or any(e.get("outcomeIdentifier") not in told for e in children(root, "modalFeedback")):
        notes.append(Note(name, "feedback"))
    return replace(made, hints=told["HINT"], steps=told["STEP"])


def _tidy(root: Element, name: str, notes: list[Note]) -> None:
    """As a page would show another program's item, in the elements that our own has: a `p` a line, an interaction where it stood.

    Remarks on answers are apart, formulas and raised figures are typed, and a gap keeps its place.
    """
    level = [root]
    for _ in range(MAX_DEPTH + 20):
        level = [e for parent in level for e in parent]
    if level:
        raise ValueError(f"its mark-up is nested more than {MAX_DEPTH} deep.")
    for element in root.iter():
        element.tag = name_of(element)
        element.text, element.tail = (re.sub(r"\s+", " ", t) if t else t for t in (element.text, element.tail))
        for dead in children(element, "feedbackInline", "feedbackBlock", "rubricBlock"):
            _drop(element, dead)
    for asked in [e for e in root.iter() if e.tag in ("prompt", "simpleChoice", "modalFeedback")]:
        _set_lines(asked, _typed(asked, name, notes))
    if (body := child(root, "itemBody")) is None:
        return
    held = [e for e in body.iter() if e.tag.endswith("Interaction")]
    for number, asked in enumerate(held):
        tail, kept = asked.tail, Element(asked.tag, asked.attrib)
        kept.extend(list(asked))
        asked.clear()
        asked.tag, asked.text, asked.tail = "span", f"\ue000{number}\ue001", tail
        held[number] = kept
    words = _typed(body, name, notes)
    for element in list(body):
        body.remove(element)
    body.text = None
    for line in words.split("\n"):
        first, *rest = re.split("\ue000(\\d+)\ue001", line)
        if not rest:
            add(body, "p", first)
            continue
        is_block = held[int(rest[0])].tag != "textEntryInteraction"
        paragraph = body if is_block else add(body, "p", first)
        if is_block and first.strip():
            add(body, "p", first)
        for at, after in zip(rest[::2], rest[1::2], strict=True):
            paragraph.append(held[int(at)])
            if is_block and after.strip():
                add(body, "p", after)
            elif not is_block:
                held[int(at)].tail = after


def _drop(parent: Element, dead: Element) -> None:
    """Take an element out, but not the words behind it."""
    place = list(parent).index(dead)
    if dead.tail and place:
        parent[place - 1].tail = (parent[place - 1].tail or "") + dead.tail
    elif dead.tail:
        parent.text = (parent.text or "") + dead.tail
    parent.remove(dead)


def _typed(element: Element, name: str, notes: list[Note]) -> str:
    """The words in an element as a page shows them, lines apart."""
    inner = escape(element.text or "") + "".join(tostring(e, encoding="unicode") for e in element)
    words, lost = to_plain(inner)
    notes.extend(Note(name, code) for code in lost)
    return words


def _set_lines(element: Element, words: str) -> None:
    for kid in list(element):
        element.remove(kid)
    element.text = words


def _right(declared: Element | None) -> list[str]:
    return [text_of(v).strip() for v in within(child(declared, "correctResponse"), "value")]


def _choice(asked: Element, declared: dict[str, Element], item_id: str, text: str, notes: list[Note]) -> Item:
    choices = list(within(asked, "simpleChoice"))
    answer = declared.get(asked.get("responseIdentifier", ""))
    right = set(_right(answer))
    wanted = [k for k, c in enumerate(choices) if c.get("identifier") in right]
    many = answer is not None and answer.get("cardinality") == "multiple"
    marks = [float(e.get("mappedValue") or 0) for e in within(answer, "mapEntry")]
    if len({m for m in marks if m > 0}) > 1 or any(m < 0 for m in marks):
        notes.append(Note(item_id, "weights"))
    return make_choice(item_id, text, [_words(c) for c in choices], wanted, many=many)


def _order(asked: Element, declared: dict[str, Element], item_id: str, text: str) -> Item:
    words = {c.get("identifier", ""): _words(c) for c in within(asked, "simpleChoice")}
    order = [words[i] for i in _right(declared.get(asked.get("responseIdentifier", ""))) if i in words]
    if len(order) < 2 or len(order) < len(words) or any(re.search(r"[<,;，；、\n]", w) for w in order):
        raise ValueError("its parts hold commas, semicolons or <, or their right order is not given.")
    return Item(item_id, "ordering", (), text, " < ".join(order))


def _entries(asked: list[Element], declared: dict[str, Element], item_id: str, text: str, name: str, notes: list[Note]) -> Item:
    blanks, is_number = [], False
    for entry in asked:
        answer = declared.get(entry.get("responseIdentifier", ""))
        mapped = [(e.get("mapKey", "").strip(), float(e.get("mappedValue") or 0)) for e in within(answer, "mapEntry")]
        best = max((v for _, v in mapped), default=0)
        if any(0 < v < best for _, v in mapped):
            notes.append(Note(name, "weights"))
        blanks.append(list(dict.fromkeys([*_right(answer), *(k for k, v in mapped if v == best > 0)])))
        is_number = answer is not None and answer.get("baseType") in ("float", "integer")
    if len(blanks) == 1 and is_number and blanks[0]:
        return Item(item_id, "number", (), text, blanks[0][0])
    return make_blanks(item_id, text, blanks)


def _tolerance(root: Element, key: str) -> float:
    """How far from its key a number may be, by the rules for the score; 0 for not at all. Raises ValueError."""
    for rule in within(child(root, "responseProcessing"), "equal"):
        allowed = [abs(float(t)) for t in rule.get("tolerance", "").split()]
        if rule.get("toleranceMode", "exact") != "exact" and allowed:
            return max(allowed) * (abs(float(key)) / 100 if rule.get("toleranceMode") == "relative" else 1)
    return 0.0


def _prompt(body: Element | None, asked: Element) -> str:
    inside = {id(e) for e in asked.iter()}
    around = [_words(e) for e in within(body, "p", "div", "blockquote") if id(e) not in inside and asked not in list(e.iter())]
    prompt = child(asked, "prompt")
    return "\n".join(t for t in [*around, _words(prompt) if prompt is not None else ""] if t)


def _words(element: Element) -> str:
    """Text with one line for each paragraph; blanks within it as they are, lest a program's text change."""
    parts = [text_of(p).strip() for p in within(element, "p") if p is not element]
    return "\n".join(p for p in parts if p) or text_of(element).strip()


def _text_with_gaps(body: Element | None) -> str:
    lines = []
    for paragraph in within(body, "p", "div", "td", "li"):
        if any(name_of(e) in ("p", "div", "td", "li") for e in paragraph.iter() if e is not paragraph):
            continue
        if paragraph.get("class") == "blanks" and not text_of(paragraph).strip():
            count = sum(name_of(e) == "textEntryInteraction" for e in paragraph.iter())
            lines += [" ".join(["_____"] * count)] if count > 1 else []
            continue
        words = paragraph.text or ""
        for e in paragraph.iter():
            if e is paragraph:
                continue
            words += ("_____" if name_of(e) == "textEntryInteraction" else e.text or "") + (e.tail or "")
        lines.append(" ".join(words.split()) if "\n" in words else words)
    return "\n".join(lines).strip()
