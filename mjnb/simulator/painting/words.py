"""What a prompt's words ask for: a subject, a place, an hour or season, a mood, a weather, a colour."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

# Each line: the painter's own name, then the words that ask for it, in a few of the world's languages.
_MOTIFS: Final = """
portrait portrait woman girl face lady princess queen 女 女孩 少女 肖像 人像 女性 портрет mujer femme frau retrato
lighthouse lighthouse beacon 灯塔 燈塔 灯台 маяк faro phare leuchtturm
fox fox 狐 狐狸 лиса zorro renard fuchs
wolf wolf dog husky 狼 狗 犬 волк собака lobo perro loup chien hund
cat cat kitten 猫 貓 кот кошка gato chat katze
deer deer stag elk moose 鹿 олень ciervo cerf hirsch
koi koi fish carp goldfish 鱼 魚 锦鲤 鯉 рыба pez poisson fisch
whale whale orca 鲸 鯨 кит ballena baleine wal
bird bird crane heron raven crow eagle owl 鸟 鳥 鹤 птица pajaro oiseau vogel
dragon dragon 龙 龍 竜 дракон
castle castle fortress palace 城堡 замок castillo chateau schloss burg
bridge bridge 桥 橋 мост puente pont brücke
pagoda pagoda temple shrine 塔 寺 神社 храм templo tempel
torii torii gate 鳥居 鸟居
windmill windmill mill 风车 風車 мельница molino moulin mühle
house house cabin cottage hut home barn 房 家 小屋 дом casa maison haus
city city skyline town street skyscraper cyberpunk tokyo manhattan 城市 都市 街 город ciudad ville stadt
boat boat ship sail sailboat yacht 船 帆 лодка корабль barco bateau boot schiff
balloon balloon airship 气球 熱気球 шар globo ballon
rocket rocket spaceship 火箭 ロケット ракета cohete fusée rakete
robot robot mech android 机器人 ロボット робот roboter
astronaut astronaut cosmonaut 宇航员 宇宙飛行士 космонавт astronauta
person person man boy wanderer traveler traveller samurai monk knight wizard figure human 人 侠 旅人 человек hombre homme mann
flower flower rose tulip poppy lotus sunflower peony blossom bouquet 花 玫瑰 цветок flor fleur blume
mushroom mushroom toadstool 蘑菇 キノコ гриб seta champignon pilz
forest forest wood pine woods jungle 森林 森 лес bosque forêt wald
tree tree oak willow cherry sakura bonsai baobab 树 樹 木 樱 桜 дерево árbol arbre baum
mountain mountain peak alps fuji volcano 山 峰 гора montaña montagne berg
"""
_PLACES: Final = """
sea sea ocean coast beach wave harbor harbour shore island cliff 海 大海 море mar mer meer
lake lake river fjord reflection 湖 河 озеро lago lac see
pond pond lily 池 пруд
hills hill meadow field valley countryside garden grass 草原 田 поле prado
mountains mountain alps peak 山 горы
forest forest woods jungle pine 森林 森 лес
desert desert dune sahara mars canyon 沙漠 砂漠 пустыня desierto wüste
city city street town skyline cyberpunk 城市 都市 街 город
clouds cloud clouds sky floating heaven flying 云 雲 天空 небо
"""
_HOURS: Final = """
dawn dawn sunrise morning 黎明 早晨 日出 朝 рассвет утро amanecer aube
day noon day daylight midday summer sunny 白天 正午 昼 夏 день день verano jour tag
dusk dusk sunset evening twilight golden 黄昏 日落 傍晚 夕 夕暮れ закат вечер atardecer crépuscule abend
night night midnight moon moonlight moonlit stars starry galaxy 夜 晚 月 星 ночь noche nuit nacht
storm storm stormy thunder lightning tempest gloomy 暴风 风暴 嵐 буря tormenta orage sturm
winter winter snow snowy ice frozen frost christmas 雪 冬 зима снег nieve neige schnee winter
autumn autumn fall october 秋 осень otoño automne herbst
spring spring sakura cherry pastel 春 樱 桜 весна primavera printemps
desert desert dune sahara mars canyon 沙漠 砂漠
"""
_MOODS: Final = """
neon neon cyberpunk synthwave vaporwave 霓虹 ネオン неон
mono monochrome ink noir charcoal grayscale 水墨 墨
"""
_WEATHER: Final = """
snow snow snowy snowfall blizzard winter 雪 снег nieve neige schnee
rain rain rainy storm stormy drizzle 雨 дождь lluvia pluie regen
mist mist misty fog foggy haze hazy 雾 霧 туман niebla brume nebel
stars stars starry galaxy aurora cosmic space 星 银河 звёзды
clear clear sunny 晴
"""
_COLOURS: Final = """
d8312b red crimson scarlet ruby 红 紅 赤 красный rojo rouge rot
f28322 orange amber 橙 оранжевый naranja
f2c12e yellow gold golden 黄 金 жёлтый amarillo jaune gelb
3f9a4a green emerald jade 绿 緑 зелёный verde vert grün
1fa7a0 teal turquoise cyan aqua 青
2f6fd0 blue azure sapphire indigo 蓝 藍 синий azul bleu blau
8a4fc4 purple violet lavender magenta 紫 фиолетовый morado
f07aa8 pink rose coral 粉 розовый rosa
"""


_SMALL: Final = frozenset({"a", "an", "the", "of", "in", "on", "at", "by", "with", "and", "or", "under", "over",
                            "to", "from", "as", "is", "it", "light", "sky", "scene", "very", "more", "into"})  # fmt: skip
"""Words that name nothing."""


@dataclass(frozen=True, slots=True)
class Words:
    """What was found in a prompt; an empty string where it says nothing."""

    motif: str = ""
    place: str = ""
    hour: str = ""
    mood: str = ""
    weather: str = ""
    colour: str = ""


def read(prompt: str) -> Words:
    """Find the painter's words in a prompt; of several, the first in the prompt counts.

    Example:
        >>> read("a red fox in snow")
        Words(motif='fox', place='', hour='winter', mood='', weather='snow', colour='d8312b')
        >>> read("一座雪山").motif
        'mountain'
    """
    text = prompt.casefold()
    at = {
        match.group().removesuffix("s"): match.start()
        for match in reversed(list(re.finditer(r"[^\W\d_]+", text)))
    }
    return Words(*(_first(table, text, at) for table in _TABLES))


def has_unknown(prompt: str) -> bool:
    """Tell whether a prompt has a word of weight that the painter does not know.

    Example:
        >>> has_unknown("at night in the snow"), has_unknown("a hat in the snow")
        (False, True)
    """
    known = [word for table in _TABLES for word in table]
    unspaced = [word for word in known if ord(word[0]) >= _UNSPACED]
    return any(
        word not in _SMALL
        and word.removesuffix("s") not in known
        and not any(part in word for part in unspaced)
        for word in re.findall(r"[^\W\d_]+", prompt.casefold())
    )


def _index(table: str) -> dict[str, str]:
    """Word -> the painter's name."""
    rows = [line.split() for line in table.strip().splitlines()]
    return {word.casefold().removesuffix("s"): name for name, *words in reversed(rows) for word in words}


_TABLES: Final = tuple(map(_index, (_MOTIFS, _PLACES, _HOURS, _MOODS, _WEATHER, _COLOURS)))
_UNSPACED: Final = 0x2E80  # from here on Unicode has the scripts that do not put spaces between words


def _first(table: dict[str, str], text: str, at: dict[str, int]) -> str:
    """The name for the earliest word of ``table`` in the text; of two at one place the longer word."""
    found = []
    for word, name in table.items():
        place = text.find(word) if ord(word[0]) >= _UNSPACED else at.get(word, -1)
        if place >= 0:
            found.append((place, -len(word), name))
    return min(found)[2] if found else ""
