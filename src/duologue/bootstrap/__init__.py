"""The only place where parts are joined: settings → store → engine → assistant → packs → interfaces."""

from duologue.bootstrap.join import build, create_app, open_platform, start, stop
from duologue.bootstrap.server import create_asgi, serve

__all__ = ["build", "create_app", "create_asgi", "open_platform", "serve", "start", "stop"]
