"""Approved actions: a tool that changes something runs once, after an expert said so, and its result goes to the person.

At most once: where a crash leaves it open whether a tool ran, it is not run again; an expert is asked to look.
"""

from dataclasses import replace
from typing import Any

from duologue.assistant import repository
from duologue.assistant.means import Means
from duologue.assistant.model import Action, Draft
from duologue.assistant.runner import TurnRunner
from duologue.assistant.tools import Caller, Toolbox, ToolResult
from duologue.conversation.model import Conversation
from duologue.kit.errors import NotFound
from duologue.kit.log import get_logger
from duologue.kit.text import Lang
from duologue.store.database import WriteTx
from duologue.store.jobs import Jobs

log = get_logger(__name__)

_UNKNOWN: dict[Lang, str] = {
    "en": "The program stopped while {tool} ran. It is not known whether it took effect; please check before you do it again.",
    "zh": "{tool} 执行期间程序中断，无法确定是否已经生效，请先核实再重试。",
}
_FAILED: dict[Lang, str] = {"en": "{tool} failed and changed nothing that we know of.", "zh": "{tool} 执行失败，没有已知的更改。"}


class ActionRunner:
    """The approved actions of this process."""

    def __init__(self, means: Means, jobs: Jobs, runner: TurnRunner) -> None:
        self._means = means
        self._jobs = jobs
        self._runner = runner
        jobs.register("action", self.run_job)

    async def start(self, workspace_id: str, draft_id: str, member_id: str) -> None:
        """Begin an action; the draft's id is the job's."""
        await self._jobs.run("action", draft_id, {"workspace_id": workspace_id, "draft_id": draft_id, "member_id": member_id})

    async def run_job(self, payload: dict[str, Any]) -> None:
        """Run the tool of an approved draft, if nothing has begun it before."""
        ws, draft_id, member_id = payload["workspace_id"], payload["draft_id"], payload["member_id"]
        async with self._means.database.write() as tx:
            draft = await repository.find_draft(tx, ws, draft_id)
            if draft is None or draft.action is None or draft.status not in ("approved", "edited"):
                return
            action = draft.action
            if action.state in ("done", "failed"):
                return
            if action.state == "started":
                text = _UNKNOWN[draft.lang].format(tool=action.tool)
                await self._conclude(tx, draft, replace(action, state="failed", result=text), member_id)
                return
            await repository.put_action(tx, draft_id, replace(action, state="started"))
        result = await self._run(draft, action)
        async with self._means.database.write() as tx:
            is_done = result is not None and result.status == "ok"
            text = result.text if result is not None and result.text else _FAILED[draft.lang].format(tool=action.tool)
            await self._conclude(tx, draft, replace(action, state="done" if is_done else "failed", result=text), member_id)

    async def _run(self, draft: Draft, action: Action) -> ToolResult | None:
        """The tool's result, with the permissions that its caller had; None where the tool no longer exists for them."""
        conversations = self._means.conversations
        snapshot = await conversations.snapshot(draft.workspace_id, draft.conversation_id, "public")
        here = snapshot.conversation
        said = tuple(
            m.body for m in snapshot.messages if m.author_kind == "person" and here.episode_seq < m.seq <= draft.last_public_seq
        )
        caller = Caller(here.workspace_id, here.id, here.person_id, draft.lang, said)
        toolbox = Toolbox(await self._runner.list_tools(here), caller, self._means.folder)
        tool = toolbox.find(action.tool)
        return None if tool is None else await toolbox.run(tool, action.arguments, key=draft.id)

    async def _conclude(self, tx: WriteTx, draft: Draft, action: Action, member_id: str) -> None:
        """Keep the result; tell the person where it was done, the experts where it was not."""
        await repository.put_action(tx, draft.id, action)
        conversations = self._means.conversations
        here = await conversations.lock(tx, draft.workspace_id, draft.conversation_id)
        data = {"code": "action", "tool": action.tool, "state": action.state}
        if action.state == "done":
            message = await conversations.commit_ai(
                tx, here.fence, client_id=f"action:{draft.id}", body=action.result, lang=draft.lang, run_id=draft.run_id,
                draft_id=draft.id, author_kind="expert", author_id=member_id, data=data,
            )  # fmt: skip
            if message is not None:
                return
        await conversations.post_in(
            tx, here, author_kind="system", author_id="", client_id=f"action:{draft.id}", body=action.result,
            visibility="internal", kind="notice", lang=draft.lang, data=data,
        )  # fmt: skip
        await self._ask(tx, here)

    async def _ask(self, tx: WriteTx, here: Conversation) -> None:
        try:
            fresh = await self._means.conversations.lock(tx, here.workspace_id, here.id)
        except NotFound:
            return
        if fresh.controller.kind == "ai":
            await self._means.conversations.request_human(tx, fresh.fence, here.workspace_id, here.id, "tool_error")
