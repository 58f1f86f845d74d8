"""An inspection in SARIF 2.1.0, the format that code-scanning tools read.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fashion_nn import __version__
from fashion_nn.inference.inspection.result import RULES, Inspection, Reason, Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)


def to_sarif(inspection: Inspection) -> dict[str, Any]:
    """A log with one run and one result for each reason for a refusal; none if it is accepted."""
    location = {"artifactLocation": {"uri": quote(os.fsencode(inspection.path)), "index": 0}}
    rules = list(RULES)
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": _driver()},
                "artifacts": [_artifact(inspection, location)],
                "results": [
                    _result(reason, rules.index(reason.rule), location)
                    for reason in inspection.reasons
                ],
            }
        ],
    }


def _driver() -> dict[str, Any]:
    return {
        "name": "fashion-nn inspect",
        "version": __version__,
        "rules": [_rule(rule) for rule in RULES],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule,
        "shortDescription": {"text": RULES[rule].title},
        "help": {"text": RULES[rule].way_out},
        "defaultConfiguration": {"level": "error"},
    }


def _artifact(inspection: Inspection, location: Mapping[str, Any]) -> dict[str, Any]:
    artifact: dict[str, Any] = {"location": {"uri": location["artifactLocation"]["uri"]}}
    if inspection.size is not None:
        artifact["length"] = inspection.size
    if inspection.sha256 is not None:
        artifact["hashes"] = {"sha-256": inspection.sha256}
    return artifact


def _result(reason: Reason, index: int, location: Mapping[str, Any]) -> dict[str, Any]:
    place: dict[str, Any] = {"physicalLocation": location}
    if reason.layer is not None:
        place["logicalLocations"] = [{"name": reason.layer, "kind": "element"}]
    return {
        "ruleId": reason.rule,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": f"{reason.text}. {reason.way_out}"},
        "locations": [place],
    }
