"""Tokens: every call shows one, in the header `authorization`."""

from collections import namedtuple
from pathlib import Path

import grpc


class _CallDetails(
    namedtuple("_CallDetails", ("method", "timeout", "metadata", "credentials", "wait_for_ready", "compression")),
    grpc.ClientCallDetails,
):
    """What grpcio wants to be given back, with other metadata."""


class _Bearer(grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor):
    def __init__(self, token: str) -> None:
        self._header = ("authorization", f"Bearer {token}")

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self._with_header(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self._with_header(details), request)

    def _with_header(self, details):
        metadata = [*(details.metadata or ()), self._header]
        return _CallDetails(
            details.method,
            details.timeout,
            metadata,
            details.credentials,
            getattr(details, "wait_for_ready", None),
            getattr(details, "compression", None),
        )


def bearing(channel: grpc.Channel, token: str) -> grpc.Channel:
    """The same channel for the bearer of a token."""
    return grpc.intercept_channel(channel, _Bearer(token))


def read(path: Path) -> str:
    """The token in a file, as `baize token` prints it."""
    return path.read_text().strip()
