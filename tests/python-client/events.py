#!/usr/bin/env python3
"""Reads every event on NATS and holds it against the published contract. See README.md.

    python events.py --nats nats://127.0.0.1:4222 --contract schema --until 42
"""

import argparse
import asyncio
import json
from pathlib import Path

import nats
from jsonschema import Draft202012Validator

from telling import check, say


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nats", required=True, metavar="URL")
    parser.add_argument("--contract", required=True, type=Path, metavar="DIR")
    parser.add_argument("--until", required=True, type=int, metavar="POSITION")
    arguments = parser.parse_args()
    schemas = {path.stem: json.loads(path.read_text("utf-8")) for path in (arguments.contract / "json").glob("*.json")}
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    validators = {name: Draft202012Validator(schema) for name, schema in schemas.items()}
    document = json.loads((arguments.contract / "asyncapi.json").read_text("utf-8"))
    messages_lead_to_their_schemas(document, schemas)
    samples = samples_are_valid(arguments.contract / "events", validators)
    say(f"{len(schemas)} schemas; {samples} samples are valid")
    seen = asyncio.run(follow(arguments.nats, arguments.until, document, validators))
    say(f"{seen} events are as the contract says")


def messages_lead_to_their_schemas(document: dict, schemas: dict) -> None:
    for name, message in document["components"]["messages"].items():
        aggregate, event_type = name.split(".")
        file, pointer = message["payload"]["schema"]["$ref"].split("#/oneOf/")
        check(file == f"json/{aggregate}.json", f"{name} leads to {file}")
        variant = schemas[aggregate]["oneOf"][int(pointer)]
        check(variant["required"] == [event_type], f"{name} leads to its own event")


def samples_are_valid(folder: Path, validators: dict) -> int:
    count = 0
    for sample in folder.glob("*/*/*.json"):
        validators[sample.parts[-3]].validate(json.loads(sample.read_text("utf-8")))
        count += 1
    return count


async def follow(url: str, until: int, document: dict, validators: dict) -> int:
    """Reads on to the position `until`; nothing may be missing on the way."""
    connection = await nats.connect(url)
    stream = connection.jetstream()
    events = await stream.subscribe("events.>", stream="EVENTS", ordered_consumer=True)
    required = document["components"]["schemas"]["headers"]["required"]
    for position in range(1, until + 1):
        message = await events.next_msg(timeout=30)
        headers = message.headers
        check(int(headers["Baize-Position"]) == position, f"position {position} comes next")
        missing = [name for name in required if name not in headers]
        check(not missing, f"headers {missing} at {position}")
        _, aggregate, _, event_type = message.subject.split(".")
        channel = document["channels"][aggregate]
        check(event_type in channel["parameters"]["eventType"]["enum"], f"{message.subject} is known")
        payload = json.loads(message.data)
        check(list(payload) == [event_type], f"{message.subject} holds {list(payload)}")
        validators[aggregate].validate(payload)
    await connection.close()
    return until


if __name__ == "__main__":
    main()
