"""Prints every event of the halls, from the first on, as it happens: python consumer.py nats://127.0.0.1:4222"""
import asyncio, json, sys
import nats


async def main(url: str) -> None:
    stream = (await nats.connect(url)).jetstream()
    events = await stream.subscribe("events.>", stream="EVENTS", ordered_consumer=True)
    async for message in events.messages:
        print(message.headers["Baize-Position"], message.subject, json.loads(message.data), flush=True)


asyncio.run(main(sys.argv[1]))
