#!/usr/bin/env python3
"""An evening at a billiard hall, through gRPC and MQTT only. See README.md.

    python evening.py --commands 127.0.0.1:7401 --queries 127.0.0.1:7402 --mqtt 127.0.0.1:1883 \\
        --operator-token operator.token --customer-token customer.token
"""

import argparse
import uuid
from pathlib import Path

import grpc

import refusals
import stubs
import tokens
from lamp import Lamp

REPOSITORY = Path(__file__).resolve().parents[2]
DEADLINE_SECONDS = 20
"""Every call carries a deadline; the server gives up when it has passed."""


def main() -> None:
    arguments = parse_arguments()
    stubs.generate(arguments.proto)
    host, port = arguments.mqtt.rsplit(":", 1)
    with grpc.insecure_channel(arguments.commands) as commands, grpc.insecure_channel(arguments.queries) as queries:
        lamp = Lamp(host, int(port), arguments.relay)
        operator, customer = tokens.read(arguments.operator_token), tokens.read(arguments.customer_token)
        house = tokens.bearing(commands, operator)
        member_id = tokens.subject(customer)
        nobody_without_a_token(commands, member_id)
        evening(house, tokens.bearing(commands, customer), tokens.bearing(queries, customer), member_id, lamp, arguments.relay)
        lamp.close()


def nobody_without_a_token(commands: grpc.Channel, member_id: str) -> None:
    from hall.table.v1 import messages_pb2 as table
    from hall.table.v1.service_pb2_grpc import TableServiceStub

    refusal = refusals.expect(
        grpc.StatusCode.UNAUTHENTICATED,
        TableServiceStub(commands).OpenTable,
        table.OpenTableRequest(
            request_id=new_id(), table_id=new_id(), member_id=member_id, postpaid=table.Postpaid()
        ),
    )
    check(refusal.reason == "TOKEN_REQUIRED", f"nobody gets in without a token: {refusal}")


def evening(
    house: grpc.Channel, commands: grpc.Channel, queries: grpc.Channel, member_id: str, lamp: Lamp, relay: str
) -> None:
    """`house` is the hall's own channel; on the other two the customer calls."""
    # The modules exist only now that stubs.generate() has run.
    from hall.member.v1 import messages_pb2 as member
    from hall.member.v1.service_pb2_grpc import MemberServiceStub
    from hall.table.v1 import messages_pb2 as table
    from hall.table.v1.service_pb2_grpc import TableServiceStub
    from hall.venue.v1.service_pb2_grpc import VenueServiceStub
    from hall.view.v1 import messages_pb2 as view
    from hall.view.v1 import service_pb2_grpc as views
    from hall.wallet.v1 import messages_pb2 as wallet
    from hall.wallet.v1.service_pb2_grpc import WalletServiceStub

    tables = TableServiceStub(commands)
    boards, bills = views.BoardServiceStub(queries), views.BillServiceStub(queries)
    statements = views.StatementServiceStub(queries)

    # 1. The owner sets up a hall. Ids may be left to the server; every mutation carries a request_id.
    chain_id, hall_id, table_id = set_up_hall(VenueServiceStub(house), relay)

    # 2. The customer becomes a member at the counter, tops up 50.00 and gets 5.00 on top. Amounts are whole fen.
    MemberServiceStub(house).RegisterMember(
        member.RegisterMemberRequest(request_id=new_id(), chain_id=chain_id, member_id=member_id),
        timeout=DEADLINE_SECONDS,
    )
    top_up = WalletServiceStub(house).CreditTopUp(
        wallet.CreditTopUpRequest(
            request_id=new_id(),
            member_id=member_id,
            channel=wallet.TOP_UP_CHANNEL_COUNTER,
            principal_fen=50_00,
            bonus_fen=5_00,
        ),
        timeout=DEADLINE_SECONDS,
    )
    check(top_up.available_fen == 55_00, "the top-up is available")

    # 3. What would an hour cost? A quote commits to nothing.
    quote = tables.QuoteSession(table.QuoteSessionRequest(table_id=table_id, minutes=60), timeout=DEADLINE_SECONDS)
    check(sum(line.amount_fen for line in quote.bill.lines) == quote.bill.total_fen, "the quote's lines sum to its total")
    say(f"an hour costs {yuan(quote.bill.total_fen)}, {yuan(quote.hold_fen)} are set aside")

    # 4. The member opens the table. The same request_id again gives the same answer: nothing happens twice.
    request = table.OpenTableRequest(
        request_id=new_id(), table_id=table_id, member_id=member_id, postpaid=table.Postpaid()
    )
    opened = tables.OpenTable(request, timeout=DEADLINE_SECONDS)
    again = tables.OpenTable(request, timeout=DEADLINE_SECONDS)
    check(again == opened, "a repeated request gets the first answer")
    check(opened.secured_fen == quote.hold_fen, "what was quoted is what was set aside")
    lamp.wait_until_told("ON", seconds=20)
    lamp.wait_until("ON", seconds=20)
    say(f"table open, lamp on: session {opened.session_id}")

    # 5. Reading one's own write: a reply's position, given to a query as min_position.
    board = boards.GetBoard(
        view.GetBoardRequest(hall_id=hall_id, min_position=opened.position), timeout=DEADLINE_SECONDS
    )
    check(board.position >= opened.position, "the board is as new as the opening")
    check([row.session_id for row in board.tables] == [opened.session_id], "the board shows the session")
    held = statements.GetWallet(
        view.GetWalletRequest(member_id=member_id, min_position=opened.position), timeout=DEADLINE_SECONDS
    ).wallet
    check(held.available_fen == 55_00 - opened.secured_fen, "what is set aside is not available")

    # 6. A refusal by a rule: somebody else wants the same table. Programs look at the reason, never at the text.
    refusal = refusals.expect(
        grpc.StatusCode.FAILED_PRECONDITION,
        tables.OpenTable,
        table.OpenTableRequest(
            request_id=new_id(), table_id=table_id, member_id=member_id, postpaid=table.Postpaid()
        ),
    )
    check(refusal.reason == "TABLE_OCCUPIED", f"the table is taken: {refusal}")
    say(f"refused: {refusal.reason}: {refusal.message} {refusal.facts}")

    # 6b. What belongs to others is refused, and whether there is such a thing is not told.
    refusal = refusals.expect(
        grpc.StatusCode.PERMISSION_DENIED,
        statements.GetWallet,
        view.GetWalletRequest(member_id=new_id()),
    )
    check(refusal.reason == "NOT_YOURS", f"another's wallet: {refusal}")

    # 7. A request that can never be right: INVALID_ARGUMENT names the fields.
    refusal = refusals.expect(
        grpc.StatusCode.INVALID_ARGUMENT,
        tables.ExtendSession,
        table.ExtendSessionRequest(request_id=new_id(), session_id=opened.session_id, minutes=0),
    )
    check("minutes" in refusal.fields, f"the field is named: {refusal}")
    say(f"invalid: {refusal.fields}")

    # 8. Half an hour more is secured.
    extended = tables.ExtendSession(
        table.ExtendSessionRequest(request_id=new_id(), session_id=opened.session_id, minutes=30),
        timeout=DEADLINE_SECONDS,
    )
    check(extended.amount_fen > 0, "more is set aside")
    check(as_nanos(extended.secured_until) > as_nanos(opened.secured_until), "play is secured for longer")

    # 9. The end. The reply already holds the bill; the view shows it paid once the settlement has run.
    closed = tables.CloseSession(
        table.CloseSessionRequest(request_id=new_id(), session_id=opened.session_id), timeout=DEADLINE_SECONDS
    )
    bill = bills.GetBill(
        view.GetBillRequest(session_id=opened.session_id, min_position=closed.position), timeout=DEADLINE_SECONDS
    ).bill
    check(bill.bill == closed.bill, "the view shows the bill of the reply")
    check(sum(line.amount_fen for line in bill.bill.lines) == bill.bill.total_fen, "the bill's lines sum to its total")
    paid = None
    for update in bills.WatchBill(view.WatchBillRequest(session_id=opened.session_id), timeout=DEADLINE_SECONDS):
        paid = update
        if update.bill.status == view.BILL_STATUS_PAID:
            break
    check(paid is not None and paid.bill.status == view.BILL_STATUS_PAID, "the bill is paid")
    check(paid.bill.paid_fen == bill.bill.total_fen and paid.bill.outstanding_fen == 0, "to the last fen")
    print_bill(paid.bill)

    # 10. The wallet has paid exactly that, and nothing is set aside any more.
    settled = statements.GetWallet(
        view.GetWalletRequest(member_id=member_id, min_position=paid.position), timeout=DEADLINE_SECONDS
    ).wallet
    check(settled.available_fen == 55_00 - bill.bill.total_fen, "the wallet paid the bill")
    check(settled.held_fen == 0, "nothing is set aside")
    entries = statements.ListWalletEntries(
        view.ListWalletEntriesRequest(member_id=member_id, min_position=paid.position), timeout=DEADLINE_SECONDS
    ).entries
    balance = sum(entry.principal_fen + entry.bonus_fen for entry in entries)
    check(balance == settled.principal_fen + settled.bonus_fen, "the wallet is the sum of its entries")

    # 11. The lamp lingers for as long as the hall says, then goes off.
    lamp.wait_until("OFF", seconds=30)
    say(f"lamp off; done: session {opened.session_id}")


def set_up_hall(venue, relay: str) -> tuple[str, str, str]:
    """A hall with one table, its lamp on output 1 of the relay. Returns the ids of chain, hall and table."""
    from hall.venue.v1 import messages_pb2 as m

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
            label="A1",
            table_class=m.TABLE_CLASS_CHINESE_EIGHT_BALL,
            tariff_plan_id=tariff.plan_id,
            light_device_id=device.device_id,
            light_channel=1,
        ),
        timeout=DEADLINE_SECONDS,
    )
    say(f"hall {hall.hall_id}, table {table.table_id}")
    return chain.chain_id, hall.hall_id, table.table_id


def print_bill(bill) -> None:
    for line in bill.bill.lines:
        kind = type(line).Kind.Name(line.kind).removeprefix("KIND_").lower()
        say(f"  {kind} {line.band} {line.minutes} min {yuan(line.amount_fen)}")
    say(f"  total {yuan(bill.bill.total_fen)}, tariff version {bill.tariff_version}")


def as_nanos(timestamp) -> int:
    return timestamp.ToNanoseconds()


def yuan(fen: int) -> str:
    return f"¥{fen / 100:.2f}"


def new_id() -> str:
    return str(uuid.uuid4())


def check(fact: bool, what: str) -> None:
    if not fact:
        raise SystemExit(f"not so: {what}")


def say(text: str) -> None:
    print(text, flush=True)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Opens a table, watches its lamp, extends, closes, reads the bill.")
    parser.add_argument("--commands", required=True, metavar="HOST:PORT", help="gRPC address of command-api")
    parser.add_argument("--queries", required=True, metavar="HOST:PORT", help="gRPC address of projections")
    parser.add_argument("--mqtt", required=True, metavar="HOST:PORT", help="the MQTT broker of the relays")
    parser.add_argument("--operator-token", required=True, type=Path, metavar="FILE", help="of who sets up the hall")
    parser.add_argument("--customer-token", required=True, type=Path, metavar="FILE", help="of who plays")
    parser.add_argument("--relay", default="python-1", help="MQTT topic of a free relay (%(default)s)")
    parser.add_argument("--proto", type=Path, default=REPOSITORY / "proto", help="the .proto files (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
