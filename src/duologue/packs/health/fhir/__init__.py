"""The record as a FHIR R4 document, judged twice, sent and read."""
