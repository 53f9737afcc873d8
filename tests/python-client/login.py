"""Letting somebody in: WeChat's code for tokens, and new tokens for old ones."""

import grpc

import refusals
from telling import DEADLINE_SECONDS, check, new_id, say


def with_wechat(commands: grpc.Channel, chain_id: str, code: str) -> tuple[str, str]:
    """Logs in with what `wx.login` gave the phone. Returns the person's id and an access token."""
    from hall.identity.v1 import messages_pb2 as m
    from hall.identity.v1.service_pb2_grpc import IdentityServiceStub

    identity = IdentityServiceStub(commands)
    request = m.LoginWithWechatRequest(request_id=new_id(), chain_id=chain_id, code=code)
    admitted = identity.LoginWithWechat(request, timeout=DEADLINE_SECONDS)
    check(admitted.is_new, "nobody had logged in with this account")
    # WeChat takes a code once.
    refusal = refusals.expect(
        grpc.StatusCode.INVALID_ARGUMENT,
        identity.LoginWithWechat,
        m.LoginWithWechatRequest(request_id=new_id(), chain_id=chain_id, code=code),
    )
    check(refusal.reason == "WECHAT_CODE_USED", f"a code is good once: {refusal}")
    say(f"logged in: new, member {admitted.member_id}")
    # An access token is good for minutes. The refresh token gives the next, once.
    refresh = m.RefreshTokenRequest(refresh_token=admitted.tokens.refresh_token)
    tokens = identity.RefreshToken(refresh, timeout=DEADLINE_SECONDS).tokens
    check(tokens.refresh_token != admitted.tokens.refresh_token, "a refresh token is good once")
    return admitted.member_id, tokens.access_token
