"""Engines from PyPI: the same lines in and out as the Rust program (src/main.rs). What is not installed is left out."""

import importlib
import json
import struct
import sys
import time
from importlib import metadata

KINDS = ("limit", "market", "cancel", "reduce")


def read(path, count):
    """The preload, and the first `count` commands behind it, as (kind, buys, id, price, qty)."""
    with open(path, "rb") as file:
        preload, commands = struct.unpack("<QQ", file.read(16))
        data = file.read(32 * (preload + min(count, commands)))
    rows = struct.iter_unpack("<dddIBBBB", data)
    all_ = [(kind, side == 0, int(id_), int(price), int(qty)) for id_, price, qty, _, kind, side, _, _ in rows]
    return all_[:preload], all_[preload:]


class Bourse:
    """Rust below Python. It keeps its trades, which are read once at the end, within the time."""

    def __init__(self):
        self.book = importlib.import_module("bourse.core").OrderBook(0, 1, True)
        self.ids = {}
        self.time = 0

    def run(self, commands):
        book, ids = self.book, self.ids
        for kind, buys, id_, price, qty in commands:
            self.time += 1
            book.set_time(self.time)
            if kind == 0:
                ids[id_] = book.place_order(buys, qty, 0, price=price)
            elif kind == 1:
                book.place_order(buys, qty, 0)
            elif kind == 2:
                book.cancel_order(ids[id_])
            else:
                book.modify_order(ids[id_], new_vol=price)
        trades = book.get_trades()
        return len(trades), sum(t[3] for t in trades), sum(t[2] * t[3] for t in trades)


class LightMatchingEngine:
    """Dictionaries and lists of Python. It prints both sides of a trade: the resting ones are counted."""

    def __init__(self):
        module = importlib.import_module("lightmatchingengine.lightmatchingengine")
        self.engine = module.LightMatchingEngine()
        self.sides = (module.Side.SELL, module.Side.BUY)
        self.ids = {}

    def run(self, commands):
        engine, ids, (sell, buy) = self.engine, self.ids, self.sides
        count = volume = notional = 0
        for kind, buys, id_, price, qty in commands:
            if kind == 2:
                engine.cancel_order(ids[id_], "BENCH")
                continue
            order, trades = engine.add_order("BENCH", price if kind == 0 else 0, qty, buy if buys else sell)
            ids[id_] = order.order_id
            for trade in trades:
                if trade.order_id != order.order_id:
                    count += 1
                    volume += trade.trade_qty
                    notional += trade.trade_price * trade.trade_qty
        return count, volume, notional


ENTRIES = (
    ("bourse", "bourse", Bourse, KINDS, "Rust called from Python; gives ids itself; trades read once at the end"),
    (
        "LightMatchingEngine",
        "lightmatchingengine",
        LightMatchingEngine,
        KINDS[:3],
        "Python alone: sorted by min() and max() at every trade; gives ids itself",
    ),
)


def run(engine, path, count):
    """What came of a run."""
    _, _, make, supports, _ = engine
    preload, commands = read(path, count)
    known = [c for c in commands if KINDS[c[0]] in supports]
    book = make()
    book.run(preload)
    began = time.thread_time()
    trades, volume, notional = book.run(known)
    seconds = time.thread_time() - began
    lost = {kind: sum(KINDS[c[0]] == kind for c in commands) for kind in KINDS[1:] if kind not in supports}
    return {
        "seconds": seconds,
        "commands": len(known),
        "trades": trades,
        "volume": volume,
        "notional": notional,
        "refused": 0,
        "unsupported": {"market": 0, "cancel": 0, "reduce": 0, **lost},
    }


def main():
    found, missing = [], []
    for entry in ENTRIES:
        try:
            found.append((entry, metadata.version(entry[1])))
        except metadata.PackageNotFoundError:
            missing.append(entry[0])
    engines = [
        {"name": name, "version": version, "language": "Python", "supports": supports, "note": note}
        for (name, _, _, supports, note), version in found
    ]
    print(json.dumps({"engines": engines, "missing": missing}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            entry = next(e for e, _ in found if e[0] == request["engine"])
            told = run(entry, request["file"], request["count"])
        except Exception as error:  # An engine may raise anything, and the next one is still to run.
            told = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(told), flush=True)


main()
