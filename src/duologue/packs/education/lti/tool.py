"""The pack as a tool of learning platforms. What needs the extra education is imported when the first platform knocks."""

from collections.abc import Mapping
from typing import Any

from duologue.packs.education.problems import in_words
from duologue.sdk import Host, Lang, LtiArrival, LtiStep


class Tool:
    """Implements the sdk's port `LtiTool` by the functions of `launch`."""

    async def begin(self, host: Host, asked: Mapping[str, str], base_url: str) -> LtiStep:
        """See `launch.begin`."""
        from duologue.packs.education.lti import launch

        return await launch.begin(host, asked, base_url)

    async def enter(self, host: Host, sent: Mapping[str, str], kept_state: str, base_url: str) -> LtiArrival:
        """See `launch.enter`."""
        from duologue.packs.education.lti import launch

        return await launch.enter(host, sent, kept_state, base_url)

    async def settle(self, host: Host, arrival: LtiArrival, person_id: str) -> tuple[str, str]:
        """See `launch.settle`."""
        from duologue.packs.education.lti import launch

        return await launch.settle(host, arrival, person_id)

    async def list_keys(self, host: Host) -> Mapping[str, Any]:
        """The tool's public keys."""
        from duologue.packs.education.lti.keys import public_keys

        return public_keys(host.folder)

    def in_words(self, message: str, lang: Lang) -> str:
        """See `problems.in_words`."""
        return in_words(message, lang)


TOOL = Tool()
