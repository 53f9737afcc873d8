"""What every step of the evening uses."""

import uuid

DEADLINE_SECONDS = 20
"""Every call carries a deadline; the server gives up when it has passed."""


def new_id() -> str:
    return str(uuid.uuid4())


def check(fact: bool, what: str) -> None:
    if not fact:
        raise SystemExit(f"not so: {what}")


def say(text: str) -> None:
    print(text, flush=True)


def yuan(fen: int) -> str:
    return f"¥{fen / 100:.2f}"
