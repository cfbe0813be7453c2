"""Which consents can be read without doubt, and what each provision demands: told a second time, slowly, from the text.

Nothing of `registry.consent` is used. A provision is the path of provisions above it and itself, as they stand in
the JSON; nothing is carried down beforehand. The dialects are those of the protection reference, section 2: ours,
IHE PCF, the text of R4, and the later notes of HL7.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

Json = dict[str, Any]
Path = tuple[Json, ...]


def words(text: str) -> list[str]:
    return text.split()


OURS = "https://continuity-registry.example/fhir"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"
EXTENSION = f"{OURS}/StructureDefinition/consent-"
TREAT = (f"{V3}ActReason", "TREAT")
EDUCATION = [(f"{OURS}/CodeSystem/education-purpose", code) for code in ("EDUCONT", "EDUVER", "RETMON")]
CLASSES = {(f"{OURS}/CodeSystem/content-class", "V"): "V", (f"{OURS}/CodeSystem/content-class", "G"): "G"}
LOCIS = (f"{V3}ActCode", "LOCIS")
PRIVATE = [(f"{V3}Confidentiality", code) for code in "ULMNRV"]
SENSITIVE = (
    "ADOL BH CEL COGN DEMO DIA DOB DRGIS DVD EMOTDIS EMP ETH ETHUD GDIS GENDER HIV LIVARG LOCIS MARST MH MST OPIOIDUD "
    "PDS PHY PREGNANT PRS PSY PSYTHPN RACE REL SCA SDV SEX SICKLE SPI SSP STD SUD TBOO VIO"
)
KNOWN_LABELS = [*CLASSES, *PRIVATE, *((f"{V3}ActCode", code) for code in SENSITIVE.split())]
STATUSES = {"draft", "proposed", "active", "rejected", "inactive", "entered-in-error"}
KIN = words("MTH FTH PRN ADOPTP STPPRN PRNFOST GUARD GRPRN GRMTH GRFTH AUNT UNCLE SIB SIS BRO")
OFFICER = (f"{OURS}/CodeSystem/grantor-role", "best-interest-officer")
FRAME = (
    "resourceType id meta language text contained extension identifier status scope category patient dateTime "
    "performer organization sourceAttachment sourceReference policy policyRule verification provision"
)
PLAIN = "type period actor purpose securityLabel provision"
WHOLE = f"{PLAIN} dataPeriod data action class"


def dialect_of(consent: Json, stated: str) -> str:
    """Our own profile is ours, whatever is said of it."""
    profiles = consent.get("meta", {}).get("profile") if isinstance(consent.get("meta"), dict) else None
    ours = isinstance(profiles, list) and f"{OURS}/StructureDefinition/continuity-consent" in profiles
    return "continuity" if ours else stated


def is_readable(consent: Json, stated: str, *, loose: bool = False) -> bool:
    """Whether everything that must be there is there, and nothing else. `loose` is a planted defect."""
    dialect = dialect_of(consent, stated)
    try:
        checks = _OURS if dialect == "continuity" else _FOREIGN
        return all(check(consent) for check in checks) and _tree_is_plain(consent, dialect, loose=loose)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return False


def paths(consent: Json) -> Iterator[Path]:
    """Every way from the root to a provision."""
    waiting: list[Path] = [(consent["provision"],)]
    while waiting:
        path = waiting.pop()
        yield path
        waiting.extend((*path, below) for below in path[-1].get("provision", []))


def effect(path: Path, dialect: str) -> str:
    if dialect == "hl7-notes":
        first = path[0]["type"]
        return first if len(path) % 2 else {"permit": "deny", "deny": "permit"}[first]
    return "deny" if dialect == "r4" and len(path) == 1 else path[-1]["type"]


def demands(path: Path, name: str, dialect: str) -> list[Any]:
    """What a provision asks of one attribute: every member must be met. In PCF and ours the deepest word stands."""
    stated = [node[name] for node in path if name in node]
    if dialect in ("r4", "hl7-notes"):
        return stated
    is_added = name == "securityLabel" and len(stated) == 2 and {each["type"] for each in path} == {"permit"}
    if dialect == "pcf-r4" and is_added:
        return [stated[0] + stated[1]]
    return stated[-1:]


# --- the frame ------------------------------------------------------------------------------------


def extension(consent: Json, url: str) -> Json | None:
    return next((each for each in consent.get("extension", []) if each["url"] == url), None)


def grantor(consent: Json, dialect: str) -> tuple[str, str, tuple[datetime, datetime] | None] | None:
    """Who signed, as what (person, kin or officer), and while; None when nobody knows by what right."""
    performers = consent.get("performer", [])
    if len(performers) != 1:
        return None
    reference = performers[0]["reference"]
    if reference == consent["patient"]["reference"]:
        return reference, "person", None
    authority = extension(consent, f"{EXTENSION}authority")
    if authority is None:
        return None
    parts = {each["url"]: each for each in authority["extension"]}
    relation = parts["relationship"]["valueCoding"]
    kin = relation["system"] == f"{V3}RoleCode" and relation["code"] in KIN
    is_officer = (relation["system"], relation["code"]) == OFFICER
    is_kin = reference.startswith("RelatedPerson/")
    if not (kin if is_kin else is_officer):
        raise ValueError("signs as something else")
    local = dialect != "continuity"
    start = span(parts["start"]["valueDateTime"], consent, local=local)[0] if "start" in parts else FIRST
    return (
        reference,
        "kin" if is_kin else "officer",
        (start, span(parts["end"]["valueDateTime"], consent, local=local)[1]),
    )


def _ours(consent: Json) -> bool:
    known = set(FRAME.split()) - {"contained", "organization", "sourceAttachment", "sourceReference", "policy"}
    ours = consent["meta"]["profile"] == [f"{OURS}/StructureDefinition/continuity-consent"]
    version = re.fullmatch("[1-9][0-9]*", consent["meta"]["versionId"])
    scope = {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
    policy = {"system": f"{OURS}/CodeSystem/consent-policy", "code": "default-no"}
    framed = consent["scope"] == {"coding": [scope]} and consent["policyRule"] == {"coding": [policy]}
    return ours and bool(version) and set(consent) <= known and framed


def _signed(consent: Json) -> bool:
    """Ours needs one who may sign; of the person itself no authority is stated."""
    patient = consent["patient"]["reference"]
    found = grantor(consent, "continuity")
    if found is None or not patient.startswith("Patient/"):
        return False
    return found[1] != "person" or extension(consent, f"{EXTENSION}authority") is None


def _noted(consent: Json) -> bool:
    """Every extension of ours is known and stands once (countries may repeat), and the text shown is stated."""
    names = ("text", "authority", "assent", "supersedes", "withdrawn")
    single = [*(f"{EXTENSION}{name}" for name in names), _OFFSET]
    urls = [each["url"] for each in consent["extension"] if each["url"] != f"{EXTENSION}protected-from"]
    return set(urls) <= set(single) and len(urls) == len(set(urls)) and single[0] in urls


def _foreign(consent: Json) -> bool:
    scope = consent.get("scope", {}).get("coding", [])
    return (
        set(consent) <= set(FRAME.split())
        and all(each["code"] == "patient-privacy" for each in scope)
        and bool(re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", consent["patient"]["reference"]))
    )


def _common(consent: Json) -> bool:
    """What holds in every dialect: a status, extensions of ours that say what they must, times that exist."""
    if consent["status"] not in STATUSES or [] in (consent.get("extension", 0), consent.get("performer", 0)):
        return False
    named = extension(consent, f"{EXTENSION}supersedes")
    if named is not None and named["valueReference"]["reference"] == f"Consent/{consent['id']}":
        return False
    assent = extension(consent, f"{EXTENSION}assent")
    if assent is not None and not isinstance(assent["valueBoolean"], bool):
        return False
    for url in ("text", "authority", "assent", "supersedes"):
        if len([each for each in consent.get("extension", []) if each["url"] == f"{EXTENSION}{url}"]) > 1:
            return False
    grantor(consent, dialect_of(consent, "foreign"))
    if "dateTime" in consent:
        span(consent["dateTime"], consent, local=dialect_of(consent, "foreign") == "foreign")
    return "verification" not in consent or consent["verification"] != []


def _checked(consent: Json) -> bool:
    return "dateTime" in consent and all(isinstance(e["verified"], bool) for e in consent.get("verification", []))


_OURS = (_common, _ours, _signed, _noted, _checked)
_FOREIGN = (_common, _foreign)


# --- the tree -------------------------------------------------------------------------------------


def _tree_is_plain(consent: Json, dialect: str, *, loose: bool) -> bool:
    root = consent["provision"]
    if not isinstance(root, dict) or dialect not in ("continuity", "pcf-r4", "r4", "hl7-notes"):
        return False
    if dialect == "continuity" and root["type"] != "deny":
        return False
    every = list(paths(consent))
    deepest = 2 if dialect == "pcf-r4" else 32
    if len(every) > 1_000 or max(map(len, every)) > deepest or not _policy_fits(consent, dialect):
        return False
    return all(_node_is_plain(path, consent, dialect, loose=loose) for path in every)


def _policy_fits(consent: Json, dialect: str) -> bool:
    codes = [each["code"] for each in consent.get("policyRule", {}).get("coding", [])]
    return dialect != "r4" or set(codes) <= {"OPTIN", "OPTINR"}


def _node_is_plain(path: Path, consent: Json, dialect: str, *, loose: bool) -> bool:
    node = path[-1]
    known = set(WHOLE.split())
    if dialect == "continuity":
        known = set(PLAIN.split())
    elif dialect == "pcf-r4" and len(path) == 1:
        known -= {"action", "class"}
    if loose:
        known |= {"action", "data", "dataPeriod"}
    if set(node) - known or [] in node.values() or {} in node.values():
        return False
    typed = {"r4": len(path) > 1, "hl7-notes": len(path) == 1}.get(dialect, True)
    if typed is not ("type" in node) or node.get("type", "deny") not in ("permit", "deny"):
        return False
    _read_times(node, consent, dialect)
    if dialect == "continuity":
        return _ours_are_known(node) and _inside(path, consent) and (node["type"] == "deny" or _bounded(path))
    return _theirs_are_known(node) and (dialect != "r4" or _something_left(path, consent))


def _read_times(node: Json, consent: Json, dialect: str) -> None:
    for name in ("period", "dataPeriod"):
        if name in node:
            if not set(node[name]) <= {"start", "end"}:
                raise ValueError(name)
            start, end = limits(node[name], consent, local=dialect != "continuity")
            if start > end:
                raise ValueError(name)


def pairs(codings: list[Json]) -> list[tuple[str, str]]:
    return [(each["system"], each["code"]) for each in codings]


def _ours_are_known(node: Json) -> bool:
    recipient = {"coding": [{"system": f"{V3}ParticipationType", "code": "IRCP"}]}
    actors = all(
        each["role"] == recipient and each["reference"]["reference"].startswith("Organization/")
        for each in node.get("actor", [])
    )
    purposes = set(pairs(node.get("purpose", []))) <= {TREAT, *EDUCATION[:2]}
    return actors and purposes and set(pairs(node.get("securityLabel", []))) <= {*CLASSES, LOCIS}


def _theirs_are_known(node: Json) -> bool:
    roles = [pair for each in node.get("actor", []) if "role" in each for pair in pairs(each["role"]["coding"])]
    meant = {each["meaning"] for each in node.get("data", [])}
    actions = [pairs(each["coding"]) for each in node.get("action", [])]
    named = [each["reference"]["reference"] for name in ("actor", "data") for each in node.get(name, [])]
    return (
        set(roles) <= {(f"{V3}ParticipationType", code) for code in ("IRCP", "PRCP")}
        and all(re.fullmatch(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]+", each) for each in named)
        and meant <= {"instance", "related", "dependents", "authoredby"}
        and all(len(each) == 1 and each[0][0].endswith("/consentaction") for each in actions)
        and all(each[0][1] in ["collect", "access", "use", "disclose", "correct"] for each in actions)
        and all(each["system"].endswith("/resource-types") for each in node.get("class", []))
        and set(pairs(node.get("securityLabel", []))) <= set(KNOWN_LABELS)
        and all(each["system"] and each["code"] for each in node.get("purpose", []))
    )


def _something_left(path: Path, consent: Json) -> bool:
    """Whether what a provision of R4 says can hold together with what stands above it."""
    for name in ("period", "dataPeriod"):
        spans = [limits(node[name], consent, local=True) for node in path if name in node]
        if spans and max(start for start, _ in spans) > min(end for _, end in spans):
            return False
    for name in ("purpose", "class"):
        sets = [set(pairs(node[name])) for node in path if name in node]
        if sets and not set.intersection(*sets):
            return False
    actions = [{each["coding"][0]["code"] for each in node["action"]} for node in path if "action" in node]
    return not actions or bool(set.intersection(*actions))


def _inside(path: Path, consent: Json) -> bool:
    """A provision of ours states nothing that lies outside what the provisions above it state."""
    node, above = path[-1], path[:-1]
    for name in ("actor", "purpose", "securityLabel"):
        stated = [each[name] for each in above if name in each]
        if name in node and stated and any(each not in stated[-1] for each in node[name]):
            return False
    if "period" not in node:
        return True
    start, end = limits(node["period"], consent)
    outer = [limits(each["period"], consent) for each in above if "period" in each]
    return start <= end and all(low <= start and end <= high for low, high in outer)


def _bounded(path: Path) -> bool:
    named = all(any(name in node for node in path) for name in ("actor", "purpose", "securityLabel"))
    return named and any("end" in node.get("period", {}) for node in path)


# --- time written out -----------------------------------------------------------------------------

FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)
_OFFSET = "http://hl7.org/fhir/StructureDefinition/tz-offset"
_ZONE = "http://hl7.org/fhir/StructureDefinition/timezone"


def _zone(consent: Json) -> Any:
    offset, named = extension(consent, _OFFSET), extension(consent, _ZONE)
    if offset is not None:
        return _fixed(offset["valueString"])
    if dialect_of(consent, "foreign") == "continuity":
        return UTC
    if named is not None:
        return ZoneInfo(named["valueCode"])
    given = consent.get("dateTime", "")
    told = re.search(r"T.*(Z|[+-]\d\d:\d\d)$", given)
    return _fixed(told[1]) if told else UTC


def _fixed(text: str) -> timezone:
    if text == "Z":
        return UTC
    sign = -1 if text[0] == "-" else 1
    hours, minutes = map(int, text[1:].split(":"))
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


def span(text: str, consent: Json, *, local: bool = False) -> tuple[datetime, datetime]:
    """The first and the last microsecond a FHIR dateTime can mean, in UTC."""
    if "T" in text:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        if moment.tzinfo is None:
            if not local:
                raise ValueError("a time without zone")
            moment = moment.replace(tzinfo=_zone(consent))
        last = moment if "." in text else moment.replace(microsecond=999_999)
        return moment.astimezone(UTC), last.astimezone(UTC)
    parts = [int(each) for each in text.split("-")]
    year, zone = parts[0], _zone(consent)
    first = datetime(year, parts[1] if len(parts) > 1 else 1, parts[2] if len(parts) > 2 else 1, tzinfo=zone)
    month = parts[1] if len(parts) > 1 else 12
    day = parts[2] if len(parts) > 2 else monthrange(year, month)[1]
    last = datetime(year, month, day, 23, 59, 59, 999_999, zone)
    return first.astimezone(UTC), last.astimezone(UTC)


def limits(period: Json, consent: Json, *, local: bool = False) -> tuple[datetime, datetime]:
    start = span(period["start"], consent, local=local)[0] if "start" in period else FIRST
    return start, span(period["end"], consent, local=local)[1] if "end" in period else LAST
