"""Papers: found, read, screened, quoted, tabulated."""
