"""Answers that must be JSON of a given shape."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema
from referencing import Registry
from referencing.exceptions import Unresolvable

from services.inference.errors import InvalidJson
from services.runtime.errors import InvalidArgument, Violation


class Shape:
    """A JSON Schema (draft 2020-12). Raises InvalidArgument where it is none."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError:
            raise InvalidArgument([Violation("json_schema", "is no JSON Schema (draft 2020-12)")]) from None
        # A registry of our own: the default one would fetch what "$ref" names from the network.
        self._validator = jsonschema.Draft202012Validator(schema, registry=Registry())

    def check(self, text: str) -> None:
        """Raise InvalidJson where the text is not JSON of this shape."""
        try:
            self._validator.validate(json.loads(text))
        except Unresolvable:
            raise InvalidArgument([Violation("json_schema", "refers to what it does not hold")]) from None
        except (ValueError, jsonschema.ValidationError, RecursionError):
            raise InvalidJson(
                "the model's answer does not keep to the JSON schema: try again, or another model"
            ) from None
