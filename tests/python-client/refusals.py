"""Reads what an error carries beside its text: `google.rpc` details."""

from dataclasses import dataclass, field

import grpc
from google.rpc import error_details_pb2
from grpc_status import rpc_status


@dataclass
class Refusal:
    """An error of the hall, taken apart."""

    code: grpc.StatusCode
    message: str
    reason: str = ""
    """Stable, for programs: TABLE_OCCUPIED."""
    facts: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    """Of INVALID_ARGUMENT: what is wrong with which field."""
    retry_seconds: float | None = None
    """Of UNAVAILABLE: repeat the same request, with the same request_id, after this time."""


def of(error: grpc.RpcError) -> Refusal:
    refusal = Refusal(error.code(), error.details())
    status = rpc_status.from_call(error)
    for detail in status.details if status else ():
        info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
        if detail.Unpack(info):
            refusal.reason, refusal.facts = info.reason, dict(info.metadata)
        elif detail.Unpack(bad):
            refusal.fields = {violation.field: violation.description for violation in bad.field_violations}
        elif detail.Unpack(retry):
            refusal.retry_seconds = retry.retry_delay.ToTimedelta().total_seconds()
    return refusal


def expect(code: grpc.StatusCode, call, request) -> Refusal:
    """Makes a call that must fail with `code`."""
    try:
        call(request, timeout=20)
    except grpc.RpcError as error:
        refusal = of(error)
        if refusal.code == code:
            return refusal
        raise SystemExit(f"expected {code.name}, got {refusal}") from error
    raise SystemExit(f"expected {code.name}, but the call succeeded")
