"""Where countries and data centres are: degrees of latitude and longitude, for the map and for the choice of hubs."""

from __future__ import annotations

from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

EARTH_RADIUS_KM: Final = 6371.0


class Position(NamedTuple):
    """Degrees north and east."""

    latitude: float
    longitude: float


def _table(text: str) -> dict[str, Position]:
    rows = (line.rsplit(None, 2) for line in text.strip().splitlines())
    return {name.strip().casefold(): Position(float(north), float(east)) for name, north, east in rows}


CAPITALS: Final = _table("""
DZ 36.75 3.06
AO -8.84 13.23
BJ 6.50 2.60
BW -24.65 25.91
BF 12.37 -1.52
BI -3.43 29.92
CV 14.92 -23.51
CM 3.87 11.52
CF 4.36 18.56
TD 12.11 15.04
KM -11.70 43.25
CG -4.27 15.27
CD -4.33 15.31
CI 6.82 -5.27
DJ 11.59 43.15
EG 30.04 31.24
GQ 3.75 8.78
ER 15.32 38.93
SZ -26.32 31.14
ET 9.03 38.74
GA 0.39 9.45
GM 13.45 -16.58
GH 5.60 -0.19
GN 9.54 -13.68
GW 11.86 -15.60
KE -1.29 36.82
LS -29.31 27.48
LR 6.30 -10.80
LY 32.89 13.19
MG -18.88 47.51
MW -13.96 33.79
ML 12.64 -8.00
MR 18.08 -15.98
MU -20.16 57.50
MA 34.02 -6.83
MZ -25.97 32.57
NA -22.56 17.08
NE 13.51 2.13
NG 9.06 7.49
RW -1.94 30.06
ST 0.34 6.73
SN 14.72 -17.47
SC -4.62 55.45
SL 8.48 -13.23
SO 2.05 45.32
ZA -25.75 28.19
SS 4.85 31.58
SD 15.50 32.56
TZ -6.16 35.75
TG 6.13 1.22
TN 36.81 10.18
UG 0.35 32.58
ZM -15.39 28.32
ZW -17.83 31.05
EH 27.15 -13.20
""")
"""By ISO alpha-2 code, lower case: the capital, or the main town."""

CITIES: Final = _table("""
Alexandria 31.20 29.92
Bizerte 37.27 9.87
Bulawayo -20.15 28.58
Ebène -20.24 57.49
Entebbe 0.05 32.46
Goma -1.66 29.22
Johannesburg -26.20 28.05
Kitwe -12.80 28.21
Konza -1.74 37.13
Lubumbashi -11.66 27.48
Mombasa -4.04 39.67
Mekelle 13.50 39.47
Ndola -12.97 28.64
Port Louis -20.16 57.50
Port Said 31.26 32.30
Sfax 34.74 10.76
Sousse 35.83 10.64
""")
"""Towns with data centres that are not capitals, by name, lower case."""


def position(country: str, city: str = "") -> Position | None:
    """Where a data centre is: its town if that is known, else its country's capital; None for an unknown country."""
    return CITIES.get(city.casefold()) or CAPITALS.get(country.casefold())


def distance_km(a: Position, b: Position) -> float:
    """The great-circle distance (haversine formula)."""
    north_a, north_b = radians(a.latitude), radians(b.latitude)
    east = radians(b.longitude - a.longitude)
    chord = sin((north_b - north_a) / 2) ** 2 + cos(north_a) * cos(north_b) * sin(east / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(chord))
