"""Mail as it comes: from programs that do it each in their own way, and from whoever likes to do harm."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from radicale_booking.domain.effect import Returned
from radicale_booking.notify.incoming import read

CALENDAR = ("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Tëa\r\n"
            "END:VEVENT\r\nEND:VCALENDAR\r\n")
_HEAD = "From: Bob <Bob@Example.org>\r\nMessage-ID: <1@x>\r\nMIME-Version: 1.0\r\n"


def multipart(*parts: str) -> bytes:
    body = "".join(f"--b\r\n{part}\r\n" for part in parts)
    return (f'{_HEAD}Content-Type: multipart/mixed; boundary="b"\r\n\r\n{body}--b--\r\n').encode()


def coded(kind: str, encoding: str, disposition: str = "") -> str:
    raw = CALENDAR.encode()
    content = {"base64": base64.encodebytes(raw), "quoted-printable": quopri.encodestring(raw), "8bit": raw}[encoding]
    return (f"Content-Type: {kind}\r\n{disposition}Content-Transfer-Encoding: {encoding}\r\n\r\n"
            f"{content.decode('utf-8', 'surrogateescape')}")


@pytest.mark.parametrize("raw", [
    multipart(coded("text/calendar; method=REQUEST; charset=UTF-8", "base64")),  # Google, Outlook
    multipart("Content-Type: text/plain\r\n\r\nHello", coded("text/calendar; charset=utf-8; method=REQUEST",
                                                           "quoted-printable")),  # Thunderbird
    multipart("Content-Type: text/html\r\n\r\n<p>", coded('application/ics; name="invite.ics"', "base64",
                                                        'Content-Disposition: attachment; filename="invite.ics"\r\n')),
    multipart("Content-Type: text/plain\r\n\r\n", coded("application/octet-stream", "base64",
                                                      "Content-Disposition: attachment; filename=Meeting.ICS\r\n")),
    (_HEAD + coded("text/calendar; method=request", "8bit")).encode(),  # Apple
    multipart(coded("text/calendar; charset=unknown-8bit; method=REQUEST", "base64")),
])
def test_an_invitation_is_found(raw: bytes) -> None:
    found = read(raw)
    assert (found.sender, found.sender_name, found.message_id) == ("bob@example.org", "Bob", "<1@x>")
    assert (found.method, "SUMMARY:Tëa" in found.text) == ("REQUEST", True)
    assert "\r\r" not in found.text
    assert not found.automatic


def test_mail_without_one() -> None:
    found = read(f"{_HEAD}\r\nBEGIN:VCALENDAR in words".encode())
    assert (found.method, found.text) == ("", "")
    assert read(b"").sender == ""


@pytest.mark.parametrize(("head", "sender"), [
    ("From: a@x.org, b@x.org\r\n", ""), ("From: a@x.org\r\nFrom: b@x.org\r\n", ""), ("", ""),
    ('From: "b@evil.org" <a@x.org>\r\n', "a@x.org"), ("From: A@X.Org\r\n", "a@x.org")])
def test_one_sender_or_none(head: str, sender: str) -> None:
    assert read(f"{head}\r\n".encode()).sender == sender


@pytest.mark.parametrize(("head", "automatic"), [
    ("", False), ("Auto-Submitted: no\r\n", False), ("Auto-Submitted: auto-replied\r\n", True),
    ("Auto-Submitted: auto-generated; x=y\r\n", False), ("Auto-Submitted: AUTO-NOTIFIED (x)\r\n", True),
    ("Auto-Submitted:\r\n", False), ("Precedence: bulk\r\n", True)])
def test_programs_that_write_mail(head: str, automatic: bool) -> None:
    assert read(f"{_HEAD}{head}\r\n".encode()).automatic is automatic


@pytest.mark.parametrize(("heads", "by"), [
    (["mx.example.org; dmarc=pass header.from=example.org"], ("mx.example.org",)),
    (["MX.Example.org 1; spf=fail; dkim=pass (ok; really) header.d=example.org"], ("mx.example.org",)),
    (["mx.example.org; spf=pass smtp.mailfrom=bob@example.org; dkim=none"], ("mx.example.org",)),
    (["mx.example.org; dkim=pass header.i=@org; dkim=pass header.d=le.org; spf=pass smtp.mailfrom=x@evil.test"], ()),
    (["mx.example.org; dmarc=pass header.from=evil.test"], ()), (["mx.example.org; dkim=pass"], ()),
    (["mx.example.org; none (spf=pass smtp.mailfrom=example.org)"], ()),
    (["mx.example.org; dmarc=fail"], ()),
    (["mx.example.org; dmarc=fail", "mx.example.org; dmarc=pass"], ()),  # the second came with the mail
    (["mx.example.org; dmarc=passport"], ()), ([""], ()),
])
def test_who_vouches_for_the_sender(heads: list[str], by: tuple[str, ...]) -> None:
    lines = "".join(f"Authentication-Results: {head}\r\n" for head in heads)
    assert read(f"{lines}{_HEAD}\r\n".encode()).authenticated_by == by


_PIECES = st.sampled_from([b"From: a@x.org\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n", b"\r\n", b"--b\r\n",
                           b"--b--", b"Content-Type: text/calendar; charset=\xff\r\n", b"BEGIN:VCALENDAR\r\n",
                           b"METHOD:REQUEST\r\n", b"Content-Transfer-Encoding: base64\r\n", b"=?utf-8?b?//8=?=",
                           b"Content-Type: message/rfc822\r\n", b"From: =?x?q?=FF?= <@>\r\n", b"\x00",
                           b"Subject: \xff\r\n"])


@given(st.one_of(st.binary(max_size=300), st.lists(_PIECES, max_size=30).map(b"".join)))
def test_nothing_breaks_it(raw: bytes) -> None:
    found = read(raw)
    assert bool(found.method) == bool(found.text)


def test_mail_in_mail_in_mail() -> None:
    raw = b"".join(b"Content-Type: message/rfc822\r\n\r\n" for _ in range(300)) + CALENDAR.encode()
    assert read(raw).method == ""


def test_what_a_bounce_brings_back_is_no_message() -> None:
    ours = f"Content-Type: message/rfc822\r\n\r\n{_HEAD}{coded('text/calendar; method=REQUEST', 'base64')}"
    assert read(multipart("Content-Type: text/plain\r\n\r\nIt did not arrive.", ours)).method == ""
    nested = 'Content-Type: multipart/alternative; boundary="c"\r\n\r\n--c\r\n' + coded("text/calendar", "base64")
    assert read(multipart(f"{nested}\r\n--c--\r\n", ours)).method == "REQUEST"


def test_whom_to_answer() -> None:
    assert read(f"{_HEAD}Reply-To: Zoe <Zoe@Example.org>\r\n\r\n".encode()).reply_to == "zoe@example.org"
    assert read(f"{_HEAD}Reply-To: a@x.org, b@x.org\r\n\r\n".encode()).reply_to == ""


def reported(key: str = "u1/0/book/invitee", action: str = "failed", kind: str = "report") -> Returned | None:
    status = (f"Content-Type: message/delivery-status\r\n\r\nOriginal-Envelope-Id: {key}\r\n\r\n"
              f"Final-Recipient: rfc822; a@x.org\r\nAction: {action}\r\nStatus: 5.1.1\r\n"
              "Diagnostic-Code: smtp; 550 no\r\n  such user\r\n")
    head = f'Content-Type: multipart/{kind}; boundary="b"\r\n\r\n--b\r\n\r\nSorry\r\n--b\r\n'
    return read(f"{head}{status}\r\n--b--\r\n".encode()).returned


def test_a_report_of_failed_mail() -> None:
    assert reported() == Returned("u1/0/book/invitee", "5.1.1 550 no such user")
    assert reported("a+2Bb+3Dc") == Returned("a+b=c", "5.1.1 550 no such user")
    assert [reported(action="delayed"), reported(action="delivered"), reported(""), reported(kind="x")] == [None] * 4
    assert read(b"Content-Type: multipart/report\r\n\r\nx").returned is None
    assert read(b'Content-Type: multipart/report; boundary="b"\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n'
                b"\r\n\r\n--b--\r\n").returned is None
