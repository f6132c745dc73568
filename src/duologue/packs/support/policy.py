"""What the shop leaves to people: disputes about money, complaints, the law, injuries, and the recall of a stove that may leak."""

from duologue.sdk import Policy, Topic

INJURY = Topic(
    "injury",
    {
        "en": [
            r"\binjur\w+|\bhurt (?:my|his|her|our)\b|\bburn(?:ed|t) (?:my|me|his|her)\b|\bhospital\b",
            r"\bfelt (?:ill|dizzy|sick)\b|\ballergic reaction\b",
        ],
        "zh": [r"受伤|弄伤|烫伤|划伤|过敏(?:了|反应)|头晕|住院|去医院"],
    },
)
REFUND_DISPUTE = Topic(
    "refund_dispute",
    {
        "en": [
            r"\bchargeback\b|\bdisput\w+ (?:the|this|a|my) (?:charge|payment|transaction|refund)",
            r"\b(?:charged|billed) (?:me )?(?:twice|double|wrongly)\b",
            r"\brefund(?:ed)?\b.{0,30}\b(?:never|not arrived|hasn'?t|haven'?t|still|wrong amount|refus\w+|rejected|denied)\b",
            r"\b(?:never got|haven'?t (?:got|had|received)|still no|still waiting for) (?:my|the|a|any) refund\b",
            r"\b(?:refus\w+|den(?:y|ied)|reject\w*) (?:my|the|a) (?:refund|return|claim)\b",
        ],
        "zh": [r"拒付|重复扣款|扣了两次|多扣|退款.{0,8}(?:没到|还没|一直|不对|少了|被拒|拒绝)|拒绝退(?:款|货)|不给退"],
    },
)
LEGAL = Topic(
    "legal",
    {
        "en": [r"\b(?:lawyer|solicitor|attorney|sue|suing|legal action|court|trading standards|ombudsman|small claims)\b"],
        "zh": [r"律师|起诉|法院|打官司|消协|消费者协会|工商|12315|仲裁"],
    },
)
COMPLAINT = Topic(
    "complaint",
    {
        "en": [
            r"\b(?:make|file|lodge|want|formal|official) (?:a |an |to )?(?:formal |official )?complain\w*",
            r"\bcomplaint about\b",
        ],
        "zh": [r"投诉|举报你们"],
    },
)
RECALL = Topic(
    "recall",
    {
        "en": [
            r"\bember 2\b.{0,60}\b(?:leak\w*|smell\w*|hiss\w*|fire|exploded|faulty)\b",
            r"\b(?:leak\w*|smell\w*|hiss\w*)\b.{0,60}\bember 2\b",
        ],
        "zh": [r"余烬.{0,20}(?:漏气|泄漏|有味|嘶嘶|起火|爆炸)|(?:漏气|泄漏|嘶嘶).{0,20}余烬"],
    },
)

POLICY = Policy(topics=(INJURY, REFUND_DISPUTE, LEGAL, COMPLAINT, RECALL))
