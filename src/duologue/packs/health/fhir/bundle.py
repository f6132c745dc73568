"""A fact graph as a FHIR R4 document Bundle: a view, never the truth. Labelled as made by a machine, and preliminary until signed.

Plain JSON, so that no dialogue turn waits for the FHIR library; `strict.validate_fhir` is the judge. Absence is said explicitly:
denied, unknown and not asked differ. Codes: ICD-10-CM, LOINC, UCUM, HL7 terminology; no SNOMED CT.
"""

import re
import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from duologue.packs.health.facts.extract import Fact, FactGraph
from duologue.packs.health.record.life import Record
from duologue.packs.health.record.note import find_dangers, write_sections
from duologue.packs.health.record.template import Template, default_template

Json = dict[str, Any]
_HL7 = "http://terminology.hl7.org/CodeSystem/"
_LOINC = "http://loinc.org"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_LABEL = {"system": _HL7 + "v3-ObservationValue", "code": "AIAST", "display": "Artificial Intelligence asserted"}
_SIGNED = {"system": _HL7 + "v3-ObservationValue", "code": "CLINAST", "display": "Clinician asserted"}
_MEASURES = {
    "temperature": ("8310-5", "Body temperature"),
    "pulse": ("8867-4", "Heart rate"),
    "spo2": ("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
    "systolic": ("8480-6", "Systolic blood pressure"),
    "diastolic": ("8462-4", "Diastolic blood pressure"),
    "glucose": ("15074-8", "Glucose [Moles/volume] in Blood"),
}
_SECTIONS = {
    "cc": ("10154-3", "Chief complaint"),
    "hpi": ("10164-2", "History of present illness"),
    "pmh": ("11348-0", "History of past illness"),
    "medications": ("10160-0", "History of medication use"),
    "allergies": ("48765-2", "Allergies"),
    "family": ("10157-6", "Family history"),
    "social": ("29762-2", "Social history"),
    "vitals": ("8716-3", "Vital signs"),
    "assessment": ("51848-0", "Assessment"),
    "plan": ("18776-5", "Plan of care note"),
}
_UNWRITABLE = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\ufffe\\uffff\\ud800-\\udfff]")
"""What XML cannot hold."""
_SCORE = re.compile(r"(\d{1,2})/10")
_TOLD = {"cc", "hpi", "pmh", "medications", "allergies", "family", "social"}


def to_fhir(
    facts: FactGraph, *, patient: Json | None = None, at: datetime | None = None, version: str = "1",
    signed_by: str = "", signed_at: datetime | None = None, template: Template = (), record: Record | None = None,
    consented_at: datetime | None = None,
) -> Json:  # fmt: skip
    """A document Bundle of the facts. `patient` adds fields to the Patient resource; `at` is the time of the talk, UTC.

    `signed_by`, a clinician's name, makes the document final, with him as its legal attester. The text of the Composition is
    that of `record`, as a clinician left it, where there is one; `template` gives its headings and their order. A signed document
    holds no fact whose sentence the clinician struck out or wrote anew. `consented_at`: when the person agreed to a record.
    """
    writer = _Writer(facts, patient or {}, at or datetime.now(UTC), version, signed_by, signed_at, template, record)
    return writer.bundle(consented_at)


class _Writer:
    def __init__(
        self, facts: FactGraph, patient: Json, at: datetime, version: str, signed_by: str, signed_at: datetime | None,
        template: Template, record: Record | None,
    ) -> None:  # fmt: skip
        self.template, self.record = template or default_template(facts.lang), record
        self.label = _SIGNED if signed_by else _LABEL
        self.state = "final" if signed_by else "preliminary"
        self.facts, self.at, self.version = facts, at.isoformat(timespec="seconds"), version
        self.signed_by, self.signed_at = signed_by, (signed_at or at).isoformat(timespec="seconds")
        addenda = record.addenda if record is not None else ()
        self.changed_at = addenda[-1].at.isoformat(timespec="seconds") if addenda else self.signed_at
        self.addenda = len(addenda)
        self._space = uuid.uuid5(uuid.NAMESPACE_URL, "|".join(t.text for t in facts.turns) + self.at)
        self.entries: list[Json] = []
        self.by_section: dict[str, list[Json]] = {name: [] for name in _SECTIONS}
        self.patient = self._add({"resourceType": "Patient", **patient})
        self.device = self._add(
            {"resourceType": "Device", "status": "active", "deviceName": [{"name": "Duologue", "type": "model-name"}],
             "version": [{"value": version}]}
        )  # fmt: skip
        self.clinician: Json = {}
        if signed_by:
            self.clinician = self._add({"resourceType": "Practitioner", "active": True, "name": [{"text": signed_by}]})
        self.encounter = self._add(
            {"resourceType": "Encounter", "status": "finished" if signed_by else "in-progress",
             "class": {"system": _HL7 + "v3-ActCode", "code": "VR"}, "subject": self.patient, "period": {"start": self.at}}
        )  # fmt: skip

    def bundle(self, consented_at: datetime | None) -> Json:
        if consented_at is not None:
            self._consent(consented_at)
        for fact in self.facts.facts:
            if self._stands(fact):
                self._fact(fact)
        self._known_absence()
        self._answers()
        self._impression()
        content = [e["fullUrl"] for e in self.entries]
        composition = self._composition()
        targets = [{"reference": u} for u in [composition["fullUrl"], *content]]
        agents = [{"type": _concept(_HL7 + "provenance-participant-type", "assembler", "Assembler"), "who": self.device}]
        if self.clinician:
            agents.append({"type": _concept(_HL7 + "provenance-participant-type", "legal", "Legal"), "who": self.clinician})
        self._add({"resourceType": "Provenance", "target": targets, "recorded": self.signed_at, "agent": agents})
        return {
            "resourceType": "Bundle",
            "type": "document",
            "identifier": self._edition(self.addenda),
            "timestamp": self.changed_at,
            "meta": {"security": [self.label]},
            "entry": [composition, *self.entries],
        }

    def _edition(self, addenda: int) -> Json:
        """What identifies the document with so many addenda: the same however often it is made."""
        name = uuid.uuid5(self._space, f"{self.state} {self.signed_at} {addenda}")
        return {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{name}"}

    def _stands(self, f: Fact) -> bool:
        """Whether a sentence of the signed record still rests on a fact's words; a draft holds them all."""
        return self._is_kept([(s.turn, s.words) for s in f.sources])

    def _is_kept(self, quotes: Iterable[tuple[int, str]], section: str = "") -> bool:
        if self.record is None or not self.clinician:
            return True
        kept = {quote for line in self.record.lines for quote in line.quotes if line.section == (section or line.section)}
        return any(q in kept for q in quotes)

    def _consent(self, at: datetime) -> None:
        policy = {"text": "Agreed in the talk that the history is taken down and a record is written for the clinician."}
        resource = {"resourceType": "Consent", "status": "active", "patient": self.patient, "performer": [self.patient]}
        resource["scope"] = _concept(_HL7 + "consentscope", "patient-privacy", "Privacy Consent")
        resource["category"] = [_concept(_LOINC, "59284-0", "Consent Document")]
        self._add({**resource, "dateTime": at.isoformat(timespec="seconds"), "policyRule": policy})

    def _add(self, resource: Json, section: str = "") -> Json:
        entry = self._entry(resource, len(self.entries))
        self.entries.append(entry)
        reference = {"reference": entry["fullUrl"]}
        if section:
            self.by_section[section].append(reference)
        return reference

    def _entry(self, resource: Json, number: int) -> Json:
        name = uuid.uuid5(self._space, f"{resource['resourceType']}{number}")
        return {"fullUrl": f"urn:uuid:{name}", "resource": {**resource, "id": str(name), "meta": {"security": [self.label]}}}

    def _fact(self, f: Fact) -> None:
        note = [{"text": " · ".join(f"turn {s.turn}: {s.words}" for s in f.sources)}]
        if f.experiencer == "family":
            self._family(f, note)
        elif f.kind == "symptom" or f.kind == "social":
            self._finding(f, note)
        elif f.kind == "measure":
            self._measure(f, note)
        elif f.kind == "condition":
            self._condition(f, note)
        elif f.kind == "medication" and f.concept != "medications":
            status = {"present": "active", "denied": "not-taken", "unknown": "unknown"}[f.status]
            resource: Json = {
                "resourceType": "MedicationStatement",
                "status": status,
                "medicationCodeableConcept": {"text": f.concept},
            }
            resource |= {"subject": self.patient, "dateAsserted": self.at, "informationSource": self.patient, "note": note}
            if "dose" in f.detail:
                resource["dosage"] = [{"text": f.detail["dose"]}]
            self._add(resource, "medications")
        elif f.kind == "allergy" and f.concept != "allergies":
            verification = "refuted" if f.status == "denied" else "unconfirmed"
            self._allergy({"text": f.concept}, verification, note)

    def _finding(self, f: Fact, note: list[Json], section: str = "") -> None:
        code: Json = {"text": f.concept}
        if f.icd10:
            code["coding"] = [{"system": _ICD, "code": f.icd10}]
        category = "social-history" if f.kind == "social" else "survey"
        value: Json = {"valueBoolean": f.status == "present"}
        if f.status == "unknown":
            value = {"dataAbsentReason": _concept(_HL7 + "data-absent-reason", "asked-unknown", "Asked But Unknown")}
        resource = {"resourceType": "Observation", "status": self.state, "code": code, "subject": self.patient, **value}
        resource |= {"category": [_concept(_HL7 + "observation-category", category)], "encounter": self.encounter, "note": note}
        if f.detail and f.status == "present":
            resource["component"] = [_told(name, words) for name, words in f.detail.items()]
        self._add({**resource, "effectiveDateTime": self.at}, section or ("social" if f.kind == "social" else "hpi"))

    def _measure(self, f: Fact, note: list[Json]) -> None:
        if f.concept not in _MEASURES or f.value is None:
            return
        code, display = _MEASURES[f.concept]
        unit = {"/min": "/min", "mmHg": "mm[Hg]"}.get(f.unit, f.unit)
        quantity = {"value": f.value, "unit": f.unit, "system": "http://unitsofmeasure.org", "code": unit}
        resource = {"resourceType": "Observation", "status": self.state, "code": _concept(_LOINC, code, display), "note": note}
        resource |= {"category": [_concept(_HL7 + "observation-category", "vital-signs")], "subject": self.patient}
        self._add({**resource, "encounter": self.encounter, "effectiveDateTime": self.at, "valueQuantity": quantity}, "vitals")

    def _condition(self, f: Fact, note: list[Json]) -> None:
        code: Json = {"text": f.concept} | ({"coding": [{"system": _ICD, "code": f.icd10}]} if f.icd10 else {})
        verification = {"present": "provisional", "denied": "refuted", "unknown": "unconfirmed"}[f.status]
        clinical = "inactive" if f.is_past or f.status == "denied" else "active"
        resource = {"resourceType": "Condition", "code": code, "subject": self.patient, "encounter": self.encounter, "note": note}
        resource["clinicalStatus"] = _concept(_HL7 + "condition-clinical", clinical)
        resource["verificationStatus"] = _concept(_HL7 + "condition-ver-status", verification)
        resource["category"] = [_concept(_HL7 + "condition-category", "problem-list-item")]
        self._add(resource, "pmh")

    def _family(self, f: Fact, note: list[Json]) -> None:
        if f.status != "present":  # a history without a condition would not say that it was denied
            told = f"family history of {f.concept}" if self.facts.lang == "en" else f"{f.concept}（家族史）"
            self._finding(replace(f, concept=told, kind="symptom", detail={}, icd10=""), note, "family")
            return
        resource = {"resourceType": "FamilyMemberHistory", "status": "partial", "patient": self.patient, "note": note}
        resource["relationship"] = _concept(_HL7 + "v3-RoleCode", "FAMMEMB", "family member")
        resource["condition"] = [{"code": {"text": f.concept}}]
        self._add(resource, "family")

    def _allergy(self, code: Json, verification: str, note: list[Json]) -> None:
        resource = {"resourceType": "AllergyIntolerance", "patient": self.patient, "code": code, "note": note}
        resource["clinicalStatus"] = _concept(
            _HL7 + "allergyintolerance-clinical", "inactive" if verification == "refuted" else "active"
        )
        resource["verificationStatus"] = _concept(_HL7 + "allergyintolerance-verification", verification)
        self._add(resource, "allergies")

    def _known_absence(self) -> None:
        """What nobody named is said to be absent or not known: no entry would leave it open."""
        denied = any(f.concept == "allergies" and f.status == "denied" for f in self.facts.facts)
        if not self.by_section["allergies"]:
            code = ("no-known-allergies", "No Known Allergies") if denied else ("no-allergy-info", "No information about allergies")
            self._allergy(_concept(_ABSENT, *code), "unconfirmed", [{"text": "asked and denied" if denied else "not asked"}])
        if not self.by_section["medications"]:
            none = any(f.concept == "medications" and f.status == "denied" for f in self.facts.facts)
            code = (
                ("no-known-medications", "No Known Medications")
                if none
                else ("no-medication-info", "No information about medications")
            )
            medicine = _concept(_ABSENT, *code)
            resource = {"resourceType": "MedicationStatement", "status": "unknown", "medicationCodeableConcept": medicine}
            self._add({**resource, "subject": self.patient}, "medications")
        if not self.by_section["pmh"]:
            problem = _concept(_ABSENT, "no-problem-info", "No information about problems")
            resource = {"resourceType": "Condition", "code": problem, "subject": self.patient}
            resource["clinicalStatus"] = _concept(_HL7 + "condition-clinical", "active")
            self._add(resource, "pmh")

    def _answers(self) -> None:
        items = []
        for turn, answer in zip(self.facts.turns, self.facts.turns[1:], strict=False):
            if turn.role == "clinician" and answer.role == "patient" and turn.text.strip() and answer.text.strip():
                link = {"linkId": str(turn.index), "text": turn.text.strip()}
                items.append({**link, "answer": [{"valueString": answer.text.strip()}]})
        if items:
            resource = {
                "resourceType": "QuestionnaireResponse",
                "status": "completed" if self.clinician else "in-progress",
                "subject": self.patient,
            }
            self._add({**resource, "encounter": self.encounter, "authored": self.at, "item": items})

    def _impression(self) -> None:
        found = [d for d in find_dangers(self.facts) if d.state != "settled" and self._is_kept(d.sentence.quotes, "assessment")]
        risks = [
            {"outcome": {"text": d.alarm.title if d.state == "raised" else d.sentence.text.rstrip(".。")},
             "rationale": f"rule {d.alarm.rule}, version {d.alarm.version}: {d.alarm.source}"}
            for d in found
        ]  # fmt: skip
        if risks:
            resource = {
                "resourceType": "RiskAssessment",
                "status": self.state,
                "subject": self.patient,
                "performer": self.device,
            }
            self._add({**resource, "encounter": self.encounter, "occurrenceDateTime": self.at, "prediction": risks}, "assessment")
        status, told = "in-progress", "Draft made by a machine; not signed."
        if self.clinician:
            assessed = self.record.lines if self.record is not None else ()
            status, told = "completed", " ".join(x.text for x in assessed if x.section == "assessment")
        resource = {"resourceType": "ClinicalImpression", "status": status, "subject": self.patient, "date": self.at}
        self._add({**resource, "encounter": self.encounter, **({"summary": told} if told else {})}, "assessment")

    def _sections(self) -> list[Json]:
        """The headings of the template with the text of the record, or of the draft, and the entries that belong there."""
        texts = write_sections(self.facts)
        if self.record is not None:
            texts = {s: [x.text for x in self.record.lines if x.section == s] for s in _SECTIONS}
        out = []
        for heading in self.template:
            told = [text for s in heading.sections for text in texts.get(s, [])]
            entries = [e for s in heading.sections for e in self.by_section.get(s, [])]
            if not told and not entries:
                continue
            section: Json = {"title": heading.title}
            code = _code_of(heading.sections)
            if code:
                section["code"] = _concept(_LOINC, *code)
            if told:
                section["text"] = _narrative(told)
            out.append(section | ({"entry": entries} if entries else {}))
        if self.record is not None and self.record.addenda:
            title = "Addenda" if self.facts.lang == "en" else "补记"
            out.append(
                {
                    "title": title,
                    "text": _narrative(
                        [f"{a.at:%Y-%m-%d %H:%M} UTC{f', {a.name}' if a.name else ''}: {a.text}" for a in self.record.addenda]
                    ),
                }
            )
        return out

    def _composition(self) -> Json:
        sections = self._sections()
        resource = {
            "resourceType": "Composition", "status": "preliminary", "type": _concept(_LOINC, "11488-4", "Consult note"),
            "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{self._space}"},
            "subject": self.patient, "encounter": self.encounter, "date": self.changed_at, "author": [self.device],
            "title": "Consultation note (draft, not signed)", "section": sections,
        }  # fmt: skip
        if self.clinician:
            status = "amended" if self.record is not None and self.record.addenda else "final"
            resource |= {"status": status, "title": "Consultation note"}
            resource["author"] = [self.device, self.clinician]
            resource["attester"] = [{"mode": "legal", "time": self.signed_at, "party": self.clinician}]
            if self.addenda:
                resource["relatesTo"] = [{"code": "replaces", "targetIdentifier": self._edition(self.addenda - 1)}]
        return self._entry(resource, -1)


def _told(name: str, words: str) -> Json:
    """What was told of a complaint, as a component of its Observation: a score of ten as a number, all else in the words used."""
    score = _SCORE.fullmatch(words) if name == "severity" else None
    if score:
        quantity = {"value": int(score[1]), "unit": "/10", "system": "http://unitsofmeasure.org", "code": "{score}"}
        return {"code": {"text": "severity, 0 to 10, reported"}, "valueQuantity": quantity}
    return {"code": {"text": name}, "valueString": words}


def _code_of(sections: tuple[str, ...]) -> tuple[str, str] | None:
    """LOINC of what stands under a heading: the section's own, or SOAP's where several stand there."""
    if len(sections) == 1:
        return _SECTIONS[sections[0]]
    return ("61150-9", "Subjective Narrative") if set(sections) <= _TOLD else None


def _narrative(sentences: list[str]) -> Json:
    text = _UNWRITABLE.sub(" ", " ".join(sentences)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><p>{text}</p></div>'}


def _concept(system: str, code: str, display: str = "") -> Json:
    coding = {"system": system, "code": code}
    return {"coding": [{**coding, "display": display}]} if display else {"coding": [coding]}
