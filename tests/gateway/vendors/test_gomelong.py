"""Gome Long, both servers: the conformance kit, and what is their own."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from core.vend import DeviceNotFound, Done, Refusal, Unknown
from gateway.vendors.driver import HttpDriver
from gateway.vendors.gomelong_sts import GomeLongSts
from tests.gateway.vendors.conformance import Conformance, Spec
from tests.support.standins import StandIns, closed_port_url
from tests.support.vendors import account_with


class TestGomeLong(Conformance):
    spec = Spec("gomelong", wrong={"PASSWORD": "another"})

    def test_zero_is_a_failure_even_with_a_token(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        body = (
            '{"ReturnCode": "0", "ReturnMessage": "x", "Data": {"Token": "12345678901234567890"}}'
        )
        self.fault(standins, serial, "body_reply", body, operation="vend")
        assert isinstance(vendor.vend(self.order(serial)), Refusal)


class TestGomeLongSts(Conformance):
    spec = Spec("gomelong_sts", wrong={"PASSWORD": "another"})

    @pytest.mark.parametrize("code", ["0", "200", '"200"', "1", "null"])
    def test_a_token_says_that_it_was_vended(
        self, vendor: HttpDriver, standins: StandIns, serial: str, code: str
    ) -> None:
        data = '{"Token": "1234 5678 9012 3456 7890", "MeterCode": ""}'
        body = f'{{"Code": {code}, "Message": "x", "Data": {data}}}'
        self.fault(standins, serial, "body_reply", body, operation="vend")
        assert vendor.vend(self.order(serial)) == Done(("12345678901234567890",))

    def test_another_meters_token_is_no_answer(
        self, vendor: HttpDriver, standins: StandIns, serial: str
    ) -> None:
        data = '{"Token": "12345678901234567890", "MeterCode": "0022000169833"}'
        body = f'{{"Code": 200, "Data": {data}}}'
        self.fault(standins, serial, "body_reply", body, operation="vend")
        assert isinstance(vendor.vend(self.order(serial)), Unknown)

    def test_a_number_that_is_too_long_is_not_asked_for(self) -> None:
        vendor = GomeLongSts(account_with("gomelong_sts", closed_port_url()))
        assert vendor.vend(self.order("1" * 14)) == Refusal(
            "unknown_device", "longer than this vendor's meter numbers"
        )
        assert isinstance(vendor.check("1" * 14), DeviceNotFound)

    @pytest.mark.parametrize("fault", ["", "lose_reply", "fail_after", "html_reply"])
    def test_the_password_in_the_address_is_never_logged(
        self,
        vendor: HttpDriver,
        standins: StandIns,
        serial: str,
        fault: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Not even at level debug, at which libraries log addresses."""
        if fault:
            self.fault(standins, serial, fault, operation="vend")
        with caplog.at_level(logging.DEBUG):
            answer = vendor.vend(self.order(serial))
            GomeLongSts(account_with("gomelong_sts", closed_port_url())).vend(self.order(serial))
        written = repr(answer) + "".join(
            record.getMessage() + str(record.__dict__) for record in caplog.records
        )
        assert "s4s-pass-w0rd" not in written

    def test_an_answer_with_broken_headers_logs_no_password(
        self, serial: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        with broken_headers() as url, caplog.at_level(logging.DEBUG):
            answer = GomeLongSts(account_with("gomelong_sts", url)).vend(self.order(serial))
        assert isinstance(answer, Unknown)
        assert "s4s-pass-w0rd" not in "".join(str(record.__dict__) for record in caplog.records)


@contextmanager
def broken_headers() -> Iterator[str]:
    """A server that gives one answer, whose headers no library reads without a warning."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.recv(65_536)
                caller.sendall(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 2\r\n\r\n{}")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()
