"""Setting up a hall, and reading what hangs on its tables."""

from dataclasses import dataclass

import grpc

from telling import DEADLINE_SECONDS, new_id


@dataclass
class Place:
    """A hall that was set up."""

    chain_id: str
    hall_id: str
    table_ids: list[str]
    position: int
    """Where in the log all of it is."""


def set_up(house: grpc.Channel, relays: list[str]) -> Place:
    """A hall with a table for each relay: A1, A2, … Its lamp is the relay's output 1."""
    from hall.venue.v1 import messages_pb2 as m
    from hall.venue.v1.service_pb2_grpc import VenueServiceStub

    venue = VenueServiceStub(house)
    chain = venue.RegisterChain(
        m.RegisterChainRequest(request_id=new_id(), name="白泽"),
        timeout=DEADLINE_SECONDS,
    )
    hall = venue.RegisterHall(
        m.RegisterHallRequest(
            request_id=new_id(),
            chain_id=chain.chain_id,
            name="白泽 Hall",
            time_zone="Asia/Shanghai",
            business_day_cutoff_minutes=360,
            policy=m.HallPolicy(linger_seconds=2),
        ),
        timeout=DEADLINE_SECONDS,
    )
    every_day = [day for day in m.Weekday.values() if day != m.WEEKDAY_UNSPECIFIED]
    tariff = venue.PublishTariff(
        m.PublishTariffRequest(
            request_id=new_id(),
            hall_id=hall.hall_id,
            tariff=m.Tariff(
                name="standard",
                price_per_hour_fen=20_00,
                bands=[
                    m.Band(name="day", weekdays=every_day, from_minute=480, to_minute=1080, price_per_hour_fen=16_00)
                ],
                step_minutes=15,
                minimum_fen=8_00,
                cap_fen=100_00,
                grace_seconds=0,
            ),
        ),
        timeout=DEADLINE_SECONDS,
    )
    venue.DefineGoods(
        m.DefineGoodsRequest(
            request_id=new_id(),
            hall_id=hall.hall_id,
            goods=[m.Goods(code="cola", name_zh="可乐", name_en="Cola", price_fen=6_00)],
        ),
        timeout=DEADLINE_SECONDS,
    )
    table_ids = []
    for number, relay in enumerate(relays, start=1):
        device = venue.RegisterDevice(
            m.RegisterDeviceRequest(
                request_id=new_id(), hall_id=hall.hall_id, driver=m.DRIVER_TASMOTA, topic=relay, channels=1
            ),
            timeout=DEADLINE_SECONDS,
        )
        table = venue.RegisterTable(
            m.RegisterTableRequest(
                request_id=new_id(),
                hall_id=hall.hall_id,
                label=f"A{number}",
                table_class=m.TABLE_CLASS_CHINESE_EIGHT_BALL,
                tariff_plan_id=tariff.plan_id,
                light_device_id=device.device_id,
                light_channel=1,
            ),
            timeout=DEADLINE_SECONDS,
        )
        table_ids.append(table.table_id)
    return Place(chain.chain_id, hall.hall_id, table_ids, table.position)


def code_of(queries: grpc.Channel, place: Place) -> str:
    """What a phone reads from the code on the first table."""
    from hall.view.v1 import directory_pb2 as directory
    from hall.view.v1.directory_pb2_grpc import DirectoryServiceStub

    request = directory.ListTableCodesRequest(table_id=place.table_ids[0], min_position=place.position)
    return DirectoryServiceStub(queries).ListTableCodes(request, timeout=DEADLINE_SECONDS).codes[0].address
