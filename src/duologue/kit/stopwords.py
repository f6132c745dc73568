"""Words that say how something is asked rather than what: left out where topics are compared."""

_ENGLISH = """
a about all also am an and any are as at be been but by can can't could did do does doesn't don't for from get got had
has have hello hey hi how how's i i'd i'm i've if in into is isn't it it's its just me my no not of on or our please so
some than thank thanks that that's the their them then there these they this to too us was we were what what's when
where which who why will with would you your
"""

_CHINESE = """
的 了 吗 呢 吧 啊 呀 嘛 我 你 您 他 她 它 我们 你们 他们 咱们 请 请问 是 在 有 和 与 就 也 都 要 会 能 可以 怎么 怎样
如何 什么 哪 哪里 哪个 哪些 多少
几 一下 这 那 这个 那个 这些 那些 想 想要 还 还是
把 给 对 被 从 到 用 让 很 太 吗 么 但 但是 如果 因为
所以 一个 不 没 没有
"""

STOPWORDS = frozenset(_ENGLISH.split()) | frozenset(_CHINESE.split())
