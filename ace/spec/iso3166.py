"""ISO 3166-1: the African countries with their numeric codes and names, and which other codes exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Country:
    """A country as ISO 3166-1 has it; `numeric` is its slot in addressing."""

    alpha2: str
    numeric: int
    en: str
    fr: str
    ar: str


_AFRICA = """
DZ  12 Algeria|Algérie|الجزائر
AO  24 Angola|Angola|أنغولا
BJ 204 Benin|Bénin|بنين
BW  72 Botswana|Botswana|بوتسوانا
BF 854 Burkina Faso|Burkina Faso|بوركينا فاسو
BI 108 Burundi|Burundi|بوروندي
CV 132 Cabo Verde|Cabo Verde|كابو فيردي
CM 120 Cameroon|Cameroun|الكاميرون
CF 140 Central African Republic|République centrafricaine|جمهورية أفريقيا الوسطى
TD 148 Chad|Tchad|تشاد
KM 174 Comoros|Comores|جزر القمر
CG 178 Congo|Congo|الكونغو
CD 180 Democratic Republic of the Congo|République démocratique du Congo|جمهورية الكونغو الديمقراطية
CI 384 Côte d'Ivoire|Côte d'Ivoire|كوت ديفوار
DJ 262 Djibouti|Djibouti|جيبوتي
EG 818 Egypt|Égypte|مصر
GQ 226 Equatorial Guinea|Guinée équatoriale|غينيا الاستوائية
ER 232 Eritrea|Érythrée|إريتريا
SZ 748 Eswatini|Eswatini|إسواتيني
ET 231 Ethiopia|Éthiopie|إثيوبيا
GA 266 Gabon|Gabon|غابون
GM 270 Gambia|Gambie|غامبيا
GH 288 Ghana|Ghana|غانا
GN 324 Guinea|Guinée|غينيا
GW 624 Guinea-Bissau|Guinée-Bissau|غينيا بيساو
KE 404 Kenya|Kenya|كينيا
LS 426 Lesotho|Lesotho|ليسوتو
LR 430 Liberia|Libéria|ليبيريا
LY 434 Libya|Libye|ليبيا
MG 450 Madagascar|Madagascar|مدغشقر
MW 454 Malawi|Malawi|ملاوي
ML 466 Mali|Mali|مالي
MR 478 Mauritania|Mauritanie|موريتانيا
MU 480 Mauritius|Maurice|موريشيوس
MA 504 Morocco|Maroc|المغرب
MZ 508 Mozambique|Mozambique|موزمبيق
NA 516 Namibia|Namibie|ناميبيا
NE 562 Niger|Niger|النيجر
NG 566 Nigeria|Nigéria|نيجيريا
RW 646 Rwanda|Rwanda|رواندا
ST 678 Sao Tome and Principe|Sao Tomé-et-Principe|سان تومي وبرينسيبي
SN 686 Senegal|Sénégal|السنغال
SC 690 Seychelles|Seychelles|سيشيل
SL 694 Sierra Leone|Sierra Leone|سيراليون
SO 706 Somalia|Somalie|الصومال
ZA 710 South Africa|Afrique du Sud|جنوب أفريقيا
SS 728 South Sudan|Soudan du Sud|جنوب السودان
SD 729 Sudan|Soudan|السودان
TZ 834 Tanzania|Tanzanie|تنزانيا
TG 768 Togo|Togo|توغو
TN 788 Tunisia|Tunisie|تونس
UG 800 Uganda|Ouganda|أوغندا
EH 732 Western Sahara|Sahara occidental|الصحراء الغربية
ZM 894 Zambia|Zambie|زامبيا
ZW 716 Zimbabwe|Zimbabwe|زيمبابوي
"""

_ELSEWHERE = """
AD AE AF AG AI AL AM AQ AR AS AT AU AW AX AZ BA BB BD BE BG BH BL BM BN BO BQ BR BS BT BV BY BZ CA CC CH CK CL CN
CO CR CU CW CX CY CZ DE DK DM DO EC EE ES FI FJ FK FM FO FR GB GD GE GF GG GI GL GP GR GS GT GU GY HK HM HN HR HT
HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KG KH KI KN KP KR KW KY KZ LA LB LC LI LK LT LU LV MC MD ME MF MH MK
MM MN MO MP MQ MS MT MV MX MY NC NF NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
RU SA SB SE SG SH SI SJ SK SM SR SV SX SY TC TF TH TJ TK TL TM TO TR TT TV TW UA UM US UY UZ VA VC VE VG VI VN VU
WF WS YE YT
"""

OTHER_CODES: Final = frozenset(_ELSEWHERE.split())
"""Alpha-2 codes of countries and territories outside Africa's states: real, but none of ours."""


def _parse(table: str) -> dict[str, Country]:
    countries = {}
    for line in table.strip().splitlines():
        alpha2, numeric, names = line.split(maxsplit=2)
        en, fr, ar = names.split("|")
        countries[alpha2] = Country(alpha2, int(numeric), en, fr, ar)
    return countries


COUNTRIES: Final = _parse(_AFRICA)
"""Africa's countries by alpha-2 code."""
