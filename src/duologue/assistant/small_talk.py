"""Messages that ask for nothing, or for the assistant itself: greetings, thanks, byes, "ok", "here's a photo", "are you a bot?"

People say these in many words and several at once ("thx so much ur a star, bye"). A message is small talk only where all of it is.
What is answered to each kind stands in `notices`.
"""

import re

from duologue.conversation.model import Message
from duologue.kit.text import normalise

MOST_CHARS = 100
"""A longer message says something."""
_GAP = r"[\s,.!;:~'\"，。！；～、…^_)(😊🙂😀😄😁🙏👍👌❤🌹-]*"


def _any(*words: str) -> str:
    return f"(?:{'|'.join(words)})"


_TO = r"(?: (?:there|all|everyone|team|folks|guys|again|mate|friend|sir|madam))*"
_HELLO_EN = _any(
    "hi+", "hello+", "hey+", "hiya", "heya", "yo", "howdy", "greetings", r"(?:good )?(?:morning|afternoon|evening)", "good day"
)
_HOW_EN = _any(
    r"how (?:are|r) (?:you|u|ya)(?: (?:doing|today))*", r"how(?:'s|s| is) it going",
    r"(?:i )?hope (?:you|u|ur|you'?re|all)(?: (?:are|r|is))? (?:(?:doing|all) )?"
    r"(?:well|good|ok|fine|having a (?:nice|good|great) day)",
)  # fmt: skip
_HELLO_ZH = _any(
    "你好", "您好", "嗨", "哈喽", "哈[啰罗]", "嘿", "hi", "hello", "在[吗么嘛]", "在不在?", "有人(?:在)?[吗不]",
    "[早中下晚]上?午?好", "早", "请问"
)  # fmt: skip
_GREETING = re.compile(
    rf"^{_GAP}(?:{_HELLO_EN}{_TO}{_GAP}\b{_GAP}){{1,3}}(?:{_HOW_EN})?[\W_]*$"
    rf"|^{_GAP}(?:亲{_GAP})?(?:{_HELLO_ZH}[啊呀呢哈]?[\s,，。!！~～?？]*){{1,4}}(?:亲+|客服|小姐姐|大家)?[\W_]*$",
    re.I,
)
_OPENS_EN = _any(
    "ok(?:ay)?", "k", "great", "gr8", "perfect", "cool", "nice", "lovely", "brill(?:iant)?", "awesome", "super",
    "alright", "all right",
    "right", "fine", "good", "got it", "i see", "ah+", "oh+", "aha", "wow", "lol", "haha+", "fair(?: enough)?", "makes sense",
    "understood", "noted", "will do", "sounds good", "hmm+",
)  # fmt: skip
_SAYS_EN = rf"(?:{_OPENS_EN[:-1]}|yes|yep|yeah|no|nope){_GAP}\b{_GAP}){{0,3}}"
_OPENS_ZH = _any(
    "好的?[呢嘞吧哒滴呀啊]?", "行[吧嘞]?", "嗯+", "哦+", "噢+", "ok", "知道了?", "明白了?", "懂了", "了解了?", "收到", "清楚了",
    "原来如此", "这样啊"
)  # fmt: skip
_SAYS_ZH = rf"(?:{_OPENS_ZH[:-1]}|可以|没事|不用){_GAP}){{0,4}}"
_THANKS_EN = _any(
    r"(?:many |big )?(?:thanks?|thx|tnx|thanx)"
    r"(?: (?:you|u|so much|very much|a lot|a million|a bunch|loads|again|mate|all|for (?:your|the|ur) help))*",
    "thankyou", "ta", "ty(?:vm|sm)?", r"cheers(?: mate)?", "much appreciated", "appreciate (?:it|that)", "thanks?",
    r"(?:you|u|ur|you'?re|you are|that'?s|that is|this is)(?: (?:a|an|the|so|very|really|been|just|such))* "
    r"(?:star|legend|life ?saver|angel|gem|best|great|awesome|helpful|brilliant|amazing|perfect|kind|lovely|all i need(?:ed)?)",
)  # fmt: skip
_THANKS_ZH = _any(
    r"(?:非常|十分|太|真的?|多)?(?:谢谢|感谢|多谢|谢)[你您们啦了哈哦啊呀亲哟咯喽]*", "3q", "辛苦[了啦你您]*", "麻烦[你您]?了",
    "你真好", "太好了", "真棒"
)  # fmt: skip
_BYE_EN = _any(
    "bye(?: bye)?", "goodbye", r"see (?:you|u|ya)(?: (?:then|soon|later|there|tomorrow|on \w+))*", "ttyl", "take care",
    r"have a (?:nice|good|great|lovely) (?:day|one|evening|weekend)", r"that'?s (?:all|it)",
    "that is (?:all|it)", "all (?:good|sorted)",
)  # fmt: skip
_BYE_ZH = _any(
    "再见", "拜拜", "88", "回见", "回头见", "下次(?:见|再聊)", "[先就]这样", "没(?:别的|其他)?事了",
    "没(?:有)?(?:其他|别的)?问题了",
    "祝.{0,6}(?:愉快|顺利)"
)  # fmt: skip
_END = rf"(?:(?:then|for now|now|again|mate|x+|[啊啦了吧哦哈亲]|客服){_GAP})*"
_THANKS = re.compile(
    rf"^{_GAP}{_SAYS_EN}(?:{_THANKS_EN}{_GAP}\b{_GAP}){{1,3}}(?:{_BYE_EN}{_GAP}){{0,2}}{_END}$"
    rf"|^{_GAP}{_SAYS_ZH}(?:(?:{_THANKS_ZH}|{_THANKS_EN}){_GAP}){{1,3}}{_END}(?:{_BYE_ZH}{_GAP}){{0,2}}{_END}$",
    re.I,
)
_GOODBYE = re.compile(
    rf"^{_GAP}{_SAYS_EN}(?:{_BYE_EN}{_GAP}){{1,3}}{_END}$|^{_GAP}{_SAYS_ZH}(?:{_BYE_ZH}{_GAP}){{1,3}}{_END}$", re.I
)
_ACKNOWLEDGED = re.compile(
    rf"^{_GAP}(?:{_OPENS_EN}{_GAP}\b{_GAP}){{1,3}}(?:then)?{_GAP}$|^{_GAP}(?:{_OPENS_ZH}{_GAP}){{1,4}}$|^\W*[👍👌🙏😊🙂😀]+\W*$",
    re.I,
)
_NO_MORE = r"(?:不|别|甭)(?:取消|退货?|换货?|改|买|要|用|弄|订|办|麻烦)(?:了|啦)"
_TAKEN_BACK = re.compile(
    r"^\W*(?:(?:oh|ok(?:ay)?|fine|alright|no+|wait|actually|sorry|hmm+|hang on|hold on|stop|please|pls|on second thoughts?"
    r"|changed? my mind"
    r"|i(?:'ve| have)? changed my mind)\W+)*"
    r"(?:never ?mind|nvm|forget (?:it|about it|that)|leave it(?: as it is)?"
    r"|(?:i'?ll |let'?s |pls |please )?keep (?:it|them|the order|my order)"
    r"|(?:i )?changed my mind"
    r"|(?:please )?(?:don'?t|do not) (?:cancel|return|change|send|do)(?: (?:it|that|them|anything|the order|my order))?"
    r"|i (?:don'?t|do not) (?:want|need) (?:it|that|to)(?: (?:cancel|return|change)(?: it)?)?(?: any ?more)?|stop(?: (?:it|that))?)"
    r"(?:\W+(?:please|pls|thanks?|then|for now|after all|instead|sorry|now|as it is))*\W*$"
    rf"|^\W*(?:等等|等一下|等下|慢着|哦|嗯|那|还是|先|抱歉|不好意思|我改主意了|改主意了|[\s,，。!！~～])*"
    rf"(?:算了|不用了|改主意了|(?:先|还是|就|暂时|我|那)*{_NO_MORE}|(?:先)?保留(?:吧|着)?|还是留着|留着)[吧啦呀哈]*"
    rf"(?:[\s,，。!！~～]*(?:(?:先|还是|就|暂时|我|那)*{_NO_MORE}|再(?:想想|看看|说|考虑(?:一下)?)|谢谢|没事了?|保留(?:吧|着)?|留着)"
    r"[吧啦呀哈]*)*\W*$",
    re.I,
)
_DROPPED = re.compile(r"never ?mind|nvm|forget|leave it|算了|不用了|不(?:买|要|弄|麻烦)了", re.I)
_PICTURES_EN = r"(?:photos?|pics?|pictures?|images?|screenshots?|videos?)"
_PICTURES_ZH = "(?:图片?|照片|截图|视频)"
_PICTURE = re.compile(
    r"^\W*(?:(?:ok|so|look|hi)\W+)?(?:(?:here(?:'s|s| is| are)|this is|see|attached(?: is| are)?|sending"
    rf"|(?:i(?:'ve| have)? )?(?:just )?(?:sent|attached|added|uploaded))"
    rf"(?: (?:you|u|a|an|the|my|some|two|three|few|this))* {_PICTURES_EN}"
    rf"|{_PICTURES_EN}(?: (?:is |are )?(?:attached|sent|above|below|here))?)(?: of (?:it|them|that))?\W*$"
    rf"|^\W*(?:我|这是|看下?|附上|把|给[你您])*{_PICTURES_ZH}(?:已经|已|都|也)?(?:(?:发|传)(?:给|过去|过来|上去|你|您|了)*"
    r"|在?上面)?了?\W*$"
    rf"|^\W*我?(?:给[你您])?(?:发|传|拍)(?:了|给|你|您|[一几两]?[张个段])*{_PICTURES_ZH}(?:了|给|你|您|过去)*\W*$",
    re.I,
)
_MACHINE = r"(?:bot|robot|chat ?bot|machine|computer|program|ai|a\.i\.|chatgpt|gpt|assistant)"
_HUMAN = r"(?:human(?: being)?|person|somebody|someone|real(?: (?:person|human|one|agent|people))?)"
_WHO = re.compile(
    r"^\W*(?:(?:hi|hello|hey|sorry|wait|but|so|and|ok)\W+)*(?:"
    rf"(?:are|r) (?:you|u) (?:(?:really|actually|just|even|a|an|some kind of|the|only|live|real) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|(?:am i|i am|i'm) (?:really )?(?:talking|speaking|chatting|writing) (?:to|with) "
    rf"(?:(?:a|an|some|the|real|live) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|is (?:this|that|it) (?:(?:a|an|just|really|real|live) )*(?:{_MACHINE}|{_HUMAN})"
    rf"|how do i know (?:that )?(?:you(?:'re| are)|this is) (?:(?:not|a|an|really|real) )*(?:{_MACHINE}|{_HUMAN})"
    r"|(?:who|what) (?:exactly )?are (?:you|u)|who am i (?:talking|speaking|chatting) (?:to|with)"
    r")(?: (?:or|and not|here|now|right now|really|please|then|there)\b[^.?!\n]{0,30})?[\W_]*$"
    r"|^[\W_]*(?:请问|你好|您好|那|喂)*[\W_]*(?:"
    r"[你您]们?(?:到底|究竟|其实)?(?:是不是|是)(?:一?个|真的)?(?:机器人|人工智能|ai|智能|程序|电脑|机器|真人|活人|人类|人工|人)"
    r"|[你您]是谁|[你您]是什么|(?:这|对面|那边)(?:是不是|是)?(?:机器人|真人|人工智能|ai|人)"
    r"|我(?:是|在)?(?:不是)?(?:在)?(?:和|跟|同)(?:机器人|真人|人工智能|ai|人)(?:在)?(?:说话|聊天|对话|聊)"
    r")(?:客服|助手|服务)?(?:在?(?:回复|回答|说话))?(?:还是.{1,8}?)?[吗么嘛吧呢呀啊]*[\W_]*$",
    re.I,
)
_WHAT_FOR = re.compile(
    r"^\W*(?:what (?:can|do) (?:you|u) (?:do|help(?: me)?(?: with)?|know|offer here)(?: for me| here)?"
    r"|how (?:can|do|could) (?:you|u) help(?: me)?"
    r"|what (?:can|should|may) i ask(?: you)?(?: here| about)?|how does this (?:chat )?work|help(?: me)?(?: please)?)\W*$"
    r"|^[\W_]*(?:请问)?[你您](?:能|会|可以|都能|都会)(?:帮我?)?(?:做|干|回答|帮我?|帮忙)?(?:些)?(?:什么|啥|哪些(?:事|忙|问题)?|哪些事情?)(?:事|忙|问题)?[呢吗啊呀]?[\W_]*$"
    r"|^[\W_]*(?:[你您]有(?:什么|哪些)(?:功能|用)|(?:我)?(?:可以|能)问[你您]?(?:什么|哪些问题?)|(?:这个)?怎么用|帮助)[呢啊呀]?[\W_]*$",
    re.I,
)
_SAYS_NOTHING = re.compile(r"^[\W_]+$")
COURTESIES = ("greeting", "thanks", "acknowledged", "unclear", "goodbye", "picture")
"""Small talk that asks for nothing."""
_SHORT = (
    ("greeting", _GREETING),
    ("taken_back", _TAKEN_BACK),
    ("thanks", _THANKS),
    ("goodbye", _GOODBYE),
    ("acknowledged", _ACKNOWLEDGED),
)


def find_small_talk(text: str) -> str | None:
    """Which kind of small talk a message is, if it is nothing else."""
    plain = normalise(text[: 2 * MOST_CHARS]).replace("’", "'")
    is_short = len(text.strip()) <= MOST_CHARS
    if is_short and (kind := next((kind for kind, pattern in _SHORT if pattern.match(plain)), None)):
        return kind
    if _SAYS_NOTHING.match(text):
        return "unclear"
    if not is_short:
        return None
    if _PICTURE.match(plain):
        return "picture"
    return "who" if _WHO.match(plain) else "what_for" if _WHAT_FOR.match(plain) else None


def drops_it(text: str) -> bool:
    """Whether what takes something back also says, where nothing was asked for, that nothing more is wanted: "never mind", 算了."""
    return find_small_talk(text) == "taken_back" and _DROPPED.search(normalise(text)) is not None


def asks_nothing(message: Message) -> bool:
    """Whether a public message changes nothing of what was asked before it: a person's "ok" or "thanks", a line of the house."""
    if message.kind == "notice":
        return True
    return message.author_kind == "person" and find_small_talk(message.body) not in (None, "taken_back")
