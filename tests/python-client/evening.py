#!/usr/bin/env python3
"""An evening at a billiard hall, through gRPC and MQTT only. See README.md.

    python evening.py --commands 127.0.0.1:7401 --queries 127.0.0.1:7402 --mqtt 127.0.0.1:1883 \\
        --operator-token operator.token --wechat-code CODE
"""

import argparse
from pathlib import Path

import grpc

import login
import places
import refusals
import stubs
import tokens
from lamp import Lamp
from telling import DEADLINE_SECONDS, check, new_id, say, yuan

REPOSITORY = Path(__file__).resolve().parents[2]
def main() -> None:
    arguments = parse_arguments()
    stubs.generate(arguments.proto)
    host, port = arguments.mqtt.rsplit(":", 1)
    with grpc.insecure_channel(arguments.commands) as commands, grpc.insecure_channel(arguments.queries) as queries:
        lamps = [Lamp(host, int(port), relay) for relay in arguments.relays]
        operator = tokens.read(arguments.operator_token)
        house = tokens.bearing(commands, operator)
        nobody_without_a_token(commands)
        # 1. The owner sets up a hall. Ids may be left to the server; every mutation carries a request_id.
        place = places.set_up(house, arguments.relays)
        say(f"hall {place.hall_id}, tables {place.table_ids}")
        # 2. The customer logs in. What WeChat gave the phone is all that is needed.
        member_id, token = login.with_wechat(commands, place.chain_id, arguments.wechat_code)
        customer = tokens.bearing(commands, token), tokens.bearing(queries, token)
        # What hangs on the table.
        code = places.code_of(tokens.bearing(queries, operator), place)
        evening(house, *customer, member_id, place, code, lamps)
        for lamp in lamps:
            lamp.close()


def nobody_without_a_token(commands: grpc.Channel) -> None:
    from hall.table.v1 import messages_pb2 as table
    from hall.table.v1.service_pb2_grpc import TableServiceStub

    refusal = refusals.expect(
        grpc.StatusCode.UNAUTHENTICATED,
        TableServiceStub(commands).OpenTable,
        table.OpenTableRequest(
            request_id=new_id(), table_id=new_id(), member_id=new_id(), postpaid=table.Postpaid()
        ),
    )
    check(refusal.reason == "TOKEN_REQUIRED", f"nobody gets in without a token: {refusal}")


def evening(
    house: grpc.Channel,
    commands: grpc.Channel,
    queries: grpc.Channel,
    member_id: str,
    place: places.Place,
    code: str,
    lamps: list[Lamp],
) -> None:
    """`house` is the hall's own channel; on the other two the customer calls."""
    # The modules exist only now that stubs.generate() has run.
    from hall.table.v1 import messages_pb2 as table
    from hall.table.v1.service_pb2_grpc import TableServiceStub
    from hall.view.v1 import directory_pb2 as directory
    from hall.view.v1 import messages_pb2 as view
    from hall.view.v1 import service_pb2_grpc as views
    from hall.view.v1.directory_pb2_grpc import DirectoryServiceStub
    from hall.wallet.v1 import messages_pb2 as wallet
    from hall.wallet.v1.service_pb2_grpc import WalletServiceStub

    tables = TableServiceStub(commands)
    boards, bills = views.BoardServiceStub(queries), views.BillServiceStub(queries)
    statements = views.StatementServiceStub(queries)

    table_id, other_table_id = place.table_ids
    lamp, other_lamp = lamps

    # The customer tops up 50.00 at the counter and gets 5.00 on top. Amounts are whole fen.
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

    # 3. The code on the table says which one it is and what to do next; then, what would an hour cost? A quote commits to nothing.
    scanned = DirectoryServiceStub(queries).ScanTable(
        directory.ScanTableRequest(qr_token=code, min_position=top_up.position), timeout=DEADLINE_SECONDS
    )
    check(scanned.table.table_id == table_id, "the code leads to its table")
    check(scanned.next_step == directory.SCAN_NEXT_STEP_OPEN, "which is free")
    say(f"the code leads to table {scanned.table.label}: {scanned.text_en}")
    quote = tables.QuoteSession(
        table.QuoteSessionRequest(table_id=table_id, minutes=60, member_id=member_id), timeout=DEADLINE_SECONDS
    )
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
        view.GetBoardRequest(hall_id=place.hall_id, min_position=opened.position), timeout=DEADLINE_SECONDS
    )
    check(board.position >= opened.position, "the board is as new as the opening")
    check([row.session_id for row in board.tables] == [opened.session_id, ""], "the board shows the session")
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

    # 8b. To another table: the game goes on there, and so does the light.
    moved = tables.TransferSession(
        table.TransferSessionRequest(request_id=new_id(), session_id=opened.session_id, table_id=other_table_id),
        timeout=DEADLINE_SECONDS,
    )
    check(moved.amount_fen == 0, "the other table costs the same")
    check(as_nanos(moved.secured_until) == as_nanos(extended.secured_until), "play stays secured for as long")
    other_lamp.wait_until("ON", seconds=20)
    lamp.wait_until("OFF", seconds=30)
    say(f"moved to table {scanned.table.label[:-1]}2, the lamps followed")

    # 8c. Something to drink, from the hall's list. It is set aside with play, and on the bill at once.
    cola = DirectoryServiceStub(queries).ListGoods(
        directory.ListGoodsRequest(hall_id=place.hall_id, min_position=moved.position), timeout=DEADLINE_SECONDS
    ).goods[0]
    ordered = tables.OrderGoods(
        table.OrderGoodsRequest(request_id=new_id(), session_id=opened.session_id, code=cola.code, quantity=2),
        timeout=DEADLINE_SECONDS,
    )
    check(ordered.total_fen == 2 * cola.price_fen, "two cost twice as much as one")
    running = bills.GetBill(
        view.GetBillRequest(session_id=opened.session_id, min_position=ordered.position), timeout=DEADLINE_SECONDS
    ).bill
    check([goods.quantity for goods in running.goods] == [2], "the running bill shows what was ordered")
    say(f"ordered 2 × {cola.name_en} at {yuan(cola.price_fen)}")

    # 9. The end. The reply already holds the bill; the view shows it paid once the settlement has run.
    closed = tables.CloseSession(
        table.CloseSessionRequest(request_id=new_id(), session_id=opened.session_id), timeout=DEADLINE_SECONDS
    )
    bill = bills.GetBill(
        view.GetBillRequest(session_id=opened.session_id, min_position=closed.position), timeout=DEADLINE_SECONDS
    ).bill
    check(bill.bill == closed.bill, "the view shows the bill of the reply")
    check(sum(line.amount_fen for line in bill.bill.lines) == bill.bill.total_fen, "the bill's lines sum to its total")
    drinks = [line.amount_fen for line in bill.bill.lines if line.kind == table.BillLine.KIND_GOODS]
    check(drinks == [ordered.total_fen], "the drinks are one line of it")
    paid = None
    for update in bills.WatchBill(view.WatchBillRequest(session_id=opened.session_id), timeout=DEADLINE_SECONDS):
        paid = update
        if update.bill.status == view.BILL_STATUS_PAID:
            break
    check(paid is not None and paid.bill.status == view.BILL_STATUS_PAID, "the bill is paid")
    check(paid.bill.paid_fen == bill.bill.total_fen and paid.bill.outstanding_fen == 0, "to the last fen")
    print_bill(paid.bill)

    # The receipt tells what was paid, from what, and when.
    receipt = bills.GetReceipt(
        view.GetReceiptRequest(session_id=opened.session_id, min_position=paid.position), timeout=DEADLINE_SECONDS
    ).receipt
    check(receipt.bill.bill == closed.bill, "the receipt has the bill")
    check(
        sum(payment.principal_fen + payment.bonus_fen for payment in receipt.payments) == bill.bill.total_fen,
        "what was paid is what was billed",
    )
    say(f"receipt of {receipt.business_date}, {receipt.hall_name}, table {receipt.table_label}")

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
    other_lamp.wait_until("OFF", seconds=30)
    say(f"lamp off; done: session {opened.session_id}")


def print_bill(bill) -> None:
    for line in bill.bill.lines:
        kind = type(line).Kind.Name(line.kind).removeprefix("KIND_").lower()
        what = f"{line.goods.quantity} × {line.goods.name_en}" if line.HasField("goods") else f"{line.band} {line.minutes} min"
        say(f"  {kind} {what} {yuan(line.amount_fen)}")
    say(f"  total {yuan(bill.bill.total_fen)}, tariff version {bill.tariff_version}")


def as_nanos(timestamp) -> int:
    return timestamp.ToNanoseconds()


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Logs in, opens a table, watches its lamp, extends, moves, closes, reads the bill.")
    parser.add_argument("--commands", required=True, metavar="HOST:PORT", help="gRPC address of command-api")
    parser.add_argument("--queries", required=True, metavar="HOST:PORT", help="gRPC address of projections")
    parser.add_argument("--mqtt", required=True, metavar="HOST:PORT", help="the MQTT broker of the relays")
    parser.add_argument("--operator-token", required=True, type=Path, metavar="FILE", help="of who sets up the hall")
    parser.add_argument("--wechat-code", required=True, metavar="CODE", help="what wx.login gave who plays")
    parser.add_argument("--relays", nargs=2, default=["python-1", "python-2"], metavar="TOPIC", help="two free relays")
    parser.add_argument("--proto", type=Path, default=REPOSITORY / "proto", help="the .proto files (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    main()
