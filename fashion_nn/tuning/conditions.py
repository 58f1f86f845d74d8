"""Which parameters of a search count beside the values of others."""

from collections.abc import Mapping
from typing import Any

from fashion_nn.runs import Parameter


def counts_with(
    parameter: Parameter, values: Mapping[str, Any], by_name: Mapping[str, Parameter]
) -> bool:
    """Whether `parameter` has an effect beside `values` of those it depends on."""
    return all(
        values.get(parent) in allowed and counts_with(by_name[parent], values, by_name)
        for parent, allowed in parameter.when.items()
    )
