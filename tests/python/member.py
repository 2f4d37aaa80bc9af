#!/usr/bin/env python3
"""A member in Python: written from ftd.xml and STREAMS.md, standard library and kernel TCP only.

It logs in with a proof, trades, may cut its own connection in the middle, resumes, follows a takeover (asks the name
service again, takes the front of the highest epoch, resumes, sends again under the same local id what the private stream has
not confirmed), and at the end reads its whole private stream again and compares it byte by byte with what it was told.

SIGTERM, SIGINT or the close of its instrument ends its day early. One line of JSON; exit code 0 if nothing is missing, twice or contradictory. What the numbers mean:

    sent             orders sent (a repetition is not counted again)
    acknowledged     orders that the private stream confirmed
    refused          orders that the exchange refused
    cancelled        orders that ended cancelled
    trades           TradeInsertSingle received
    cancelled_by_cut private messages that a takeover made void
    missing          orders without any outcome, gaps in a stream, messages of the second reading that were not told before
    duplicates       messages, trades or confirmations told twice
    contradictions   outcomes that do not add up: volumes, prices, order of messages, bytes that differ at the second reading
"""
import argparse
import collections
import hashlib
import hmac
import json
import os
import random
import select
import signal
import socket
import struct
import sys
import time
from decimal import Decimal

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import ftd  # noqa: E402

FLAGS = {"dialog": "0", "private": "1", "broadcast": "2"}
CLOSED = "7"  # FTDInstrumentStatus
FIRST_BACKOFF, LAST_BACKOFF = 0.05, 1.0


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


class Lost(Exception):
    """The connection is over; another is to be made."""


class Connection:
    """FTD over one kernel TCP connection, with heartbeats."""

    def __init__(self, catalogue, remote, timeout_seconds):
        self.catalogue, self.timeout = catalogue, timeout_seconds
        try:
            self.sock = socket.create_connection(remote, timeout=5)
        except OSError as error:
            raise Lost(f"{remote}: {error}") from error
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.setblocking(False)
        self.incoming, self.outgoing = bytearray(), bytearray()
        self.said = self.heard = time.monotonic()

    def send(self, data):
        self.outgoing += data

    def poll(self, wait):
        """Does what can be done within `wait` seconds; the messages that came."""
        now = time.monotonic()
        if now - self.said > self.timeout and not self.outgoing:
            self.outgoing += ftd.HEARTBEAT
        if now - self.heard > 3 * self.timeout:
            raise Lost("silence")
        try:
            readable, writable, _ = select.select([self.sock], [self.sock] if self.outgoing else [], [], max(0, wait))
            if writable:
                sent = self.sock.send(self.outgoing)
                del self.outgoing[:sent]
                self.said = now
            if readable:
                data = self.sock.recv(1 << 16)
                if not data:
                    raise Lost("closed by the exchange")
                self.incoming += data
                self.heard = time.monotonic()
        except BlockingIOError:
            pass
        except OSError as error:
            raise Lost(str(error)) from error
        messages, at = [], 0
        view = memoryview(self.incoming)
        try:
            while True:
                used, message = self.catalogue.parse(view[at:])
                if not used:
                    break
                at += used
                if message:
                    messages.append(message)
        finally:
            view.release()
        del self.incoming[:at]
        return messages

    def cut(self, how):
        """Sends half of what waits, as a rule to the middle of a message, and ends the connection."""
        try:
            self.sock.send(self.outgoing[: len(self.outgoing) // 2])
        except OSError:
            pass
        self.close(how)

    def close(self, how):
        if how == "reset":
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "shutdown":
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sock.close()


class Stream:
    """A numbered stream: what was told, in order, and from which epoch the last of it is."""

    def __init__(self, series):
        self.series, self.last, self.epoch, self.told = series, 0, None, []


class Order:
    def __init__(self, local_id, fields):
        self.local_id, self.fields = local_id, fields
        self.sys_id = self.answer = self.refusal = None
        self.answers = 0
        self.confirmations, self.trades = [], []
        self.cancel_sent = self.wants_cancel = False

    def live(self):
        return bool(self.confirmations) and self.confirmations[-1]["OrderStatus"] in "13" and self.remaining() > 0

    def limit(self):
        return Decimal(self.fields["LimitPrice"])

    def traded(self):
        return sum(trade["Volume"] for trade in self.trades)

    def remaining(self):
        return self.fields["VolumeTotalOrginal"] - self.traded()

    def confirmed(self):
        return bool(self.confirmations or self.trades)


class Member:
    def __init__(self, options):
        self.options = options
        self.catalogue = ftd.Catalogue(options.xml)
        self.chance = random.Random(options.seed)
        self.private, self.broadcast = Stream(options.series), Stream(ftd.BROADCAST)
        self.orders = {}
        self.connection = None
        self.dialog_number = 0
        self.flight = {}
        self.epoch = 0
        self.fronts = [address(front) for front in options.front]
        self.counts = collections.Counter()
        self.notes = []
        self.cuts = collections.deque(sorted(options.cut_after))
        self.last_refusal = "no front was tried"
        self.deadline = time.monotonic() + options.patience

    # ---- the connection ----

    def note(self, kind, text):
        self.counts[kind] += 1
        if len(self.notes) < 20:
            self.notes.append(f"{kind}: {text}")

    def ask_names(self):
        """The fronts of the highest epoch, the best first; those we know if nobody answers."""
        for names in self.options.names:
            try:
                connection = Connection(self.catalogue, address(names), 10)
                connection.send(self.catalogue.package("ReqFronts", 0, 0))
                until = time.monotonic() + 2
                while time.monotonic() < until:
                    for message in connection.poll(0.1):
                        if message.name == "RspFronts":
                            connection.close("shutdown")
                            fronts = [values for name, values in message.fields if name == "FrontField"]
                            if fronts:
                                best = max(front["Epoch"] for front in fronts)
                                fronts = sorted((f for f in fronts if f["Epoch"] == best), key=lambda f: f["FrontPriority"])
                                return [address(front["FrontAddress"]) for front in fronts]
                connection.close("shutdown")
            except Lost:
                continue
        return [address(front) for front in self.options.front]

    def end_early(self):
        """No more orders: the day ends when what is open has its outcome, or soon."""
        self.options.orders = self.options.takeovers = 0
        self.deadline = min(self.deadline, time.monotonic() + 20)

    def connect(self):
        """Connects and logs in to all streams; goes round the fronts until it may."""
        backoff = FIRST_BACKOFF
        while time.monotonic() < self.deadline:
            if self.options.names:
                self.fronts = self.ask_names()
            for front in self.fronts:
                try:
                    self.connection = Connection(self.catalogue, front, self.options.timeout)
                    self.login()
                    self.counts["logins"] += 1
                    return
                except Lost as why:
                    if self.connection:
                        self.connection.close("shutdown")
                    self.last_refusal = str(why)
            time.sleep(backoff)
            backoff = min(2 * backoff, LAST_BACKOFF)
        raise SystemExit(f"no front took the login in time: {self.last_refusal}")

    def request(self, name, want, **fields):
        """Asks with number 0 and waits for the answer; what else comes meanwhile is handled."""
        self.connection.send(self.catalogue.package(name, 0, 0, **fields))
        until = time.monotonic() + 15
        answer = None
        while time.monotonic() < until and answer is None:
            for message in self.connection.poll(0.1):
                if answer is None and message.number == 0 and message.name in (want, "Error"):
                    answer = message
                    if message.name == "Error":
                        error = message.get("ErrorField")
                        raise Lost(f"{error['ErrorCode']} {error['ErrorText']}")
                    if want == "RspUserLogin":
                        self.logged_in(message)
                else:
                    self.received(message)
        if answer is None:
            raise Lost(f"no answer to {name}")
        return answer

    def login_field(self, stream):
        o = self.options
        return {"DataFlowFlag": FLAGS[stream], "ParticipantId": o.participant, "UserId": o.user,
                "ServerAppName": "member.py", "ProtocolVersion": "1.0", "TimeOut": self.options.timeout, "IpAddr": ""}

    def login(self):
        challenge = self.request("ReqLoginChallenge", "RspLoginChallenge", ReqUserLoginField=self.login_field("dialog"))
        nonce = challenge.get("LoginChallengeField")["Nonce"]
        streams = [("private", self.private), ("dialog", None)]
        if not self.options.no_broadcast:
            streams.insert(1, ("broadcast", self.broadcast))
        for name, stream in streams:
            fields = self.login_field(name)
            proved = nonce.encode() + b"".join(
                self.catalogue.item_bytes("ReqUserLoginField", item, fields[item])
                for item in ("ParticipantId", "UserId", "DataFlowFlag"))
            proof = hmac.new(self.options.secret.encode(), proved, hashlib.sha256).hexdigest()
            more = {"LoginProofField": {"DigestMethod": challenge.get("LoginChallengeField")["DigestMethod"],
                                        "Nonce": nonce, "Proof": proof}}
            if stream is not None:
                more["DisseminationstartField"] = {"SequenceSeries": stream.series, "SequenceNo": stream.last}
                if stream.epoch is not None:
                    more["StreamEpochField"] = {"Epoch": stream.epoch, "DataCenterId": 0}
            self.request("ReqUserLogin", "RspUserLogin", ReqUserLoginField=fields, **more)
        self.dialog_number, self.flight = 0, {}
        if self.options.ready:
            self.readiness("1")
        # What the private stream has not confirmed goes again, under the same local id, in the same order.
        for order in self.orders.values():
            if not order.confirmed() and order.refusal is None:
                self.counts["sent_again"] += 1
                self.insert(order)
            elif order.cancel_sent and order.live():
                self.cancel(order)

    def logged_in(self, message):
        epoch = message.get("StreamEpochField")
        if epoch is None:
            self.note("contradictions", "RspUserLogin without an epoch")
        elif epoch["Epoch"] < self.epoch:
            raise Lost(f"epoch {epoch['Epoch']} has been replaced by {self.epoch}")
        else:
            if epoch["Epoch"] > self.epoch and self.epoch:
                self.counts["takeovers"] += 1
            self.epoch = epoch["Epoch"]

    def readiness(self, what):
        o = self.options
        self.ask("ReqReadiness", ("readiness", None),
                 ReadinessField={"ParticipantId": o.participant, "UserId": o.user, "Readiness": what})

    # ---- requests ----

    def ask(self, name, what, **fields):
        self.dialog_number += 1
        self.flight[self.dialog_number] = what
        self.connection.send(self.catalogue.package(name, ftd.DIALOG, self.dialog_number, **fields))

    def insert(self, order):
        self.ask("ReqOrderInsert", ("insert", order), OrderInsertField=order.fields)

    def cancel(self, order):
        o = self.options
        order.cancel_sent = True
        action = {"OrderActionCode": "0", "ActionLocalId": "C" + order.local_id[1:], "InstrumentId": order.fields["InstrumentId"],
                  "InstrumentVersion": "0", "UserId": o.user}
        target = {"OrderLocalId": order.local_id, "ParticipantId": o.participant, "ClientId": o.client}
        self.ask("ReqOrderAction", ("cancel", order), OrderActionField=action, OrderActionTargetField=target)

    def new_order(self):
        o = self.options
        place = len(self.orders)
        local_id = f"{o.local_id_prefix}{place:011d}"
        fields = {
            "OrderLocalId": local_id, "UserId": o.user, "ParticipantId": o.participant, "ClientId": o.client,
            "InstrumentId": self.chance.choice(o.instrument), "Direction": self.chance.choice("01"), "OffsetFlag": "0",
            "HedgeFlag": "1", "LimitPrice": str(round(o.price + self.chance.randint(-o.spread, o.spread) * o.tick, 4)),
            "VolumeTotalOrginal": self.chance.randint(1, 5), "OrderType": "0", "MatchCondition": "3", "MatchSession": "3",
            "AutoSuspend": "0", "MessageReference": f"{place % 1000000:06d}",
        }
        order = self.orders[local_id] = Order(local_id, fields)
        order.wants_cancel = o.cancel_every > 0 and place % o.cancel_every == o.cancel_every - 1
        self.counts["sent"] += 1
        self.insert(order)

    # ---- what comes ----

    def received(self, message):
        if message.series == self.private.series:
            self.numbered(self.private, message)
        elif message.series == ftd.BROADCAST:
            self.numbered(self.broadcast, message)
        elif message.name == "FlowMessageCancel":
            self.voided(message.get("FlowMessageCancelField"))
        elif message.name == "ForceExit":
            raise Lost("told to leave")
        elif message.number:
            self.answered(message)
        elif message.name == "Error":
            raise Lost(f"refused: {message.get('ErrorField')}")

    def numbered(self, stream, message):
        if message.chain in "SF":
            if message.number <= stream.last:
                self.note("duplicates", f"series {stream.series} number {message.number} after {stream.last}")
                return
            if message.number != stream.last + 1:
                self.note("missing", f"series {stream.series}: {message.number} after {stream.last}")
            stream.last = message.number
        elif message.number != stream.last:
            self.note("missing", f"series {stream.series}: part of {message.number} after {stream.last}")
        stream.epoch = self.epoch
        if stream is self.private:
            stream.told.append(message)
            self.fold(message)
        elif message.name == "InstrumentStatusChangeNotify":
            status = message.get("InstrumentStatusField")
            if status["InstrumentId"] in self.options.instrument and status["InstrumentStatus"] == CLOSED:
                self.end_early()

    def voided(self, field):
        stream = self.private if field["SequenceSeries"] == self.private.series else self.broadcast
        first = field["StartSequenceNo"]
        if stream.last != field["EndSequenceNo"] or first > stream.last + 1:
            self.note("contradictions", f"FlowMessageCancel {first} to {field['EndSequenceNo']}, but {stream.last} was the last")
        stream.last, stream.epoch = first - 1, self.epoch
        if stream is not self.private:
            return
        void = [message for message in stream.told if message.number >= first]
        self.counts["cancelled_by_cut"] += len(void)
        stream.told = [message for message in stream.told if message.number < first]
        for order in self.orders.values():
            order.confirmations, order.trades, order.sys_id = [], [], None
        for message in stream.told:
            self.fold(message)

    def fold(self, message):
        if message.name == "OrderConfirmation":
            status = message.get("OrderStatusField")
            order = self.orders.get(status["OrderLocalId"])
            if order is None or status["UserId"] != self.options.user:
                return self.foreign(status)
            if status in order.confirmations:
                self.note("duplicates", f"confirmation of {order.local_id} twice")
            if order.sys_id not in (None, status["OrderSysId"]):
                self.note("contradictions", f"{order.local_id} is {order.sys_id} and {status['OrderSysId']}")
            order.sys_id = status["OrderSysId"]
            order.confirmations.append(status)
            order.refusal = None
        elif message.name == "TradeInsertSingle":
            trade = message.get("TradeInsertSingleField")
            order = self.orders.get(trade["OrderLocalId"])
            if order is None or trade["UserId"] != self.options.user:
                return self.foreign(trade)
            if any(other["TradeId"] == trade["TradeId"] for other in order.trades):
                self.note("duplicates", f"trade {trade['TradeId']} of {order.local_id} twice")
            better = trade["Price"] <= order.limit() if order.fields["Direction"] == "0" else trade["Price"] >= order.limit()
            if not better or trade["Direction"] != order.fields["Direction"]:
                self.note("contradictions", f"trade {trade['TradeId']} is worse than the limit of {order.local_id}")
            order.trades.append(trade)

    def foreign(self, values):
        """Of another user of the participant, or of an earlier run."""
        if values["UserId"] == self.options.user and values["OrderLocalId"].startswith(self.options.local_id_prefix):
            self.note("contradictions", f"{values['OrderLocalId']} was never sent")

    def answered(self, message):
        what, order = self.flight.pop(message.number, (None, None))
        if what is None:
            return self.note("duplicates", f"a second answer to request {message.number}: {message.name}")
        if message.name == "Error":
            error, target = message.get("ErrorField"), message.get("ErrorTargetOrderField")
            if what == "insert" and target and target["OrderSysId"]:
                order.answer = target["OrderSysId"]  # repeated: this is the first one's
            elif what == "insert" and not order.confirmed():
                order.refusal = f"{error['ErrorCode']} {error['ErrorText']}"
            elif what == "cancel":
                self.counts["cancels_refused"] += 1
            return
        if what == "insert":
            insert = message.get("OrderInsertField")
            if insert["OrderLocalId"] != order.local_id:
                self.note("contradictions", f"{insert['OrderLocalId']} is not the answer to {order.local_id}")
            order.answers += 1
            order.answer = insert["OrderSysId"]
            if order.wants_cancel and not order.cancel_sent:
                self.cancel(order)

    # ---- the day ----

    def waiting(self):
        return any(not order.confirmed() and order.refusal is None for order in self.orders.values())

    def may_send(self):
        """How many orders the day has so far: one in five is kept until every takeover is over."""
        o = self.options
        return o.orders if self.counts["takeovers"] >= o.takeovers else o.orders * 4 // 5

    def trade(self):
        o = self.options
        self.connect()
        due = time.monotonic()
        while time.monotonic() < self.deadline:
            try:
                now = time.monotonic()
                while len(self.orders) < self.may_send() and len(self.flight) < o.window and (o.rate == 0 or now >= due):
                    self.new_order()
                    due = max(due + 1 / o.rate, now - 0.1) if o.rate else now
                    if self.cuts and len(self.orders) >= self.cuts[0]:
                        self.cuts.popleft()
                        self.connection.cut(o.cut)
                        self.counts["cuts"] += 1
                        raise Lost("cut by ourselves")
                done = len(self.orders) >= o.orders and not self.flight and not self.waiting()
                if done and now - self.connection.heard > o.quiet:
                    return
                wait = 0.02 if len(self.orders) >= self.may_send() or len(self.flight) >= o.window else max(0, due - now)
                for message in self.connection.poll(min(wait, 0.02)):
                    self.received(message)
            except Lost:
                self.counts["lost"] += 1
                self.connection.close("shutdown")
                self.connect()
        self.note("missing", "the day did not come to its end in time")

    def read_again(self):
        """The whole private stream once more on a fresh connection: the same bytes, no more and no fewer."""
        told = {message.number: message.bytes for message in self.private.told}
        self.connection.close("shutdown")
        again, self.private = self.private, Stream(self.private.series)
        orders, self.orders = self.orders, {}
        counts, self.counts = self.counts, collections.Counter()
        prefix, self.options.local_id_prefix = self.options.local_id_prefix, "\0"
        self.deadline = time.monotonic() + 30
        try:
            self.connect()
            while time.monotonic() < self.deadline and (
                self.private.last < again.last or time.monotonic() - self.connection.heard < self.options.quiet
            ):
                for message in self.connection.poll(0.05):
                    self.received(message)
        except Lost as why:
            counts["missing"] += 1
            self.notes.append(f"the second reading ended: {why}")
        for kind in ("missing", "duplicates", "contradictions"):
            counts[kind] += self.counts[kind]
        self.counts, self.orders, self.options.local_id_prefix = counts, orders, prefix
        second = {message.number: message.bytes for message in self.private.told}
        for number in sorted(told.keys() | second.keys()):
            if number not in second or number not in told:
                # What others of the participant did meanwhile comes behind the last we know.
                if number <= again.last:
                    self.note("missing", f"private {number} was told only {'once' if number in told else 'now'}")
            elif told[number] != second[number]:
                self.note("contradictions", f"private {number} is not what it was")
        self.private = again

    def check_orders(self):
        for order in self.orders.values():
            if not order.confirmed():
                if order.refusal is None:
                    self.note("missing", f"{order.local_id} has no outcome")
                elif order.trades:
                    self.note("contradictions", f"{order.local_id} was refused and traded")
                continue
            if order.remaining() < 0:
                self.note("contradictions", f"{order.local_id} traded more than it asked for")
            accepted = [c for c in order.confirmations if c["OrderStatus"] == "3" and not c["TradeVolume"]]
            if len(accepted) > 1 and not self.counts["takeovers"]:
                self.note("duplicates", f"{order.local_id} was accepted {len(accepted)} times")
            last = order.confirmations[-1] if order.confirmations else None
            if last and last["OrderStatus"] in "245" and last["VolumeTotal"] != order.remaining():
                self.note("contradictions", f"{order.local_id} ended with {last['VolumeTotal']}, not {order.remaining()}")
            if order.answer and order.sys_id and order.answer != order.sys_id and not self.counts["takeovers"]:
                self.note("contradictions", f"{order.local_id} is {order.answer} in the dialog and {order.sys_id}")

    def report(self):
        values = list(self.orders.values())
        names = ("sent", "sent_again", "logins", "lost", "cuts", "takeovers", "cancelled_by_cut", "missing", "duplicates",
                 "contradictions")
        report = {name: self.counts[name] for name in names}
        report.update(
            user=self.options.user, epoch=self.epoch, private=self.private.last, broadcast=self.broadcast.last,
            acknowledged=sum(order.confirmed() for order in values), refused=sum(order.refusal is not None for order in values),
            refusals=sorted({order.refusal for order in values if order.refusal})[:5],
            trades=sum(len(order.trades) for order in values), traded=sum(order.traded() for order in values),
            cancelled=sum(bool(o.confirmations) and o.confirmations[-1]["OrderStatus"] in "5" for o in values),
            notes=self.notes)
        report["ok"] = not (report["missing"] or report["duplicates"] or report["contradictions"])
        return report



def options(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(description="A member in Python, written from ftd.xml and STREAMS.md alone.")
    add = parser.add_argument
    add("--front", action="append", required=True, metavar="IP:PORT", help="a front; several times for several")
    add("--names", action="append", default=[], metavar="IP:PORT", help="a name service: asked before every connection")
    add("--participant", required=True)
    add("--user", required=True)
    add("--secret", required=True)
    add("--client", required=True, help="ClientId of the orders")
    add("--series", type=int, required=True, help="number of the participant's private stream")
    add("--instrument", action="append", required=True)
    add("--price", type=float, default=3000.0)
    add("--tick", type=float, default=0.2)
    add("--spread", type=int, default=3, help="orders lie so many ticks around the price")
    add("--orders", type=int, default=100)
    add("--takeovers", type=int, default=0, help="the day has so many: the last orders are kept for the time after them")
    add("--rate", type=float, default=0.0, help="orders a second; 0: as fast as the window allows")
    add("--window", type=int, default=16, help="requests without an answer, at most")
    add("--cancel-every", type=int, default=5, help="each so-manieth order is cancelled; 0: none")
    add("--cut-after", type=int, action="append", default=[], metavar="N", help="cut the connection after N orders")
    add("--cut", choices=("reset", "shutdown"), default="reset", help="how")
    add("--ready", action="store_true", help="report readiness after each login")
    add("--no-broadcast", action="store_true")
    add("--timeout", type=int, default=2, help="seconds between heartbeats")
    add("--quiet", type=float, default=0.3, help="seconds without a message that end the day")
    add("--patience", type=float, default=60.0, help="seconds for the whole day")
    add("--seed", type=int, default=1)
    add("--local-id-prefix", default="L")
    add("--xml", default=os.path.join(here, "../../dataplane/ftd/ftd.xml"))
    add("--text", choices=["utf-8", "gbk"], default="utf-8", help="how the exchange writes texts")
    add("--json", action="store_true", help="one line of JSON (the default is the same, indented)")
    return parser.parse_args(arguments)


def main():
    chosen = options(sys.argv[1:])
    ftd.TEXT = chosen.text
    member = Member(chosen)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: member.end_early())
    member.trade()
    member.check_orders()
    member.read_again()
    report = member.report()
    print(json.dumps(report, indent=None if member.options.json else 2, ensure_ascii=False))
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
