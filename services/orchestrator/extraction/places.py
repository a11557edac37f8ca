"""Names of places where many people live, as far as they are no other words in small letters. Pure."""

from __future__ import annotations

_NAMES = (
    # The British Isles
    "aberdeen|belfast|birmingham|blackpool|bolton|bournemouth|bradford|brighton|bristol|cambridge|canterbury|cardiff"
    "|carlisle|chelmsford|cheltenham|chester|colchester|coventry|croydon|derby|devon|dorset|dublin|dundee|durham"
    "|edinburgh|england|essex|exeter|galway|glasgow|gloucester|hackney|hull|huddersfield|inverness|ipswich|ireland"
    "|kent|lancaster|leeds|leicester|limerick|lincoln|liverpool|london|luton|manchester|middlesbrough|milton keynes"
    "|newcastle|northampton|northern ireland|norfolk|norwich|nottingham|oxford|plymouth|portsmouth|preston|salford"
    "|scotland|sheffield|southampton|stockport|stoke|suffolk|sunderland|surrey|sussex|swansea|swindon|wakefield"
    "|wales|warwick|watford|winchester|wolverhampton|worcester|york|yorkshire|cornwall"
    # North America
    "|alabama|alaska|albuquerque|arizona|arkansas|atlanta|austin|baltimore|boise|boston|brooklyn|calgary|california"
    "|canada|charlotte|chicago|cincinnati|cleveland|colorado|connecticut|dallas|delaware|denver|detroit|edmonton"
    "|florida|halifax|hawaii|houston|idaho|illinois|indiana|indianapolis|iowa|kansas|kansas city|kentucky|las vegas"
    "|los angeles|louisiana|maine|manhattan|maryland|massachusetts|memphis|mexico|mexico city|miami|michigan"
    "|milwaukee|minneapolis|minnesota|mississippi|missouri|montana|montreal|nashville|nebraska|nevada"
    "|new hampshire|new jersey|new mexico|new orleans|new york|new york city|north carolina|north dakota|oakland"
    "|ohio|oklahoma|oregon|orlando|ottawa|pennsylvania|philadelphia|pittsburgh|quebec|raleigh|rhode island"
    "|sacramento|salt lake city|san antonio|san diego|san francisco|san jose|seattle|south carolina|south dakota"
    "|st louis|tennessee|texas|toronto|tucson|utah|vancouver|vermont|washington|wisconsin|winnipeg|wyoming"
    # Oceania
    "|adelaide|auckland|australia|brisbane|canberra|christchurch|dunedin|hobart|melbourne|new zealand|queensland"
    "|sydney|tasmania|wellington"
    # Europe
    "|amsterdam|andalusia|antwerp|athens|austria|barcelona|basel|bavaria|belgium|belgrade|bergen|berlin|bern|bilbao"
    "|bologna|bordeaux|bratislava|bremen|brussels|bucharest|budapest|bulgaria|cologne|copenhagen|crete|croatia|cyprus"
    "|denmark|dortmund|dresden|dusseldorf|düsseldorf|eindhoven|estonia|faro|finland|florence|france|frankfurt|gdansk"
    "|geneva|genoa|germany|ghent|gothenburg|granada|graz|greece|hamburg|hanover|helsinki|hungary|iceland|innsbruck"
    "|italy|krakow|kraków|latvia|lausanne|leipzig|linz|lisbon|lithuania|ljubljana|lucerne|luxembourg|lyon|madrid|malaga"
    "|málaga|malmö|malta|marseille|milan|montpellier|moscow|munich|naples|netherlands|nuremberg|norway|oslo|palermo"
    "|paris|poland|porto|portugal|prague|reykjavik|riga|romania|rome|rotterdam|salzburg|seville|sicily|slovakia"
    "|slovenia|sofia|spain|stockholm|strasbourg|stuttgart|sweden|switzerland|tallinn|the netherlands|the hague|turin"
    "|tuscany|ukraine|utrecht|valencia|venice|verona|vienna|vilnius|warsaw|wroclaw|zagreb|zurich|zürich"
    # Asia, Africa, South America
    "|abu dhabi|accra|addis ababa|algeria|ankara|argentina|bangalore|bangkok|beijing|beirut|bogota|brazil|buenos aires"
    "|cairo|cape town|casablanca|chennai|chile|colombia|costa rica|dakar|delhi|doha|dubai|durban|ecuador|egypt|ghana"
    "|hanoi|hong kong|hyderabad|india|indonesia|israel|istanbul|izmir|jakarta|japan|johannesburg|kampala|karachi|kenya"
    "|kuala lumpur|kuwait|lagos|lahore|lebanon|malaysia|manila|marrakesh|morocco|mumbai|nairobi|new delhi|nigeria"
    "|osaka|pakistan|panama|peru|philippines|pune|qatar|rio de janeiro|saigon|santiago|sao paulo|são paulo|seoul"
    "|shanghai|singapore|south africa|south korea|sri lanka|taipei|taiwan|tanzania|tel aviv|thailand|tokyo|tunisia"
    "|uganda|uruguay|vietnam|zimbabwe"
).split("|")
_PLACES = frozenset(_NAMES)
PLACE = rf"(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
"""For a pattern: the longer before what begins it."""


def is_place(name: str) -> bool:
    """Whether it is one of them, in any case, whatever stands after a comma: "Austin, Texas"."""
    return name.partition(",")[0].strip().lower() in _PLACES
