"""Watches a lamp at the broker, as any MQTT client could: it only listens."""

import threading
import time

from paho.mqtt import client as mqtt


class Lamp:
    """One output of a Tasmota relay: what it was told (`cmnd/…`) and what it answered (`stat/…`)."""

    def __init__(self, host: str, port: int, topic: str, channel: int = 1) -> None:
        # Output 1 of a relay with one output answers as POWER, of one with several as POWER1.
        self._outputs = {f"POWER{channel}"} | ({"POWER"} if channel == 1 else set())
        self._topic = topic
        self._changed = threading.Condition()
        self._told: str | None = None
        self._is: str | None = None
        self._listening = False
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
        self._client.on_connect = lambda client, *_: client.subscribe([("cmnd/#", 1), ("stat/#", 1)])
        self._client.on_subscribe = lambda *_: self._note(_listening=True)
        self._client.on_message = lambda _client, _data, message: self._heard(message)
        self._client.connect(host, port, keepalive=30)
        self._client.loop_start()
        self._wait(lambda: self._listening, "the broker to accept the subscription", 10)

    def wait_until_told(self, state: str, seconds: float) -> None:
        """Waits until the hall has sent the command `state` (ON or OFF) to the relay."""
        self._wait(lambda: self._told == state, f"the command {state}", seconds)

    def wait_until(self, state: str, seconds: float) -> None:
        """Waits until the relay itself has said that it is `state` (ON or OFF)."""
        self._wait(lambda: self._is == state, f"the lamp to be {state}", seconds)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _heard(self, message: mqtt.MQTTMessage) -> None:
        kind, topic, output = (message.topic.split("/", 2) + ["", ""])[:3]
        state = message.payload.decode(errors="replace")
        if topic != self._topic or output not in self._outputs or state not in ("ON", "OFF"):
            return  # another relay, a query (empty payload), or a JSON report
        if kind == "cmnd":
            self._note(_told=state)
        else:
            self._note(_is=state)

    def _note(self, **fields: object) -> None:
        with self._changed:
            self.__dict__.update(fields)
            self._changed.notify_all()

    def _wait(self, fact, what: str, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with self._changed:
            while not fact():
                if not self._changed.wait(deadline - time.monotonic()):
                    raise SystemExit(f"waited {seconds} s for {what}: told {self._told}, answered {self._is}")
