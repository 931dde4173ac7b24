"""Requests made from the service's own description: none of them may break it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest
import schemathesis
from desks import DOUBTS, HEALTH
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance
from served import token_for

from cleaner.desk.app import create_app
from cleaner.desk.settings import Settings

EXAMPLES = settings(
    max_examples=15, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, dict[str, str]]:
    """A desk with an article, and who asks it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('desk') / 'desk.db'}"
    headers = {"Authorization": f"Bearer {token_for(url)}"}
    app = create_app(Settings(database=url, policy=DOUBTS, address="http://testserver", requests_per_minute=0))
    client = TestClient(app, headers=headers)
    assert client.post("/v1/articles", json={"source": HEALTH}).status_code == 201
    return app, headers


def test_nothing_breaks_it(asked: tuple[Any, dict[str, str]]) -> None:
    app, headers = asked
    described = schemathesis.openapi.from_asgi("/v1/openapi.json", app)
    operations: list[Any] = [cast(Any, found).ok() for found in described.get_all_operations()]
    assert len(operations) >= 20
    for operation in operations:

        @given(case=operation.as_strategy())
        @EXAMPLES
        def breaks_nothing(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        breaks_nothing()


def test_the_description_is_valid(asked: tuple[Any, dict[str, str]]) -> None:
    description = TestClient(asked[0]).get("/v1/openapi.json").json()
    OpenAPIV31SpecValidator(description).validate()
    refused = description["paths"]["/v1/articles"]["post"]["responses"]
    assert {"400", "401", "403", "408", "413", "415", "422", "429", "503", "507"} <= refused.keys()
    assert all("application/problem+json" in told["content"] for status, told in refused.items() if status >= "400")
    assert set(description["components"]["schemas"]["Problem"]["required"]) == {"type", "title", "status", "detail"}


def test_every_route_is_described_with_examples(asked: tuple[Any, dict[str, str]]) -> None:
    description = TestClient(asked[0]).get("/v1/openapi.json").json()
    assert len(description["paths"]) >= 18
    for path, methods in description["paths"].items():
        for method, told in methods.items():
            assert told["description"], (method, path)
    bodies = [
        content["schema"]
        for methods in description["paths"].values()
        for told in methods.values()
        for content in told.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(bodies) >= 9
    schemas = description["components"]["schemas"]
    for name in ("Source", "Submit", "DecideIn", "PreviewIn", "BulkIn", "PolicyIn", "ArticleOut", "Cleaned", "Scanned"):
        assert schemas[name]["examples"], name


def test_the_command_of_the_description_is_there(tmp_path: Path) -> None:
    assert "cleaner token add" in str(create_app(Settings(database=f"sqlite:///{tmp_path / 'd.db'}")).openapi())
