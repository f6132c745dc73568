"""The education pack: a path for each learner, a tutor that helps without giving away, grades that a teacher signs."""

from importlib import import_module
from pathlib import Path

from duologue.packs.education.learners.school import SCHOOL
from duologue.packs.education.lti.scores import SENDING
from duologue.packs.education.lti.tool import TOOL
from duologue.packs.education.pages.classes import PANEL as CLASS
from duologue.packs.education.pages.exchange import PANEL as EXCHANGE
from duologue.packs.education.pages.grades import GRADING
from duologue.packs.education.pages.grades import PANEL as GRADES
from duologue.packs.education.pages.homework import PANEL as HOMEWORK
from duologue.packs.education.pages.learner import PANEL as LEARNING
from duologue.packs.education.pages.lti import PANEL as PLATFORMS
from duologue.packs.education.pages.privacy import PANEL as PRIVACY
from duologue.packs.education.policy import POLICY
from duologue.packs.education.privacy.leave import may_leave
from duologue.packs.education.privacy.records import erase
from duologue.packs.education.problems import in_both
from duologue.packs.education.tools import TOOLS
from duologue.packs.education.tutor.skill import TUTOR
from duologue.sdk import Pack, Source, Task

_HERE = Path(__file__).parent


PACK = Pack(
    name="education",
    title={"en": "Education", "zh": "教育"},
    version="1",
    folder=_HERE,
    tools=TOOLS,
    policy=POLICY,
    skills=(TUTOR,),
    voice={
        "en": (_HERE / "prompts" / "voice.en.md").read_text("utf-8"),
        "zh": (_HERE / "prompts" / "voice.zh.md").read_text("utf-8"),
    },
    starters={
        "en": ("Why do I flip the second fraction when I divide?", "How do I solve 3x + 5 = 20?", "What is a common denominator?"),
        "zh": ("分数除法为什么要乘倒数？", "3x + 5 = 20 怎么解？", "什么是公分母？"),
    },
    tasks=(Task("dialogues", "dialogues", _HERE / "evals" / "dialogues.jsonl"),),
    sources=(Source(_HERE / "knowledge" / "en", "en"), Source(_HERE / "knowledge" / "zh", "zh")),
    panels=tuple(in_both(panel) for panel in (CLASS, GRADES, LEARNING, HOMEWORK, EXCHANGE, PRIVACY, PLATFORMS)),
    chores=(GRADING, SENDING),
    migrations=_HERE / "migrations",
    erase=erase,
    may_leave=may_leave,
    lti=TOOL,
    sample=SCHOOL,
)

_WHERE = {
    "Course": "course",
    "KnowledgeTracer": "mastery.tracing",
    "Tutor": "tutor.tutor",
    "Grade": "grading.grade",
    "grade": "grading.grade",
    "load_course": "course",
    "plan": "path.plan",
    "recommend": "resources",
    "sample_course": "course",
}
"""The stable functions, imported when first asked for: they need the extra `education`, the conversation does not."""


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
