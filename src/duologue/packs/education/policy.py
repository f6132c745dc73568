"""What a class leaves to people: a learner in danger or hurt by others, an appeal against a grade, an exam under way."""

from duologue.sdk import Policy, Topic

SAFETY = Topic(
    "safety",
    {
        "en": [
            r"\b(?:kill|hurt|harm|cut(?:ting)?) (?:my ?self|themsel\w+|himself|herself)\b|\bsuicid\w+|\bself[- ]harm\w*",
            r"\b(?:want|wish(?:ed)?) (?:to die|i (?:was|were) dead)\b|\bend my life\b|\bno reason to live\b",
            r"\b(?:hits?|hitting|beats?|touch(?:es|ed|ing)?) me\b.{0,40}\b(?:home|dad|father|mum|mom|mother|teacher|uncle|coach)\b",
            r"\b(?:dad|father|mum|mom|mother|teacher|uncle|coach)\b.{0,40}\b(?:hits?|hitting|beats?|touch(?:es|ed|ing)?) me\b",
        ],
        "zh": [
            r"自杀|自残|不想活|想死|活着没(?:有)?意思|伤害自己|割腕|轻生",
            r"(?:爸|妈|父亲|母亲|老师|叔叔|教练).{0,12}(?:打我|摸我|虐待)",
        ],
    },
)
BULLYING = Topic(
    "bullying",
    {
        "en": [r"\bbull(?:y|ied|ies|ying)\b|\b(?:threaten|blackmail)(?:s|ed|ing)? me\b|\bpick(?:s|ing|ed)? on me\b"],
        "zh": [r"霸凌|欺负我|威胁我|勒索|孤立我"],
    },
)
APPEAL = Topic(
    "appeal",
    {
        "en": [
            r"\b(?:appeal|dispute|challenge|contest) (?:my|the|this|a) (?:grade|mark|score)\b",
            r"\b(?:my|the|this) (?:grade|mark|score) (?:is|was|seems) (?:wrong|unfair|not fair|too low)\b",
            r"\bre-?grade\b|\bre-?mark\b",
        ],
        "zh": [
            r"(?:申诉|复核|复议).{0,6}(?:成绩|分数|评分)?|(?:成绩|分数|评分).{0,6}(?:不公平|打错|判错|有误|太低)|重新(?:评分|批改|打分)"
        ],
    },
)
EXAM = Topic(
    "exam_under_way",
    {
        "en": [
            r"\b(?:during|in) (?:the|an|my) (?:exam|test|quiz)\b.{0,40}\b(?:now|right now|help|answer)\b",
            r"\bI'?m in (?:an|the|my) exam\b",
        ],
        "zh": [r"正在(?:考试|测验)|考试中.{0,10}(?:帮|答案)"],
    },
)

POLICY = Policy(topics=(SAFETY, BULLYING, APPEAL, EXAM))
