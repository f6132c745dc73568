"""What every part may use and what knows no part: errors, ids, clock, settings, log, text, registry."""
