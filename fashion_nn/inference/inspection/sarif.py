"""An inspection in SARIF 2.1.0, the format that code-scanning tools read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import os
from urllib.parse import quote

from fashion_nn import __version__
from fashion_nn.core.strict_json import Json, JsonObject
from fashion_nn.inference.inspection.result import RULES, Inspection, Reason, Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def to_sarif(inspection: Inspection) -> JsonObject:
    """A log with one run and one result for each reason for a refusal; none if it is accepted."""
    uri = _uri(inspection.path)
    rules = list(RULES)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "artifacts": [_artifact(inspection, uri)],
                "results": [
                    _result(reason, rules.index(reason.rule), uri) for reason in inspection.reasons
                ],
            }
        ],
    }


def _uri(path: str | os.PathLike[str]) -> str:
    """A relative path as a relative address, an absolute one with the scheme of files."""
    address = quote(os.fsencode(path))
    return f"file://{address}" if os.path.isabs(path) else address


def _driver() -> JsonObject:
    return {
        "name": "fashion-nn inspect",
        "version": __version__,
        "rules": [_rule(rule) for rule in RULES],
    }


def _rule(rule: Rule) -> JsonObject:
    return {
        "id": rule,
        "shortDescription": {"text": RULES[rule].title},
        "help": {"text": RULES[rule].way_out},
        "defaultConfiguration": {"level": "error"},
    }


def _artifact(inspection: Inspection, uri: str) -> JsonObject:
    artifact: dict[str, Json] = {"location": {"uri": uri}}
    if inspection.size is not None:
        artifact["length"] = inspection.size
    if inspection.sha256 is not None:
        artifact["hashes"] = {"sha-256": inspection.sha256}
    return artifact


def _result(reason: Reason, index: int, uri: str) -> JsonObject:
    location: Json = {"artifactLocation": {"uri": uri, "index": 0}}
    place: dict[str, Json] = {"physicalLocation": location}
    if reason.layer is not None:
        place["logicalLocations"] = [{"name": reason.layer, "kind": "element"}]
    return {
        "ruleId": reason.rule,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": f"{reason.text}. {reason.way_out}"},
        "locations": [place],
    }
