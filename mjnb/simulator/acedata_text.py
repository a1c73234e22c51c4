"""Words in place of AceData's language models: describe, shorten and translate, small and honest.

Nothing here understands a picture or a language. A description says what our own picture was asked to show, and of a
stranger's picture, which is never fetched, it says something that only its URL decides. Shortening drops the short words
first. Translation looks Chinese words up in a list of some seventy and leaves the others as they are.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["describe", "shorten", "translate"]

_SUBJECTS = (
    "a lighthouse on a cliff",
    "a market street after the rain",
    "a fox in tall grass",
    "an old harbour with boats",
    "a mountain lake at rest",
    "a garden with a stone lantern",
)
_KINDS = ("a photograph of {}", "an oil painting of {}", "{}, ink and watercolour", "{}, a film still")
_LIGHTS = ("in soft morning light", "under an overcast sky", "in the last light of day", "lit from behind")
_MANNERS = ("fine detail", "muted colours", "wide composition", "shallow depth of field", "quiet mood")


def describe(url: str, shown: str = "", aspect: str = "1:1") -> list[str]:
    """Return four descriptions of a picture, each with its aspect as a flag.

    Args:
        url: where the picture is.
        shown: the prompt of the picture, if it is one of ours.
        aspect: its shape, "W:H".

    >>> describe("https://a.example/1.png", "a heron", "3:2")[0].startswith("a photograph of a heron, ")
    True
    """
    chance = hashlib.sha256(url.encode()).digest()
    subject = shown or _SUBJECTS[chance[0] % len(_SUBJECTS)]
    return [
        f"{kind.format(subject)}, {_LIGHTS[(chance[1] + i) % 4]}, {_MANNERS[(chance[2] + i) % 5]} --ar {aspect}"
        for i, kind in enumerate(_KINDS)
    ]


_FILLERS = re.compile(
    r"an?|and|are|as|at|be|by|for|from|in|into|is|its?|o[fnr]|over|that|the|there|this|to|under|very|with",
    re.IGNORECASE,
)
_KEPT = (0.8, 0.6, 0.45, 0.3, 0.15)  # of the words that are not fillers


def shorten(prompt: str) -> list[str]:
    """Return up to five shorter prompts, the longest first; flags and URLs are left out.

    >>> shorten("A cat sitting on a wooden table in the morning light")[-1]
    'sitting'
    """
    text = " ".join(word for word in prompt.partition("--")[0].split() if "://" not in word)
    words = re.findall(r"[^\s,.;:!?()]+", text)
    weighty = [i for i, word in enumerate(words) if not _FILLERS.fullmatch(word)] or list(range(len(words)))
    by_weight = sorted(weighty, key=lambda i: (-len(words[i]), i))
    shorter = [
        " ".join(words[i] for i in sorted(by_weight[: max(1, round(len(by_weight) * share))]))
        for share in _KEPT
    ]
    return [text for text in dict.fromkeys(shorter) if text]


_CHINESE = {
    "，": ", ", "、": ", ", "。": ". ", "的": "", "了": "", "上": "", "里": "", "着": "",
    "一只": "a", "一个": "a", "一位": "a", "一座": "a", "一条": "a", "在": "in", "和": "and",
    "精致": "exquisite", "无暇": "flawless", "无瑕": "flawless", "洁白": "pure white", "美丽": "beautiful",
    "可爱": "cute", "古老": "ancient", "神秘": "mysterious", "巨大": "huge", "小": "small", "大": "large",
    "天使": "angel", "猫": "cat", "狗": "dog", "鸟": "bird", "鱼": "fish", "马": "horse", "龙": "dragon", "狐狸": "fox",
    "女孩": "girl", "男孩": "boy", "老人": "old man", "坐在": "sitting on", "站在": "standing on", "桌子": "table",
    "山": "mountain", "水": "water", "河": "river", "湖": "lake", "海": "sea", "海边": "seaside", "森林": "forest",
    "树": "tree", "花": "flower", "樱花": "cherry blossom", "草原": "grassland", "沙漠": "desert", "岛": "island",
    "城市": "city", "村庄": "village", "街道": "street", "房子": "house", "城堡": "castle", "寺庙": "temple", "灯塔": "lighthouse",
    "日出": "sunrise", "日落": "sunset", "黄昏": "dusk", "夜晚": "night", "月亮": "moon", "太阳": "sun", "星星": "stars",
    "雨": "rain", "雪": "snow", "雾": "fog", "春天": "spring", "夏天": "summer", "秋天": "autumn", "冬天": "winter",
    "红色": "red", "蓝色": "blue", "绿色": "green", "黄色": "yellow", "金色": "golden", "白色": "white", "黑色": "black",
    "水墨画": "ink wash painting", "油画": "oil painting", "照片": "photograph", "赛博朋克": "cyberpunk",
}  # fmt: skip
_WORD = re.compile("|".join(sorted(map(re.escape, _CHINESE), key=len, reverse=True)))


def translate(content: str) -> str:
    """Return a text with the Chinese words that we know in English, the longest first.

    >>> translate("精致，无暇，洁白的天使"), translate("a red fox")
    ('Exquisite, flawless, pure white angel', 'a red fox')
    """
    if not _WORD.search(content):
        return content
    english = _WORD.sub(lambda found: f" {_CHINESE[found[0]]} ", content)
    tidy = re.sub(r"\s+([,.])", r"\1", " ".join(english.split()))
    return tidy[:1].upper() + tidy[1:]
