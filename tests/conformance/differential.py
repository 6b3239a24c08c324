#!/usr/bin/env python3
"""Sends the same seeded commands to Larder and to redis-server and compares every reply.

Prints the coverage; fails on any mismatch that exceptions.json does not agree to, and where a
command had fewer than 200 replies without error, or an option none. A mismatch prints the seed, the
command's number, both replies, and the shortest replay found that still shows it.

usage: differential.py [--protocol 2|3] [--seed N] [--seeds N] [--count N | --minutes N]
                       [--families NAME,...]

With LARDER_FULL in the environment and neither --count nor --minutes it takes ten minutes for each
protocol.
"""
import argparse
import collections
import itertools
import json
import os
import pathlib
import re
import sys
import time

import compare
import families
from families import base, keys
from resp import Closed, Connection, ProtocolError, encode, is_error, show
from servers import Server, find_servers

HERE = pathlib.Path(__file__).resolve().parent
BATCH_MAX = 256
COMMANDS = 275_000  # a full run
REPLIES_MIN = 200
OPTION_REPLIES_MIN = 20
EXCEPTIONS_MAX = 30
MISMATCHES_MAX = 400
HISTORY_UNITS_MAX = 300_000  # kept for replays
MINIMISED_MAX = 12
MINIMISE_SECONDS = 10
LATE_FRAME_SECONDS = 30
FULL_MINUTES = 10
SHORT_RUN_SLACK = 0.6
LEAST_SHOWN = 24  # options, and pairs of options, that were seen least
ENDLESS = 10**12


class Session:
    """One server and the connections that a run keeps to it."""

    def __init__(self, server, protocol):
        self.server = server
        self.protocol = protocol
        self.connections = {}
        self.client_ids = {}
        self.fences = 0

    def open(self, name):
        if name in self.connections:
            self.connections.pop(name).close()
        connection = Connection(self.server.port)
        self.connections[name] = connection
        if name != "raw":
            if self.protocol == 3:
                connection.call("HELLO", "3")
            self.client_ids[name] = int(connection.call("CLIENT", "ID")[1])

    def get(self, name):
        if name not in self.connections:
            self.open(name)
        return self.connections[name]

    def resolve(self, args):
        return [arg(self) if callable(arg) else arg for arg in args]

    def start_over(self):
        """New connections and empty databases, whatever happened before."""
        for connection in self.connections.values():
            connection.close()
        self.connections.clear()
        if not self.server.alive():
            self.server.start()
        connection = Connection(self.server.port)
        connection.call("AUTH", "secret")  # in case a unit ended with the password set
        for call in (("CONFIG", "SET", "requirepass", ""), ("CLIENT", "UNPAUSE"), ("FLUSHALL",),
                     ("ACL", "SETUSER", "default", "on"), ("ACL", "LOG", "RESET"),
                     ("CONFIG", "SET", "acl-pubsub-default", "resetchannels"),
                     ("SCRIPT", "FLUSH"), ("FUNCTION", "FLUSH"),
                     ("CONFIG", "SET", "notify-keyspace-events", ""),
                     ("CONFIG", "SET", "slowlog-log-slower-than", "10000"),
                     ("CONFIG", "SET", "maxmemory-policy", "noeviction"),
                     ("CONFIG", "SET", "maxmemory", "1gb")):
            connection.call(*call)
        connection.close()

    def send_fence(self, name):
        self.fences += 1
        self.get(name).send(encode([b"PING", b"fence:%d" % self.fences]))

    def await_blocked(self):
        """Returns once a client waits for a key."""
        deadline = time.monotonic() + LATE_FRAME_SECONDS
        while b"blocked_clients:1\r" not in self.get("main").call("INFO", "clients")[1]:
            if time.monotonic() > deadline:
                raise Closed("nobody waits by the deadline")
            time.sleep(0.0005)

    def frames(self, name):
        """All frames of a connection up to the answer of the fence."""
        token = b"fence:%d" % self.fences
        connection = self.get(name)
        found = []
        while True:
            frame = connection.read()
            if frame[1] == token or (isinstance(frame[1], list) and len(frame[1]) == 2
                                     and frame[1][1][1] == token):
                return found
            found.append(frame)

    def late_frames(self, name, count):
        """Frames that were posted by another thread and are still under way."""
        connection = self.get(name)
        connection.sock.settimeout(LATE_FRAME_SECONDS)
        found = []
        try:
            while len(found) < count:
                found.append(connection.read())
        except Closed:
            pass
        connection.sock.settimeout(60)
        return found


class Mismatch(Exception):
    def __init__(self, step, expected, got, note=""):
        super().__init__(note)
        self.step, self.expected, self.got, self.note = step, expected, got, note

    def signature(self):
        def kind(reply):
            if isinstance(reply, tuple) and is_error(reply):
                return re.sub(rb"'[^']*'|[0-9a-f]{40}", b"", reply[1])[:60]
            return reply[0] if isinstance(reply, tuple) else str(reply)[:30]
        name = getattr(self.step, "name", type(self.step).__name__)
        return name, str(kind(self.expected)), str(kind(self.got)), self.note[:30]

    def describe(self):
        def text(reply):
            if isinstance(reply, list):
                return "[" + ", ".join(show(each) for each in reply) + "]"
            return show(reply)
        lines = [f"  command   {self.step!r}", f"  expected  {text(self.expected)}",
                 f"  got       {text(self.got)}"]
        return "\n".join(lines + ([f"  note      {self.note}"] if self.note else []))


class Exceptions:
    """The agreed differences, and how often each was met."""

    def __init__(self, entries):
        assert len(entries) <= EXCEPTIONS_MAX, f"{len(entries)} exceptions: at most {EXCEPTIONS_MAX}"
        self.rules = [(re.compile(e["command"], re.S), re.compile(e["expected"], re.S),
                       re.compile(e["got"], re.S), e["reason"]) for e in entries]
        self.used = collections.Counter()

    def agreed(self, name, expected, got):
        for command, wanted, ours, reason in self.rules:
            if (command.fullmatch(name) and wanted.fullmatch(show(expected, 10**9))
                    and ours.fullmatch(show(got, 10**9))):
                self.used[reason] += 1
                return True
        return False


class Coverage:
    def __init__(self):
        self.replies = collections.Counter()
        self.errors = collections.Counter()
        self.options = collections.Counter()
        self.pairs = collections.Counter()  # options of one command together
        self.known_options = families.options()

    def add_documented(self, connection):
        """Every keyword that redis-server documents must be seen to work, but those in UNSEEN."""
        for name, tokens in documented_tokens(connection).items():
            if name not in families.COVERED:
                continue
            known = self.known_options.setdefault(name, [])
            unseen = families.UNSEEN.get(name, ())
            self.known_options[name] = known + [token for token in tokens
                                                if token not in known and token not in unseen]

    def count(self, name, args, failed):
        if failed:
            self.errors[name] += 1
            return
        self.replies[name] += 1
        known = self.known_options.get(name)
        if not known:
            return
        words = {arg.upper() for arg in args[1:] if not callable(arg)}
        found = [option for option in known if option.encode() in words]
        for option in found:
            self.options[name, option] += 1
        for pair in itertools.combinations(found, 2):
            self.pairs[name, pair] += 1

    def shortfalls(self, share):
        """What was seen less often than it must be in a full run, scaled to this run's share."""
        least, least_option = int(REPLIES_MIN * share), max(1, int(OPTION_REPLIES_MIN * share))
        for name in families.COVERED:
            if self.replies[name] < least:
                yield f"{name}: {self.replies[name]} replies without error, {least} needed"
        for name, options in self.known_options.items():
            for option in options:
                if self.options[name, option] < least_option:
                    yield f"{name} {option}: {self.options[name, option]}, {least_option} needed"

    def report(self):
        print("coverage: replies without error (and errors) by command")
        names = sorted(set(self.replies) | set(self.errors))
        known = [n for n in names if n in families.COVERED or n in families.UNCOVERED]
        cells = [f"{n} {self.replies[n]} ({self.errors[n]})" for n in known]
        for at in range(0, len(cells), 4):
            print("  " + "".join(cell.ljust(34) for cell in cells[at:at + 4]).rstrip())
        print("options seen to work:")
        for name, options in sorted(self.known_options.items()):
            print(f"  {name}: " + ", ".join(f"{o} {self.options[name, o]}" for o in options))
        everything = [(self.options[name, option], f"{name} {option}")
                      for name, options in self.known_options.items() for option in options]
        print("options seen least: " + "; ".join(
            f"{text} {count}" for count, text in sorted(everything)[:LEAST_SHOWN]))
        together = [(self.pairs[name, pair], f"{name} {pair[0]}+{pair[1]}")
                    for name, options in self.known_options.items()
                    for pair in itertools.combinations(options, 2)]
        never = sum(count == 0 for count, _ in together)
        print(f"pairs of options: {len(together) - never} of {len(together)} seen together (many "
              "exclude each other); seen least: " + "; ".join(
                  f"{text} {count}" for count, text in sorted(together)[never:never + LEAST_SHOWN]))
        for name, reason in families.UNCOVERED.items():
            print(f"  not held to {REPLIES_MIN}: {name} ({reason})")


class Runner:
    """Runs units on both servers, in batches as long as one connection goes on alone."""

    def __init__(self, expected, got, exceptions, coverage):
        self.expected, self.got = expected, got
        self.exceptions, self.coverage = exceptions, coverage
        self.batch = []
        self.sent = {}

    def start_over(self):
        self.batch, self.sent = [], {}
        for session in (self.expected, self.got):
            session.start_over()
        for step in keys.refill(base.Generator(1)):
            self.run(step)
        self.flush()

    def both(self, action, step):
        """The action's result on either server; one that fails alone is a mismatch."""
        results = []
        for session in (self.expected, self.got):
            try:
                results.append(action(session))
            except (Closed, ProtocolError, OSError) as error:
                results.append(error)
        if any(isinstance(result, Exception) for result in results):
            note = "" if self.got.server.alive() else "the server died: " + self.got.server.log_tail()
            raise Mismatch(step, *(("!", str(r).encode()) if isinstance(r, Exception) else ("+", b"fine")
                                   for r in results), note=note or "connection")
        return results

    def run(self, step):
        if isinstance(step, base.Command):
            if self.batch and (self.batch[0].conn != step.conn or len(self.batch) >= BATCH_MAX):
                self.flush()
            self.batch.append(step)
            return
        self.flush()
        if isinstance(step, base.Send):
            self.sent.setdefault(step.conn, []).append(step)
            self.both(lambda session: session.get(step.conn).send(
                encode(session.resolve(step.args))), step)
        elif isinstance(step, base.Fence):
            self.fence(step)
        elif isinstance(step, base.AwaitBlocked):
            self.both(lambda session: session.await_blocked(), step)
        else:
            self.reconnect(step)

    def reconnect(self, step):
        if step.closed:
            def closed(session):
                try:
                    while True:
                        session.get(step.conn).read()
                except Closed as end:
                    if "deadline" in str(end):
                        raise
            self.both(closed, step)
        self.sent.pop(step.conn, None)
        self.both(lambda session: session.open(step.conn), step)

    def fence(self, step):
        self.both(lambda session: session.send_fence(step.conn), step)
        expected, got = self.both(lambda session: session.frames(step.conn), step)
        short = self.got if len(got) < len(expected) else self.expected
        if len(got) != len(expected):
            fewer = min((got, expected), key=len)
            fewer += short.late_frames(step.conn, abs(len(got) - len(expected)))
        if step.normalise:
            expected, got = [list(map(step.normalise, frames)) for frames in (expected, got)]
        sends = self.sent.pop(step.conn, [])
        if not compare.frames(expected, got, step.unordered):
            step = FenceAfter(step, sends)
            if not (len(expected) == len(got) and all(
                    a == b or self.exceptions.agreed(step.name, a, b) for a, b in zip(expected, got))):
                raise Mismatch(step, expected, got)
        failed = any(map(is_error, got))
        for send in sends:
            self.coverage.count(send.name, send.args, failed)

    def flush(self):
        batch, self.batch = self.batch, []
        if not batch:
            return

        def send(session):
            session.get(batch[0].conn).send(
                b"".join(encode(session.resolve(step.args)) for step in batch))

        def receive(session):
            connection = session.get(batch[0].conn)
            replies = []
            try:
                for _ in batch:
                    replies.append(connection.read())
            except (Closed, ProtocolError) as error:
                replies.append(error)
            return replies

        self.both(send, batch[0])  # both servers work at the same time
        expected, got = self.both(receive, batch[0])
        for at, step in enumerate(batch):
            a, b = expected[at], got[at]
            if isinstance(a, Exception) or isinstance(b, Exception):
                shown = [("!", str(r).encode()) if isinstance(r, Exception) else r for r in (a, b)]
                note = "" if self.got.server.alive() else "the server died: " + self.got.server.log_tail()
                raise Mismatch(step, *shown, note=note)
            if not self.matches(step, a, b):
                raise Mismatch(step, a, b)

    def matches(self, step, expected, got):
        if isinstance(step.comparer, compare.Transaction) and step.comparer.fits(expected, got):
            inner = all(self.matches(each, a, b) for each, a, b in
                        zip(step.comparer.commands, expected[1], got[1]))
            self.coverage.count(step.name, step.args, False)
            return inner
        if step.counted:
            self.coverage.count(step.name, step.args, is_error(got))
        return (compare.same(expected, got, step.comparer)
                or self.exceptions.agreed(step.name, expected, got))

    def run_unit(self, unit):
        for step in unit:
            self.run(step)


class FenceAfter:
    """A fence in a report, with what was sent before it."""

    def __init__(self, fence, sends):
        self.fence, self.sends = fence, sends
        self.name = sends[-1].name if sends else "frames"

    def __repr__(self):
        return repr(self.fence) + " after " + "; ".join(map(repr, self.sends))


def documented_tokens(connection):
    """The keywords of each command, from COMMAND DOCS in RESP2."""
    def pairs(reply):
        return {reply[1][i][1].decode(): reply[1][i + 1] for i in range(0, len(reply[1]), 2)}

    def tokens(arguments):
        for argument in map(pairs, arguments[1]):
            if argument.get("token", ("$", b""))[1]:
                yield argument["token"][1].decode()
            if "arguments" in argument:
                yield from tokens(argument["arguments"])

    def walk(commands):
        for name, fields in pairs(commands).items():
            fields = pairs(fields)
            if "subcommands" in fields:
                yield from walk(fields["subcommands"])
            elif "arguments" in fields:
                yield name, list(dict.fromkeys(tokens(fields["arguments"])))
    return dict(walk(connection.call("COMMAND", "DOCS")))


def replay(runner, units):
    """The mismatch that these units end in from a fresh start, or None."""
    quiet = Runner(runner.expected, runner.got, Exceptions([]), Coverage())
    quiet.exceptions.rules = runner.exceptions.rules
    try:
        quiet.start_over()
        for unit in units:
            quiet.run_unit(unit)
        quiet.flush()
    except Mismatch as found:
        return found
    return None


def minimise(runner, history, mismatch):
    """The fewest units found that still show the mismatch, within MINIMISE_SECONDS."""
    deadline = time.monotonic() + MINIMISE_SECONDS
    wanted = mismatch.signature()

    def shows(units):
        found = replay(runner, units)
        return found is not None and found.signature() == wanted

    units = None
    for length in (1, 4, 20, 100, 1000, len(history)):
        if shows(history[-length:]):
            units = history[-length:]
            break
        if time.monotonic() > deadline:
            break
    if units is None:
        return None
    chunk = len(units) // 2
    while chunk >= 1 and time.monotonic() < deadline:
        at = 0
        while at < len(units) and time.monotonic() < deadline:
            fewer = units[:at] + units[at + chunk:]
            if fewer and shows(fewer):
                units = fewer
            else:
                at += chunk
        chunk //= 2
    return units


def run(arguments, protocol, larder, redis):
    how_long = f"{arguments.minutes:g} minutes" if arguments.minutes else f"{arguments.count} commands"
    print(f"== RESP{protocol}: seed {arguments.seed}, {how_long}", flush=True)
    count = ENDLESS if arguments.minutes else arguments.count
    started = time.monotonic()
    exceptions = Exceptions(json.loads((HERE / "exceptions.json").read_text())["commands"])
    coverage = Coverage()
    servers = [Server(redis, "redis"), Server(larder, "larder")]
    reported = collections.Counter()
    try:
        runner = Runner(*(Session(server, protocol) for server in servers), exceptions, coverage)
        asking = Connection(servers[0].port)
        coverage.add_documented(asking)
        asking.close()
        runner.start_over()
        history, commands = collections.deque(maxlen=HISTORY_UNITS_MAX), 0
        for unit in families.units(arguments.seed, count, arguments.families):
            if arguments.minutes and time.monotonic() - started > 60 * arguments.minutes:
                break
            history.append(unit)
            commands += sum(hasattr(step, "args") for step in unit)
            try:
                runner.run_unit(unit)
                if not all(type(step) is base.Command for step in unit):
                    runner.flush()
            except Mismatch as mismatch:
                signature = mismatch.signature()
                reported[signature] += 1
                if reported[signature] == 1:
                    report(runner, list(history), mismatch, arguments, protocol, commands, len(reported))
                if sum(reported.values()) >= MISMATCHES_MAX:
                    print(f"stopping after {MISMATCHES_MAX} mismatches")
                    break
                runner.start_over()
                history.clear()
        try:
            runner.flush()
        except Mismatch as mismatch:
            reported[mismatch.signature()] += 1
            report(runner, list(history), mismatch, arguments, protocol, commands, len(reported))
    except Mismatch as mismatch:  # from a fresh start: nothing more can be compared
        reported[mismatch.signature()] += 1
        print("MISMATCH while filling empty servers; stopping\n" + mismatch.describe())
    finally:
        for server in servers:
            server.stop()
    coverage.report()
    for reason, times in exceptions.used.items():
        print(f"agreed exception, met {times} times: {reason}")
    # A shorter run must come to its share, but for chance.
    share = min(1.0, SHORT_RUN_SLACK * commands / COMMANDS) if commands < COMMANDS else 1.0
    shortfalls = [] if arguments.families else list(coverage.shortfalls(share))
    for shortfall in shortfalls:
        print(f"SHORTFALL {shortfall}")
    print(f"RESP{protocol}: {commands} commands in {time.monotonic() - started:.1f} s, "
          f"{sum(reported.values())} mismatches of {len(reported)} kinds, "
          f"{len(exceptions.rules)} agreed exceptions, {len(shortfalls)} shortfalls", flush=True)
    return not reported and not shortfalls


def report(runner, history, mismatch, arguments, protocol, commands, kinds):
    print(f"MISMATCH in RESP{protocol}, seed {arguments.seed}, near command {commands}")
    print(mismatch.describe(), flush=True)
    if kinds > MINIMISED_MAX:
        return
    units = minimise(runner, history, mismatch)
    if units is None:
        print("  replay    not shown again by a replay from a fresh start")
        return
    print("  replay    after a fresh start:")
    for unit in units[-12:]:
        for step in unit:
            print(f"              {step!r}")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", type=int, choices=(2, 3), help="both when left out")
    parser.add_argument("--seed", type=int, default=20260801)
    parser.add_argument("--seeds", type=int, default=1, help="so many seeds, one after another")
    parser.add_argument("--count", type=int)
    parser.add_argument("--minutes", type=float, help="for each protocol and seed")
    parser.add_argument("--families", type=lambda text: text.split(","), default=[],
                        help="only these, as in strings,sets; then coverage is not held against")
    arguments = parser.parse_args()
    larder, redis = find_servers()
    protocols = [arguments.protocol] if arguments.protocol else [2, 3]
    if arguments.count is None and arguments.minutes is None:
        if os.environ.get("LARDER_FULL"):
            arguments.minutes = FULL_MINUTES
        else:
            arguments.count = COMMANDS
    results = []
    for _ in range(arguments.seeds):
        results += [run(arguments, protocol, larder, redis) for protocol in protocols]
        arguments.seed += 1
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
