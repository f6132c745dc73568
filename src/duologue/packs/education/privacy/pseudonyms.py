"""The secret of a school by which its learners' pseudonyms are made; made once. Who has it could tell them apart again."""

import secrets

from duologue.packs.education.privacy import repository
from duologue.sdk import Host

NAME = "pseudonyms"


async def get_secret(host: Host, workspace_id: str) -> bytes:
    """The school's secret, made at its first use."""
    async with host.write() as tx:
        found = await repository.find_setting(tx, workspace_id, NAME)
        if found is None:
            made = secrets.token_hex(32)
            await repository.save_setting(tx, workspace_id, NAME, made, "", host.clock.now())
            return bytes.fromhex(made)
        return bytes.fromhex(str(found[0]))
