"""Words by which people ask for a person, are in danger, or try to steer the assistant; in English and Chinese. Patterns only.

Matched on case-folded NFKC text. For danger a miss is worse than a false alarm; for the rest it is the other way round.
"""

import re


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.M)


_STAFF = "|".join(
    (
        r"human(?: being)?|(?:real |live |actual )?person|real (?:one|agent)|(?:live |human )?agent|representative|operator",
        r"somebody|someone|(?:a |your )?(?:member of (?:staff|the team)|colleague|employee|supervisor|manager)",
        r"customer (?:service|support)|support (?:team|staff)",
    )
)
_BY_HAND = r"人工(?!费|智能|成本|皮革?|合成|纤维|草|雪|岩壁|缝|清洗|制|呼吸|降)"
"""What people do, but not what they charge, nor what is only made by hand or artificial."""
_REACH = r"(?:talk|speak|chat|connect(?:ed)?|transfer(?:red)?|put|get|hand|pass|switch|escalate|forward)"

ASKS_PERSON = _any(
    rf"\b{_REACH}\b[^.?!\n]{{0,24}}?\b(?:to|with|through to|over to|me)\b[^.?!\n]{{0,16}}?\b(?:{_STAFF})\b",
    r"\b(?:want|need|prefer|give me|like|get me|is there|can i have|may i have)\b[^.?!\n]{0,20}?"
    r"\b(?:human|real person|live (?:person|agent)|human agent|representative|real agent)\b",
    r"^\W*(?:human|agent|representative|operator|real person|human agent|human please|agent please)\W*(?:please|now|pls)?\W*$",
    rf"(?:转|换|找|接|要|叫|联系|需要|有没有|有|跟|和|与|给我|请|想)[^。?!\n]{{0,6}}?(?:{_BY_HAND}|真人|活人|客服人员|客服小姐|人类)",
    r"^\W*(?:人工|真人|人工客服|人工服务|真人客服|转接|客服)\W*$",
    r"(?:人工|真人)(?:客服|服务|坐席|接待|来|回复|处理)",
)

DECLINES_PERSON = _any(
    r"\b(?:don'?t|do not|no need to|needn'?t|without|rather not|instead of)\b[^.?!,\n]{0,24}?"
    r"\b(?:talk|speak|human|person|agent|someone|transfer)",
    r"(?:不用|不要|不想|不需要|别|无需|不必)[^。?!,\n]{0,6}?(?:人工|真人|转)",
)

SELF_HARM = _any(
    r"\b(?:kill(?:ing)? myself|suicid(?:e|al)|end(?:ing)? (?:my (?:own )?life|it all)|take my (?:own )?life)\b",
    r"\b(?:want|wish|going|like) to die\b|\bdon'?t want to (?:live|be alive)\b|\bno reason to live\b|\bbetter off dead\b",
    r"\b(?:hurt(?:ing)? myself|harm(?:ing)? myself|self[- ]?harm|cut(?:ting)? myself)\b",
    r"自杀|自殺|轻生|輕生|自残|自殘|自伤|割腕|不想活|活不下去|(?<!笑)(?<!累)(?<!快)想死(?!你|我|他|她)",
    r"结束(?:自己的?|我的?)?生命|了结(?:自己|生命)|寻死|跳楼",
)

DANGER = _any(
    r"\b(?:can'?t|cannot|can not|trouble|difficulty|struggling to|stopped|not|isn'?t) breath(?:e|ing)\b",
    r"\b(?:chest pains?|heart attack|(?:having|had|has) a (?:stroke|seizure)|overdos(?:e|ed|ing)|anaphyla\w+)\b",
    r"\b(?:unconscious|passed out|(?:bleeding|bleeds) (?:heavily|badly|a lot|out)|carbon monoxide|poisoned)\b",
    r"\b(?:house|tent|flat|room|kitchen|apartment|clothes|jacket|someone|i am|i'm|is) on fire\b",
    r"\b(?:(?:severe|bad|terrible) burns?|badly burn(?:ed|t)|life[- ]threatening|smell(?:ing)? (?:of )?gas)\b",
    r"\b(?:going|threatens?|threatened|trying) to (?:kill|shoot|stab) (?:me|us|him|her|them)\b",
    r"\bcall (?:an ambulance|911|999|112)\b",
    r"救命(?:啊|!|。|$)|喘不(?:过|上)气|(?:无法|不能|没法)呼吸|呼吸困难|胸口?(?:很|好|剧|特别)?(?:痛|疼|闷痛)|心脏病发作|心梗|中风",
    r"昏迷|晕倒|失去意识|不省人事|大出血|血流不止|(?:一氧化碳|煤气|燃气|农药|药物|食物)中毒|(?:服药|用药|吃药)过量",
    r"(?:煤气|燃气)(?:味|泄漏|泄露)|着火了|起火了|烧伤|严重烫伤|过敏性休克|要杀(?:我|他|她|人)|叫救护车",
)

INJECTION = _any(
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.?!\n]{0,30}\b(?:previous|prior|above|earlier|all|any|your|these|the|system)\b"
    r"[^.?!\n]{0,20}\b(?:instructions?|prompts?|rules?|guidelines?|directions?|context)\b",
    r"\b(?:reveal|show|print|repeat|output|leak|tell me|what (?:is|are))\b[^.?!\n]{0,20}"
    r"\b(?:system|hidden|initial|secret|developer) (?:prompt|instructions?|message)",
    r"\byou are (?:now|no longer)\b[^.?!\n]{0,40}\b(?:assistant|ai|model|dan|mode|bot|bound|restricted)\b",
    r"\b(?:enter|enable|activate|switch to)\b[^.?!\n]{0,12}\b(?:developer|debug|admin|god|jailbreak|dan) mode",
    r"\bpretend (?:to be|you are|that you)\b|\b(?:new|updated) (?:system )?instructions?\s*:",
    r"<\|?(?:im_start|im_end|system|endoftext)\|?>|\[/?(?:inst|system)\]|^\s*(?:system|assistant|developer)\s*:",
    r"#{2,}\s*(?:system|instruction)",
    r"(?:忽略|无视|忘记|忘掉|不要理会|跳过|覆盖)[^。?!\n]{0,12}(?:指令|指示|提示词?|规则|设定|要求|说明)",
    r"(?:系统|隐藏|初始|内部)(?:提示词?|指令|设定)|你(?:现在|从现在起|不再)(?:是|扮演)[^。?!\n]{0,20}",
    r"(?:进入|开启|切换到?)[^。?!\n]{0,6}(?:开发者|调试|管理员|越狱)模式|(?:假装|扮演)(?:你是|成|自己是)|新的?(?:系统)?指令\s*:",
)
