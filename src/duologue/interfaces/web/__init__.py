"""Pages, their modules and their words in two languages. `router` is all that the program needs of it."""

from duologue.interfaces.web.pages import router

__all__ = ["router"]
