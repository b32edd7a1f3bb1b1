"""Areas that rules speak of: which countries belong together, and which country an address means."""

from __future__ import annotations

from collections.abc import Iterable

_EU_CODES = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
_EU = frozenset(_EU_CODES.split())
AREAS = {"EU": _EU, "EEA": _EU | {"IS", "LI", "NO"}}

# How people write the last line of an address: in English, in the country's own words, in Chinese.
_NAMES = {
    "AT": "austria, österreich, 奥地利",
    "AU": "australia, 澳大利亚",
    "BE": "belgium, belgië, belgique, belgien, 比利时",
    "BG": "bulgaria, българия, 保加利亚",
    "BR": "brazil, brasil, 巴西",
    "CA": "canada, 加拿大",
    "CH": "switzerland, schweiz, suisse, svizzera, 瑞士",
    "CN": "china, pr china, p.r. china, people's republic of china, mainland china, 中国, 中华人民共和国",
    "CY": "cyprus, κύπρος, 塞浦路斯",
    "CZ": "czechia, czech republic, česko, česká republika, 捷克",
    "DE": "germany, deutschland, 德国",
    "DK": "denmark, danmark, 丹麦",
    "EE": "estonia, eesti, 爱沙尼亚",
    "ES": "spain, españa, 西班牙",
    "FI": "finland, suomi, 芬兰",
    "FR": "france, 法国",
    "GB": "united kingdom, great britain, england, scotland, wales, uk, 英国",
    "GR": "greece, ελλάδα, 希腊",
    "HK": "hong kong, 香港, 中国香港",
    "HR": "croatia, hrvatska, 克罗地亚",
    "HU": "hungary, magyarország, 匈牙利",
    "ID": "indonesia, 印度尼西亚, 印尼",
    "IE": "ireland, éire, 爱尔兰",
    "IN": "india, bharat, भारत, 印度",
    "IS": "iceland, ísland, 冰岛",
    "IT": "italy, italia, 意大利",
    "JP": "japan, 日本",
    "KR": "south korea, korea, republic of korea, 대한민국, 한국, 韩国",
    "LI": "liechtenstein, 列支敦士登",
    "LT": "lithuania, lietuva, 立陶宛",
    "LU": "luxembourg, luxemburg, lëtzebuerg, 卢森堡",
    "LV": "latvia, latvija, 拉脱维亚",
    "MT": "malta, 马耳他",
    "MX": "mexico, méxico, 墨西哥",
    "MY": "malaysia, 马来西亚",
    "NL": "netherlands, the netherlands, holland, nederland, 荷兰",
    "NO": "norway, norge, noreg, 挪威",
    "PH": "philippines, pilipinas, 菲律宾",
    "PL": "poland, polska, 波兰",
    "PT": "portugal, 葡萄牙",
    "RO": "romania, românia, 罗马尼亚",
    "SE": "sweden, sverige, 瑞典",
    "SG": "singapore, 新加坡",
    "SI": "slovenia, slovenija, 斯洛文尼亚",
    "SK": "slovakia, slovensko, 斯洛伐克",
    "TH": "thailand, ประเทศไทย, ไทย, 泰国",
    "TW": "taiwan, 台湾, 臺灣, 中国台湾",
    "US": "united states, united states of america, usa, u.s.a., u.s., 美国",
    "VN": "vietnam, viet nam, việt nam, 越南",
}
_COUNTRIES = {name.strip(): code for code, names in _NAMES.items() for name in names.split(",")}


def spread(names: Iterable[str]) -> set[str]:
    """The names with the countries of every area among them."""
    return {one for name in names for one in (name, *AREAS.get(name, ()))}


def country_of(written: str) -> str:
    """ISO 3166-1 alpha-2 of a country as somebody wrote it; "" when it says none that we know."""
    word = written.strip().rstrip(".,;").strip()
    if len(word) == 2 and word.isascii() and word.isalpha():
        return {"UK": "GB", "EL": "GR"}.get(word.upper(), word.upper())
    return _COUNTRIES.get(word.casefold(), "")


def is_one_market(one: str, other: str) -> bool:
    """Whether goods and money between two countries cross no border that a rule speaks of."""
    return one == other or (one in AREAS["EEA"] and other in AREAS["EEA"])
