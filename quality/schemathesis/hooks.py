"""Adapts the requests of schemathesis, and ignores failures that the OpenAPI document cannot rule out."""

import atexit
import itertools
import os
from collections import Counter
from urllib.parse import parse_qsl, unquote, urlsplit

import schemathesis
from schemathesis.core.parameters import ParameterLocation

CALLER = os.environ["SCHEMATHESIS_CALLER_ID"]
ANOTHER_USER = "agent789"

SIGNED_FILE = urlsplit(os.environ["SCHEMATHESIS_FILE_URL"])

EXAMPLE_KEY = "5b1f3c9e-7f6a-4d0b-9a53-6a1c8e2d4f10"
EXAMPLE_TAG = '"3.9f86d081884c7d65"'

# Headers whose invalid values the service ignores, as documented.
IGNORED_HEADERS = {"X-Request-Id", "X-D1-Bookmark", "If-None-Match", "Range", "If-Range"}

# Rules that JSON Schema cannot express; the document describes each of them.
BEYOND_SCHEMAS = {
    "Page must not be used together with cursor",
    "Cursor is not a complete cursor: send next_cursor of a response",
    "Cursor does not belong to this list and these filters",
    "Tags must not be used together with add_tags or remove_tags",
    "add_tags must not overlap remove_tags",
    "current_password is required",
    "current_password is only accepted with a change of your own email",
    "Until must be later than since",
    "expires_at must be in the future",
    # `current_password` alone.
    "Body must have at least one field",
}

numbers = itertools.count()
requests = Counter()


@schemathesis.hook
def before_call(context, case, kwargs):
    number = next(numbers)
    # Failed requests are limited per IP address.
    case.headers["CF-Connecting-IP"] = f"198.18.{number // 256 % 256}.{number % 256}"
    # A key works once, and a version belongs to one ticket: the examples' own values would make most requests fail.
    if case.headers.get("Idempotency-Key") == EXAMPLE_KEY:
        case.headers["Idempotency-Key"] = f"schemathesis-{number}"
    if case.headers.get("If-Match") == EXAMPLE_TAG:
        case.headers["If-Match"] = "*"
    # A generated signature is never valid.
    if case.operation.path.startswith("/files/") and not is_wrong_in(case, ParameterLocation.PATH, ParameterLocation.QUERY):
        _, _, attachment, filename = SIGNED_FILE.path.split("/")
        case.path_parameters.update({"attachment_id": attachment, "filename": unquote(filename)})
        case.query.update(parse_qsl(SIGNED_FILE.query))
    # A deactivated or demoted caller could not test anything further.
    changes_user = case.operation.path.startswith("/users/{user_id}") and case.method != "GET"
    if changes_user and (case.path_parameters or {}).get("user_id") == CALLER:
        case.path_parameters["user_id"] = ANOTHER_USER


@schemathesis.hook
def after_call(context, case, response):
    requests[(case.meta.phase.name.value if case.meta else "other", f"{response.status_code // 100}xx")] += 1


@schemathesis.hook
def filter_failure(context, failure, case, response):
    if "negative_data_rejection" in failure.checks:
        return not is_ignored(case)
    if "positive_data_acceptance" in failure.checks and response.status_code == 400:
        rules = {detail["message"] for detail in response.json()["error"]["details"]}
        return not rules or not rules <= BEYOND_SCHEMAS
    return True


def is_wrong_in(case, *places):
    return any(case.meta.is_negative_at(place) for place in places)


def is_ignored(case):
    """Whether only ignored headers of the request are invalid."""
    data = case.meta.phase.data
    if any(part.mode.is_negative and place != ParameterLocation.HEADER for place, part in case.meta.components.items()):
        return False
    wrong = {*(mutation.parameter for mutation in data.mutations), data.parameter} - {None}
    return bool(wrong) and wrong <= IGNORED_HEADERS


@atexit.register
def report():
    for (phase, statuses), count in sorted(requests.items()):
        print(f"{phase:10} {statuses} {count}")
