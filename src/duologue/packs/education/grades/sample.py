"""The sample class's homework: eight learners have handed it in, most is sure, some waits, one appeals. Draws nothing."""

from typing import Any

from duologue.packs.education.course import sample_course
from duologue.packs.education.grades import repository
from duologue.packs.education.grades.drafts import grade_some
from duologue.packs.education.grades.homework import appeal, assign, sign_one, submit
from duologue.packs.education.learners.repository import list_learners
from duologue.sdk import Host

WHY = "Why are 1/2 and 2/4 the same number? 为什么 1/2 和 2/4 相等？"
RUBRIC = (
    {"id": "same", "text": "Both are one half of the whole. 两个都是整体的一半。", "points": 1,
     "accept": ["They show the same part of the whole.", "都是一半"]},
    {"id": "how", "text": "Numerator and denominator are multiplied by the same number. 分子和分母同乘一个数。", "points": 1,
     "accept": ["2/4 is 1/2 times two over two", "分子分母同乘二，大小不变"]},
)  # fmt: skip
ITEMS: tuple[dict[str, Any], ...] = (
    {"id": "add-unlike-1"},
    {"id": "equation-multiply-1"},
    {"id": "compare-1"},
    {
        "id": "order",
        "text": "Order from small to large: 1/2, 1/3, 3/4. 从小到大排列。",
        "type": "ordering",
        "key": "1/3 < 1/2 < 3/4",
    },
    {"id": "why", "text": WHY, "type": "short", "rubric": RUBRIC},
)
WORDS = {
    "en": ("Both are half of the whole.", "I don't know", "Because 2/4 is 1/2 times two over two."),
    "zh": ("都是整体的一半。", "不知道", "分子分母同乘二，大小不变。"),
}


async def add_homework(host: Host, workspace_id: str, by: str, due: str) -> None:
    """Set it once and hand it in for the first eight learners of the class."""
    async with host.read() as tx:
        if await repository.list_homework(tx, workspace_id):
            return
        people = (await list_learners(tx, workspace_id))[:8]
    made = await assign(host, workspace_id, "Fractions and first equations / 分数与方程", due, ITEMS, by)
    for k, row in enumerate(people):
        course = sample_course(row.lang)
        for n, item in enumerate(ITEMS):
            if item["id"] == "why":
                text = WORDS[row.lang][k % 3]
            elif item["id"] == "order":
                text = "1/3, 1/2, 3/4" if k % 3 else "1/2, 1/3, 3/4"
            else:
                text = course.item(str(item["id"])).key if (k + n) % 4 else ("B" if item["id"] == "compare-1" else "2 = ? maybe 3")
            await submit(host, made, row.person_id, str(item["id"]), text, row.lang)
    while (await grade_some(host, workspace_id))[1]:
        pass
    async with host.read() as tx:
        first = next(one for one in await repository.list_submissions(tx, workspace_id) if one.item == "why")
    await sign_one(host, workspace_id, first.id, 0.5, "Say why. 请说明理由。", by)
    await appeal(host, workspace_id, first.person_id, first.id, "I said that both are half. 我写了都是一半。")
