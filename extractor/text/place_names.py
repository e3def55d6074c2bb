"""Names of countries and of their people: which of them mean one country.

Names come from pycountry (ISO 3166). What ISO does not list, news does: short and older names, and the adjectives,
which are data here.
"""

from __future__ import annotations

from functools import cache

_COMMON_NAMES = {
    "US": "america, united states, united states of america, usa, us",
    "GB": "britain, great britain, united kingdom, uk",
    "RU": "russia, russian federation",
    "KR": "south korea",
    "KP": "north korea, dprk",
    "CZ": "czech republic, czechia",
    "MK": "macedonia, north macedonia",
    "NL": "holland, netherlands",
    "MM": "burma, myanmar",
    "CI": "ivory coast",
    "SZ": "swaziland, eswatini",
    "CD": "democratic republic of congo, dr congo, drc",
    "CG": "congo, republic of congo",
    "AE": "united arab emirates, uae, emirates",
    "SY": "syria",
    "IR": "iran",
    "VN": "vietnam",
    "LA": "laos",
    "TZ": "tanzania",
    "VE": "venezuela",
    "BO": "bolivia",
    "MD": "moldova",
    "TW": "taiwan",
    "PS": "palestine",
    "TR": "turkey, türkiye, turkiye",
    "CV": "cape verde, cabo verde",
    "TL": "east timor, timor-leste",
    "VA": "vatican, vatican city, holy see",
    "FM": "micronesia",
    "BN": "brunei",
    "XK": "kosovo",
    "EU": "european union, eu",
}

_PEOPLES = """
    AF:afghan  AL:albanian  DZ:algerian  AO:angolan  AR:argentine,argentinian  AM:armenian  AU:australian,aussie
    AT:austrian  AZ:azerbaijani,azeri  BH:bahraini  BD:bangladeshi  BY:belarusian  BE:belgian  BJ:beninese
    BO:bolivian  BA:bosnian  BW:botswanan  BR:brazilian  GB:british,briton,brit  BG:bulgarian  KH:cambodian
    CM:cameroonian  CA:canadian  TD:chadian  CL:chilean  CN:chinese  CO:colombian  CG:congolese  CR:costa-rican
    HR:croatian,croat  CU:cuban  CY:cypriot  CZ:czech  DK:danish,dane  NL:dutch  EC:ecuadorian,ecuadorean
    EG:egyptian  SV:salvadoran  EE:estonian  ET:ethiopian  EU:european  FJ:fijian  FI:finnish,finn
    FR:french,frenchman,frenchwoman  GA:gabonese  GE:georgian  DE:german  GH:ghanaian  GR:greek  GT:guatemalan
    HT:haitian  HN:honduran  HU:hungarian  IS:icelandic,icelander  IN:indian  ID:indonesian  IR:iranian
    IQ:iraqi  IE:irish,irishman,irishwoman  IL:israeli  IT:italian  CI:ivorian  JM:jamaican  JP:japanese
    JO:jordanian  KZ:kazakh  KE:kenyan  XK:kosovar  KW:kuwaiti  KG:kyrgyz  LA:laotian  LV:latvian  LB:lebanese
    LR:liberian  LY:libyan  LT:lithuanian  LU:luxembourgish,luxembourger  MW:malawian  MY:malaysian
    MV:maldivian  ML:malian  MT:maltese  MX:mexican  MD:moldovan  MN:mongolian  ME:montenegrin  MA:moroccan
    MZ:mozambican  MM:burmese  NA:namibian  NP:nepali,nepalese  NZ:new-zealander,kiwi  NI:nicaraguan
    NE:nigerien  NG:nigerian  KP:north-korean  MK:macedonian  NO:norwegian  OM:omani  PK:pakistani
    PS:palestinian  PA:panamanian  PY:paraguayan  PE:peruvian  PH:filipino,philippine  PL:polish,pole
    PT:portuguese  QA:qatari  RO:romanian  RU:russian  RW:rwandan  SA:saudi  SN:senegalese  RS:serbian,serb
    SL:sierra-leonean  SG:singaporean  SK:slovak,slovakian  SI:slovenian,slovene  SO:somali  ZA:south-african
    KR:south-korean  ES:spanish,spaniard  LK:sri-lankan  SD:sudanese  SE:swedish,swede  CH:swiss  SY:syrian
    TW:taiwanese  TJ:tajik  TZ:tanzanian  TH:thai  TN:tunisian  TR:turkish,turk  TM:turkmen  UG:ugandan
    UA:ukrainian  AE:emirati  US:american  UY:uruguayan  UZ:uzbek  VE:venezuelan  VN:vietnamese  YE:yemeni
    ZM:zambian  ZW:zimbabwean
    """


def _key(name: str) -> str:
    return " ".join(name.casefold().replace(".", "").split()).removeprefix("the ")


@cache
def _countries() -> dict[str, str]:
    import pycountry

    names: dict[str, str] = {}
    for country in pycountry.countries:
        # "Congo, The Democratic Republic of the": the part before the comma is a name where it is the only such.
        for field in ("name", "common_name", "official_name"):
            if name := getattr(country, field, None):
                names.setdefault(_key(name.split(" (")[0]), country.alpha_2)
                names.setdefault(_key(name.split(",")[0]), country.alpha_2)
    for code, common in _COMMON_NAMES.items():
        names.update(dict.fromkeys(map(_key, common.split(",")), code))
    return names


@cache
def _openings() -> frozenset[str]:
    """The words with which names of several words begin."""
    several = [name.split() for name in (*_countries(), *_peoples()) if " " in name]
    return frozenset({"the", *(words[0] for words in several)})


@cache
def _peoples() -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in _PEOPLES.split():
        code, _, words = entry.partition(":")
        for word in words.split(","):
            singular = word.replace("-", " ")
            found[singular] = code
            found[f"{singular}s"] = code
    return found


def country(name: str) -> str | None:
    """The ISO 3166 code ("EU" for the European Union) of the country that a name means; None for other names."""
    return _countries().get(_key(name))


def opens_longer_name(word: str) -> bool:
    """Whether a country's or a people's name of several words, "the" among them, can begin with a word."""
    return word.replace(".", "") in _openings()


def people(name: str) -> str | None:
    """The code of the country whose people or adjective a word is ("Norwegian" → "NO"); None for other words."""
    return _peoples().get(_key(name))
