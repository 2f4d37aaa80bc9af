"""JR/T 0016-2014 (FTD) from ftd.xml alone: packages to bytes and back. Nothing of the exchange's own code is used.

Bytes first; all binary integers are big-endian (errata.md, Layout):

    FTD header   4: type (0 heartbeat, 1 FTDC, 2 compressed) | length of the extended header | length of the content (2)
    extended     tags: type (1) length (1) data; unknown ones are skipped
    FTDC header 16: version = 2 (1) | TID (4) | chain S F C L (1) | series (2) | number (4) | fields (2) | their length (2)
    field        FID (4) | length (2) | items back to back
"""
import re
import struct
import xml.etree.ElementTree as ElementTree
from decimal import Decimal

# How texts are written: STREAMS.md, "Texts". Another one for an exchange that says so.
TEXT = "utf-8"
HEARTBEAT = bytes([0, 2, 0, 0, 4, 0])
FTDC_MAX = 4096
DIALOG, BROADCAST = 0, 1


class Malformed(Exception):
    """Bytes that are no FTD."""


class Item:
    """One item of a field: how it lies in the bytes."""

    def __init__(self, name, base):
        self.name = name
        kind, *sizes = re.fullmatch(r"FTD(\w+?)Type(?:<(\d+)(?:,(\d+))?>)?", base).groups()
        self.kind = kind
        self.size = {"Char": 1, "Int": 4, "Word": 2}.get(kind) or int(sizes[0])
        self.decimals = int(sizes[1] or 0)

    def write(self, value):
        if self.kind == "Char":
            return b"\0" if value is None else value.encode()
        if self.kind in ("Int", "Word"):
            return int(value or 0).to_bytes(self.size, "big")
        if self.kind == "String":
            text = (value or "").encode(TEXT)
            assert len(text) <= self.size, f"{self.name}: {value!r} is longer than {self.size}"
            return text.ljust(self.size)
        text = f"{Decimal(value or 0):0{self.size}.{self.decimals}f}"
        assert len(text) == self.size, f"{self.name}: {value} does not fit {self.size}"
        return text.encode()

    def read(self, data):
        if self.kind == "Char":
            return data.decode("latin-1")
        if self.kind in ("Int", "Word"):
            return int.from_bytes(data, "big")
        if self.kind == "String":
            return data.decode(TEXT, "replace").rstrip(" \0")
        text = data.decode("ascii").strip(" \0")
        return Decimal(text or 0)


class Catalogue:
    """Every package, field, item and type of ftd.xml."""

    def __init__(self, path):
        root = ElementTree.parse(path).getroot()
        bases = {t.get("name"): t.get("baseType") for t in root.iter("typeDefine")}
        types = {i.get("name"): i.get("type") for i in root.iter("itemDefine")}

        def base(name):
            while name in bases and bases[name] != name:
                name = bases[name]
            return name

        self.fields = {}
        for field in root.iter("fieldDefine"):
            items = [Item(item.get("name"), base(types[item.get("name")])) for item in field.iter("item")]
            self.fields[field.get("name")] = (int(field.get("fidValue"), 16), items)
        tids = {t.get("name"): int(t.get("value"), 16) for t in root.iter("tidDefine")}
        self.packages = {}
        self.answers = {}
        for package in root.iter("packageDefine"):
            name, tid, model = package.get("name"), tids[package.get("tid")], package.get("model")
            fields = [field.get("name") for field in package.iter("field")]
            self.packages[name] = (tid, fields)
            # A TID stands for a request, its answer, or a message of a stream; only what comes to a member is read here.
            if not name.startswith("Req"):
                self.answers.setdefault(tid, []).append((name, model, fields))

    def package(self, name, series, number, **fields):
        """The bytes of a package with these fields, each a dict of items."""
        tid, order = self.packages[name]
        body = b"".join(self._field(field, fields[field]) for field in order if field in fields)
        assert not fields.keys() - set(order), f"{name} has no {fields.keys() - set(order)}"
        ftdc = struct.pack(">BIcHIHH", 2, tid, b"S", series, number, len(fields), len(body)) + body
        assert len(ftdc) <= FTDC_MAX
        return struct.pack(">BBH", 1, 0, len(ftdc)) + ftdc

    def _field(self, name, values):
        fid, items = self.fields[name]
        assert not values.keys() - {item.name for item in items}, f"{name}: {values.keys()}"
        content = b"".join(item.write(values.get(item.name)) for item in items)
        return struct.pack(">IH", fid, len(content)) + content

    def item_bytes(self, field, name, value):
        """One item as it lies on the wire."""
        return next(item for item in self.fields[field][1] if item.name == name).write(value)

    def parse(self, data):
        """The first message of `data`: (bytes used, message or None), or (0, None) if more is needed."""
        if len(data) < 4:
            return 0, None
        kind, extended, content = struct.unpack_from(">BBH", data)
        end = 4 + extended + content
        if kind > 2 or content > FTDC_MAX:
            raise Malformed(f"FTD type {kind}, length {content}")
        if len(data) < end:
            return 0, None
        if kind != 1 or content == 0:
            return end, None
        ftdc = bytes(data[4 + extended : end])
        version, tid, chain, series, number, count, length = struct.unpack_from(">BIcHIHH", ftdc)
        if version != 2 or chain not in b"SFCL" or length != len(ftdc) - 16:
            raise Malformed(f"FTDC version {version}, chain {chain}, length {length}")
        return end, Message(self, tid, chain.decode(), series, number, ftdc, count)


class Message:
    """A package that came."""

    def __init__(self, catalogue, tid, chain, series, number, ftdc, count):
        self.tid, self.chain, self.series, self.number, self.bytes = tid, chain, series, number, ftdc
        model = {DIALOG: ("dialog", "none"), BROADCAST: ("broadcast",)}.get(series, ("private",))
        candidates = catalogue.answers.get(tid, [])
        chosen = [c for c in candidates if c[1] in model] or candidates
        if not chosen:
            raise Malformed(f"TID {tid:#x} is no answer")
        self.name, _, names = chosen[0]
        by_fid = {catalogue.fields[name][0]: (name, catalogue.fields[name][1]) for name in reversed(names)}
        self.fields = []
        at = 16
        for _ in range(count):
            fid, length = struct.unpack_from(">IH", ftdc, at)
            content = ftdc[at + 6 : at + 6 + length]
            at += 6 + length
            if fid not in by_fid:
                continue
            name, items = by_fid[fid]
            if length != sum(item.size for item in items):
                raise Malformed(f"{name} has {length} bytes")
            values, place = {}, 0
            for item in items:
                values[item.name] = item.read(content[place : place + item.size])
                place += item.size
            self.fields.append((name, values))
        if at != len(ftdc):
            raise Malformed(f"{self.name} ends at {at} of {len(ftdc)}")

    def get(self, field):
        """The first field of this name, or None."""
        return next((values for name, values in self.fields if name == field), None)
