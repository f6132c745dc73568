"""What the tutor says, move by move, in English and Chinese. Knows no item: no sentence holds a number or a key."""

from duologue.kit.text import Lang

_SAYS: dict[str, tuple[str, str]] = {
    "begin": (
        "Let us look at it together. What is asked for, and what do you know? Write your first step, even if you are not sure.",
        "我们一起来看。题目要求什么？你已经知道什么？写出你的第一步，不确定也没关系。",
    ),
    "ask_step": (
        "Look at this step again: “{step}” How did you get from the line before to this one?",
        "请再看这一步：“{step}”你是怎样从上一行得到它的？",
    ),
    "ask_step_hidden": (
        "Look again at step {place} of your work. How did you get there from the one before?",
        "请再看你的第 {place} 步。你是怎样从上一步得到它的？",
    ),
    "ask_next": ("So far I see no slip. What can you do next, and why?", "到这里没有发现错误。下一步可以做什么？为什么？"),
    "ask_work": (
        "Show me how you got there, line by line; then I can help you better than by a yes or no.",
        "请一行一行写出你的过程；这样比我说对或错更有帮助。",
    ),
    "good_step": ("“{step}” holds. What can you do next?", "“{step}”这一步成立。接下来可以做什么？"),
    "good_step_hidden": ("That step holds. What can you do next?", "这一步成立。接下来可以做什么？"),
    "begin_small": (
        "Write only the first line: what would you do first with it, and why?",
        "只写第一行：你会先做什么？为什么？",
    ),
    "unsure": ("That is all right; hardly anybody sees it at once.", "没关系，很少有人一眼就看出来。"),
    "comfort": (
        "Being stuck is part of learning, and it says nothing about how clever you are. We take it in small pieces.",
        "卡住是学习的一部分，和聪不聪明没有关系。我们分成小步来做。",
    ),
    "no_telling": (
        "I will not give the result away, for you would not have it tomorrow. Let us take one step instead.",
        "我不会直接给出结果，那样明天你还是不会。我们先走一步。",
    ),
    "no_telling_2": (
        "I know that you want to be done. One step of your own is quicker than it looks, and I go along with it.",
        "我知道你想快点做完。自己走一步其实很快，我陪你一起。",
    ),
    "no_telling_3": (
        "The result stays with the question until you have it yourself; with the way there I do help.",
        "结果要由你自己得出；怎么得到它，我来帮你。",
    ),
    "another": (
        "Here is another of the same kind: {problem} What is your first step?",
        "再来一道同类的题：{problem}你的第一步是什么？",
    ),
    "hint": ("A hint: {hint}", "提示：{hint}"),
    "hint_plain": (
        "A hint: write down what is done to the unknown or to the quantities, in order, and undo or do one thing at a time.",
        "提示：按顺序写出对未知数或各个量做了哪些运算，然后一次只处理一个。",
    ),
    "hint_check": (
        "A hint: put your result back into the question. Does it fit? If not, which line is the first that does not?",
        "提示：把你的结果代回题目。符合吗？如果不符合，第一个不成立的是哪一行？",
    ),
    "hint_small": (
        "A hint: make up the same question with smaller numbers that you can do in your head, do it, and look at what you did.",
        "提示：自己编一道同样的题，数字小一些，能口算的那种；做一遍，再看看你是怎么做的。",
    ),
    "example": (
        "Here is a question of the same kind: {problem} It goes like this: {steps} Now do the same with yours.",
        "这是一道同类的题：{problem}做法是：{steps}现在用同样的方法做你的题。",
    ),
    "explain": (
        "Step by step: {steps} The last step is yours.",
        "一步一步来：{steps}最后一步由你来完成。",
    ),
    "explain_plain": (
        "Take it in three parts: say what each number stands for, write the one relation that joins them, and work that out in "
        "small lines, each of which you check.",
        "分三步：说出每个数表示什么；写出把它们联系起来的关系；一小步一小步地算，每步都检查。",
    ),
    "tell": ("You have tried well. This is how it goes: {steps} The result is {result}.",
        "你已经努力尝试了。过程是：{steps}结果是 {result}。"),
    "right": ("Yes, that is right. How would you explain to a friend why it works?",
        "对，完全正确。你会怎样向同学解释为什么这样做？"),
    "right_but_step": (
        "Your result is right. One line on the way does not hold, though; can you find it?",
        "结果正确。不过过程中有一行不成立，你能找到吗？",
    ),
    "wrong": ("Not yet.", "还不对。"),
}  # fmt: skip


def say(key: str, lang: Lang, **values: object) -> str:
    """The sentence in the learner's language."""
    return _SAYS[key][lang == "zh"].format(**values)
