"""A kernel TCP client that checks an echo byte for byte: CONNECTIONS at once, BYTES each, in pieces of random size.

usage: echo_client.py ADDRESS PORT CONNECTIONS BYTES SEED
Prints one line of JSON and exits 0 if every connection got back exactly what it sent, and was then closed in order.
"""
import json
import random
import selectors
import socket
import sys
import time

PATIENCE_SECONDS = 60


def main():
    address, port, connections, length, seed = sys.argv[1], *map(int, sys.argv[2:6])
    chance = random.Random(seed)
    selector = selectors.DefaultSelector()
    flows = []
    for _ in range(connections):
        sock = socket.create_connection((address, port), timeout=PATIENCE_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setblocking(False)
        flow = {"sock": sock, "out": chance.randbytes(length), "sent": 0, "got": bytearray(), "end": None}
        flows.append(flow)
        selector.register(sock, selectors.EVENT_READ | selectors.EVENT_WRITE, flow)
    until = time.monotonic() + PATIENCE_SECONDS
    open_flows = connections
    while open_flows and time.monotonic() < until:
        for key, events in selector.select(timeout=1):
            flow = key.data
            if events & selectors.EVENT_WRITE and flow["sent"] < length:
                piece = flow["out"][flow["sent"] : flow["sent"] + chance.choice([1, 7, 100, 1_460, 9_000])]
                try:
                    flow["sent"] += flow["sock"].send(piece)
                except BlockingIOError:
                    pass
            if flow["sent"] == length:
                selector.modify(flow["sock"], selectors.EVENT_READ, flow)
            if events & selectors.EVENT_READ:
                try:
                    data = flow["sock"].recv(65_536)
                except BlockingIOError:
                    continue
                except OSError as error:
                    data, flow["end"] = b"", str(error)
                flow["got"] += data
                if len(flow["got"]) == length and data:
                    flow["sock"].shutdown(socket.SHUT_WR)
                if not data:
                    flow["end"] = flow["end"] or "in order"
                    selector.unregister(flow["sock"])
                    flow["sock"].close()
                    open_flows -= 1
    exact = sum(bytes(flow["got"]) == flow["out"] for flow in flows)
    ends = sum(flow["end"] == "in order" for flow in flows)
    print(json.dumps({"connections": connections, "exact": exact, "closed_in_order": ends,
                      "unlike": [flow["end"] for flow in flows if flow["end"] != "in order"][:3]}))
    return 0 if exact == ends == connections else 1


sys.exit(main())
