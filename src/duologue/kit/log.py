"""One way to log: the standard library, one line a record, to stderr."""

import logging


def get_logger(name: str) -> logging.Logger:
    """The logger of a module; pass `__name__`."""
    return logging.getLogger(name)


def setup_logging(level: str = "INFO") -> None:
    """Configure the root logger once, at the start of a process."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s", datefmt="%H:%M:%S")
