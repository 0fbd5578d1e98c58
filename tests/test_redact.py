"""Secrets are taken out of texts in every form in which a log may carry them, and nothing else is."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycore.redact import MASK, Redactor

SECRET = "NhqPtmdSJYdKjVHjA7PZj4/+ge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j="
PEM = (
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIPzvw1YsUJqNNfcvuxBCMWLnfKHzo0oU2WuYGzYh6Q9X\n"
    "-----END PRIVATE KEY-----\n"
)
BODY = PEM.splitlines()[1]


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        f"key {SECRET}, and again {SECRET}",
        f"GET /x?k={quote(SECRET, safe='')}",
        json.dumps({"k": SECRET}),
        repr(SECRET.encode()),
        json.dumps({"k": json.dumps({"k": SECRET})}),
    ],
)
def test_a_known_secret_is_taken_out_in_each_form(text: str) -> None:
    cleaned = Redactor([SECRET]).text(text)
    assert SECRET not in cleaned
    assert quote(SECRET, safe="") not in cleaned
    assert MASK in cleaned


@pytest.mark.parametrize("text", [PEM, json.dumps(PEM), repr(PEM), BODY, f"before {PEM} after"])
def test_a_pem_is_taken_out_whole_and_line_by_line(text: str) -> None:
    assert BODY not in Redactor([PEM]).text(text)


def test_a_key_block_that_nobody_named_is_taken_out() -> None:
    assert Redactor().text(f"read {PEM}then left") == f"read {MASK}\nthen left"
    assert BODY not in Redactor().text(PEM.removesuffix("-----END PRIVATE KEY-----\n"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("GET /o?a=1&signature=ab12%3D&b=2", "GET /o?a=1&signature=***&b=2"),
        (r"b'GET /private/ws?listenKey=pqia91ma19a5 HTTP/1.1\r\n'", r"b'GET /private/ws?listenKey=*** HTTP/1.1\r\n'"),
        ('{"apiKey":"vmPUZE","signature": "c8db"}', '{"apiKey":"***","signature": "***"}'),
        (r'{"id":"1","text":"{\"signature\":\"c8db\"}"}', r'{"id":"1","text":"{\"signature\":\"***\"}"}'),
        ("X-MBX-APIKEY: vmPUZE", "X-MBX-APIKEY: ***"),
        ("Authorization: Basic c3RyZWFt", "Authorization: Basic ***"),
        ("TICKWRIGHT_API_SECRET is missing in the environment", "TICKWRIGHT_API_SECRET is missing in the environment"),
        (
            "code -1022, Signature for this request is not valid.",
            "code -1022, Signature for this request is not valid.",
        ),
    ],
)
def test_what_is_named_like_a_secret_is_taken_out_and_the_rest_stays(text: str, wanted: str) -> None:
    assert Redactor().text(text) == wanted


def test_values_are_cleaned_by_name_and_by_content() -> None:
    value = {"signature": "c8db", "count": 3, "deep": [{"listenKey": 7}, SECRET], "odd": {1}, "no": None, "yes": True}
    assert Redactor([SECRET]).value(value) == {
        "signature": MASK,
        "count": 3,
        "deep": [{"listenKey": MASK}, MASK],
        "odd": [1],
        "no": None,
        "yes": True,
    }


def test_a_short_secret_does_not_eat_words() -> None:
    assert Redactor(["k", None, ""]).text("the clock ticks") == "the clock ticks"
    assert SECRET not in repr(Redactor([SECRET]))


@given(st.text(), st.text(alphabet=st.characters(codec="ascii"), min_size=8), st.text())
def test_no_known_secret_survives(before: str, secret: str, after: str) -> None:
    assert secret not in Redactor([secret]).text(f"{before}{secret}{after}").replace(MASK, "")
