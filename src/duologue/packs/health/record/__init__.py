"""The record: a note whose sentences show their source, a site's own template, drafts, signatures and addenda."""
