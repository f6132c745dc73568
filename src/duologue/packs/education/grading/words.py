"""What a learner is told about a grade, in English and Chinese. Knows reasons; knows no key and never shows one."""

from duologue.kit.text import Lang

_SAYS: dict[str, tuple[str, str]] = {
    "equal": ("Right.", "正确。"),
    "named": (
        "The value is right; say it of what was asked.",
        "数值正确；请说明是题目所问的量。",
    ),
    "unequal": ("Not yet: the value is different. Check your steps.", "还不对：数值不同。请检查你的步骤。"),
    "lowest": ("The value is right; write it in lowest terms.", "数值正确；请化成最简形式。"),
    "mixed": ("The value is right; write it as a mixed number.", "数值正确；请写成带分数。"),
    "improper": ("The value is right; write it as an improper fraction.", "数值正确；请写成假分数。"),
    "decimal": ("The value is right; write it as a decimal.", "数值正确；请写成小数。"),
    "percent": ("The value is right; write it as a percentage.", "数值正确；请写成百分数。"),
    "fraction": ("The value is right; write it as a fraction.", "数值正确；请写成分数。"),
    "expanded": ("The value is right; multiply out and leave no brackets.", "数值正确；请去掉括号。"),
    "factorised": ("The value is right; write it as a product that cannot be split further.", "数值正确；请写成不能再分解的积。"),
    "scientific": ("The value is right; write it in scientific notation.", "数值正确；请用科学记数法表示。"),
    "whole": ("The value is right; write it as a whole number.", "数值正确；请写成整数。"),
    "collected": ("The value is right; collect the like terms.", "数值正确；请合并同类项。"),
    "interval": ("The meaning is right; write it as an interval.", "意思正确；请用区间表示。"),
    "equation": ("Write an equation.", "请写成方程。"),
    "primes": ("The value is right; write it as a product of prime numbers.", "数值正确；请写成质因数的积。"),
    "figures": ("The value is near; mind the number of significant figures.", "数值接近；请注意有效数字的位数。"),
    "places": ("The value is near; mind the number of decimal places.", "数值接近；请注意小数位数。"),
    "unit": ("The number is right; the unit is missing.", "数字正确；缺少单位。"),
    "copied": ("This is the question itself; work it out.", "这是题目本身；请计算出结果。"),
    "unworked": ("That is the right way; work it out to one number.", "列式正确；请计算出结果。"),
    "unreadable": ("I could not read this as an answer; your teacher will look at it.", "我没能读懂这个答案；老师会来看。"),
    "unread": ("I could not read this as an answer; write the result alone.", "我没能读懂这个答案；请只写结果。"),
    "undecided": ("I could not decide this; your teacher will look at it.", "我无法判断；老师会来看。"),
    "empty": ("There is no answer yet.", "还没有作答。"),
    "order": ("{n} of {of} stand in the right place.", "{of} 项中有 {n} 项位置正确。"),
    "blanks": ("{n} of {of} blanks are right.", "{of} 个空中有 {n} 个正确。"),
    "choice": ("Not this one. Think about why the others could be right.", "不是这一项。想一想其他选项为什么可能正确。"),
    "some": ("What you chose is right, but it is not all.", "选的都对，但还没有选全。"),
    "too_many": ("Some of what you chose is right, and some is not.", "选的有对有错。"),
    "draft": ("A draft grade; your teacher decides.", "这是评分草稿；由老师决定。"),
    "rubric": ("{n} of {of} points of the rubric are met.", "评分要点 {of} 项中满足 {n} 项。"),
    "tests": ("{n} of {of} tests pass.", "{of} 个测试中通过 {n} 个。"),
    "crashed": ("The program stopped with {error}.", "程序因 {error} 中止。"),
    "timeout": ("The program did not end in time; look for a loop that never stops.", "程序没有在时限内结束；请检查是否有死循环。"),
    "memory": ("The program asked for too much memory.", "程序占用内存过多。"),
    "forbidden": ("The program tried to do what is not allowed here.", "程序尝试了这里不允许的操作。"),
    "read_as": ("I read your answer as {shown}.", "我把你的答案读作：{shown}。"),
}


def says(reason: str, lang: Lang = "en", **values: object) -> str:
    """The sentence for a reason, in the learner's language; an unknown reason gives an empty string."""
    pair = _SAYS.get(reason)
    return pair[lang == "zh"].format(**values) if pair else ""
