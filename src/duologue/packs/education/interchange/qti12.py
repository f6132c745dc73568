"""QTI 1.2, as Canvas reads and writes it: choices, short answers, numbers and essays; hints and solutions as feedback.

Source: IMS Question & Test Interoperability 1.2.1, ASI XML binding. Read is a `questestinterop` document or a package of them.
Scores other than all or nothing, matching, formulas, pictures and orderings are told and left out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from xml.etree.ElementTree import Element

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
    read_tags,
    tolerance_of,
    with_ids,
)
from duologue.packs.education.interchange.plain import to_plain
from duologue.packs.education.interchange.safe_xml import add, child, children, name_of, parse, text_of, to_bytes, within

HELD = Held("QTI 1.2", frozenset({*MATH, "choice", "choices", "blanks", "short", "essay"}), is_xml=True)
SPACE = "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"
PACKAGE = "http://www.imsglobal.org/xsd/imsccv1p1/imscp_v1p1"
_TAG_FIELD = "duologue_tag"


def write(items: Iterable[Item], title: str = "") -> Written:
    """A package (zip) with one assessment and its manifest."""
    kept, notes = HELD.fit(items)
    root = Element("questestinterop", {"xmlns": SPACE})
    ident = "a" + sha256("|".join(i.id for i in kept).encode()).hexdigest()[:24]
    assessment = add(root, "assessment", ident=ident, title=title or "Questions")
    section = add(assessment, "section", ident="root_section")
    for item in kept:
        _write_one(section, item)
    manifest = Element("manifest", {"xmlns": PACKAGE, "identifier": f"m{ident}"})
    meta = add(manifest, "metadata")
    add(meta, "schema", "IMS Content")
    add(meta, "schemaversion", "1.1.3")
    add(manifest, "organizations")
    resource = add(add(manifest, "resources"), "resource", identifier=ident, type="imsqti_xmlv1p2")
    add(resource, "file", href=f"{ident}/{ident}.xml")
    files = {"imsmanifest.xml": to_bytes(manifest), f"{ident}/{ident}.xml": to_bytes(root, pretty=False)}
    return Written(pack(files), tuple(notes))


def _write_one(section: Element, item: Item) -> None:
    kind = _kind_of(item)
    one = add(section, "item", ident=item.id, title=item.id)
    meta = add(add(one, "itemmetadata"), "qtimetadata")
    for label, entry in (("question_type", kind), ("points_possible", "1"), *((_TAG_FIELD, tag) for tag in make_tags(item))):
        field = add(meta, "qtimetadatafield")
        add(field, "fieldlabel", label)
        add(field, "fieldentry", entry)
    shown = add(one, "presentation")
    _material(shown, item.text)
    processing = add(one, "resprocessing")
    add(add(processing, "outcomes"), "decvar", maxvalue="100", minvalue="0", varname="SCORE", vartype="Decimal")
    right = add(processing, "respcondition", continue_="No")
    wanted = add(right, "conditionvar")
    if item.options:
        response = add(shown, "response_lid", ident="response1", rcardinality="Single" if item.type == "choice" else "Multiple")
        choices = add(response, "render_choice")
        for letter, words in sorted(item.options.items()):
            _material(add(choices, "response_label", ident=letter), words)
        if item.type == "choices":
            wanted = add(wanted, "and")
        for letter in sorted(item.options):
            if letter in letters_of(item):
                add(wanted, "varequal", letter, respident="response1")
            elif item.type == "choices":
                add(add(wanted, "not"), "varequal", letter, respident="response1")
    else:
        response = add(shown, "response_str", ident="response1", rcardinality="Single")
        drawn = add(response, "render_fib", **({"fibtype": "Decimal"} if kind == "numerical_question" else {}))
        add(drawn, "response_label", ident="answer1", rshuffle="No")
        for words in [] if kind == "essay_question" else blanks_of(item)[0] if item.type == "blanks" else [item.key]:
            if tolerance := tolerance_of(item):
                wanted = add(wanted, "or")
            add(wanted, "varequal", words, respident="response1")
            if tolerance:
                between = add(wanted, "and")
                for name, end in (
                    ("vargte", Decimal(item.key) - Decimal(tolerance)),
                    ("varlte", Decimal(item.key) + Decimal(tolerance)),
                ):
                    add(between, name, f"{end:f}", respident="response1")
        if kind == "essay_question":
            add(wanted, "other")
    if kind != "essay_question":
        add(right, "setvar", "100", action="Set", varname="SCORE")
    for name, inner, texts in (("hint", "hintmaterial", item.hints), ("solution", "solutionmaterial", item.steps)):
        if texts:
            told = add(add(one, "itemfeedback", ident=f"{name}s"), name, feedbackstyle="Multilevel")
            for words in texts:
                _material(add(told, inner), words)


def _kind_of(item: Item) -> str:
    if item.type in ("short", "essay"):
        return "essay_question"
    if item.options:
        return "multiple_choice_question" if item.type == "choice" else "multiple_answers_question"
    return "numerical_question" if item.type in MATH and is_plain_number(item.key) else "short_answer_question"


def _material(parent: Element, text: str) -> None:
    add(add(parent, "material"), "mattext", text, texttype="text/plain")


# ---- reading -------------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> Parcel:
    """The questions of a document, or of all documents in a package. Raises Invalid where there are none."""
    files = unpack(content) if is_zip(content) else {"The file": content}
    notes: list[Note] = []
    items: list[Item] = []
    title, found = "", False
    for name, data in files.items():
        root = parse(data, name)
        if name_of(root) != "questestinterop":
            continue
        found = True
        title = title or next((a.get("title", "") for a in within(root, "assessment")), "")
        for one in within(root, "item"):
            items += _item(one, f"#{len(items) + len(notes) + 1}", notes)
    if not found:
        raise Invalid("There is no QTI 1.2 in it: no document begins with “questestinterop”.")
    return Parcel(with_ids(items, notes), tuple(notes), title)


def _item(one: Element, name: str, notes: list[Note]) -> Iterator[Item]:
    item_id = one.get("ident", "")
    name = item_id or name
    try:
        made = _by_response(one, item_id, name, notes)
        hints = tuple(t for e in within(one, "hintmaterial") if (t := _text(e, name, notes)))
        steps = tuple(t for e in within(one, "solutionmaterial") if (t := _text(e, name, notes)))
    except ValueError as error:
        notes.append(Note(name, "broken", {"why": str(error)}))
        return
    if made is None:
        return
    fields = [(text_of(child(f, "fieldlabel")), text_of(child(f, "fieldentry"))) for f in within(one, "qtimetadatafield")]
    if any(text_of(child(f, "flow_mat", "material", "mattext")) or children(f, "material") for f in within(one, "itemfeedback")):
        notes.append(Note(name, "feedback"))
    yield replace(read_tags(made, (v for k, v in fields if k == _TAG_FIELD)), hints=hints, steps=steps)


def _by_response(one: Element, item_id: str, name: str, notes: list[Note]) -> Item | None:
    shown = child(one, "presentation")
    kind = next((text_of(child(f, "fieldentry")) for f in within(one, "qtimetadatafield")
                 if text_of(child(f, "fieldlabel")) == "question_type"), "")  # fmt: skip
    responses = list(within(shown, "response_lid", "response_str", "response_num", "response_grp", "response_xy"))
    if not responses:
        notes.append(Note(name, "unknown", {"kind": kind or "no response"}))
        return None
    one_of, words = responses[0], _question(shown, responses, name, notes)
    if (
        len(responses) > 1
        or kind == "matching_question"
        or name_of(one_of) in ("response_grp", "response_xy")
        or one_of.get("rcardinality") == "Ordered"
    ):
        notes.append(Note(name, "unknown", {"kind": kind or name_of(one_of)}))
        return None
    right = _right(one)
    labels = list(within(one_of, "response_label"))
    if name_of(one_of) == "response_lid":
        idents = [e.get("ident", "") for e in labels]
        wanted = [k for k, ident in enumerate(idents) if ident in right]
        many = one_of.get("rcardinality", "Single") == "Multiple"
        if not many and len(wanted) > 1:
            raise ValueError("several of its options are right by themselves; a choice here has one.")
        return make_choice(item_id, words, [_text(e, name, notes) for e in labels], wanted, many=many)
    is_number = (
        kind == "numerical_question"
        or name_of(one_of) == "response_num"
        or any(e.get("fibtype") in ("Decimal", "Integer") for e in within(one_of, "render_fib"))
    )
    ends = [[text_of(e).strip() for e in within(one, tag)] for tag in ("vargte", "varlte")] if is_number else [[], []]
    if kind == "essay_question" or not (right or all(ends)):
        return Item(item_id, "essay", (), words)
    if is_number:
        low, high = (Decimal(_number(e[0], is_padded=False)) if all(ends) else Decimal(0) for e in ends)
        key = _number(right[0], is_padded=bool(ends[0])) if right else f"{(low + high) / 2:f}"
        return make_number(item_id, words, key, float(abs(high - low) / 2))
    return make_blanks(item_id, words, [right])


def _number(text: str, *, is_padded: bool) -> str:
    """The number; without the zeros with which some programs pad it. Raises ValueError with a sentence."""
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text):
        raise ValueError(f"“{text[:40]}” is no number.")
    return re.sub(r"\.?0+$", "", text) if is_padded and "." in text else text


def _right(one: Element) -> list[str]:
    """The values that bring marks, in order; those under a `not` do not."""
    out: list[str] = []
    for condition in within(one, "respcondition"):
        scores = [text_of(s).strip() for s in children(condition, "setvar")]
        if any(re.fullmatch(r"0*(\.0+)?|-.*", s) for s in scores) or (not scores and not children(condition, "displayfeedback")):
            continue
        if not scores:
            continue
        stack = children(condition, "conditionvar")
        while stack:
            for element in stack.pop(0):
                if name_of(element) == "varequal":
                    out.append(text_of(element).strip())
                elif name_of(element) in ("and", "or", "conditionvar"):
                    stack.append(element)
    return list(dict.fromkeys(v for v in out if v))


def _question(shown: Element | None, responses: list[Element], name: str, notes: list[Note]) -> str:
    """The materials of the presentation that stand in no response."""
    inside = {id(m) for r in responses for m in r.iter() if m is not r}
    texts = [_text(m, name, notes) for m in within(shown, "material") if id(m) not in inside]
    texts += [_text(m, name, notes) for r in responses for m in children(r, "material")]
    return "\n".join(t for t in texts if t)


def _text(element: Element, name: str, notes: list[Note]) -> str:
    out = []
    for part in within(element, "mattext", "matemtext", "matimage", "mataudio", "matvideo", "matapplet"):
        if not name_of(part).endswith("text"):
            notes.append(Note(name, "picture"))
        elif part.get("texttype", "text/plain") == "text/plain":
            out.append(text_of(part).strip())
        else:
            words, lost = to_plain(text_of(part))
            out.append(words)
            notes.extend(Note(name, code) for code in lost)
    return "\n".join(t for t in out if t)
