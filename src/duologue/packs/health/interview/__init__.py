"""The history: read before anything else, consent, one question at a time, the differential for the clinician."""
