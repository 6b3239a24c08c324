"""When two replies count as the same.

Every comparer takes (expected, got) and answers a bool. All but `exact` exist because a reply is
unordered, random, or a time, an identity or a version of the server; what they leave out is named
by each. Error replies are always compared byte for byte, by `same`.
"""
import re

from resp import is_error

CLIENT_FIELD = re.compile(rb"([a-z-]+)=(\S*)")
MONITOR_LINE = re.compile(rb"^\d+\.\d+ \[(\d+) [^\]]*\]")
SLACK_MS = 60_000  # a stalled machine, not a wrong clock


def same(expected, got, comparer):
    """Applies a comparer; errors are exact whatever the comparer."""
    if is_error(expected) or is_error(got):
        return expected == got or getattr(comparer, "takes_errors", False) and comparer(expected, got)
    return comparer(expected, got)


def exact(expected, got):
    return expected == got


def same_type(expected, got):
    """Only the types: for random picks, sizes and texts of the server's own."""
    return expected[0] == got[0] and (expected[1] is None) == (got[1] is None)


def anything(expected, got):
    """Both are replies. For what hangs on background work."""
    return True


anything.takes_errors = True


def unordered(expected, got):
    """Aggregates as multisets."""
    if expected[0] != got[0] or not isinstance(expected[1], list) or not isinstance(got[1], list):
        return expected == got
    return sorted(map(repr, expected[1])) == sorted(map(repr, got[1]))


def within(slack):
    """Integers as far apart as `slack`; negative ones (no key, no TTL) exactly."""
    def comparer(expected, got):
        if expected[0] != ":" or got[0] != ":":
            return expected == got
        a, b = int(expected[1]), int(got[1])
        return a == b if a < 0 or b < 0 else abs(a - b) <= slack
    return comparer


seconds = within(SLACK_MS // 1000)
milliseconds = within(SLACK_MS)


def drawn_from(members, count, distinct):
    """A random pick: `count` of `members`, which is None for a single one."""
    def comparer(expected, got):
        if expected[0] != got[0]:
            return False
        if count is None:
            return got[1] in members
        picked = [item[1] for item in got[1]]
        return (len(picked) == len(expected[1]) and all(item in members for item in picked)
                and (not distinct or len(set(picked)) == len(picked)))
    return comparer


def complete_scan(expected, got):
    """A scan that reached its end in one call: cursor 0, elements in any order."""
    if [expected[0], got[0]] != ["*", "*"] or len(got[1]) != 2:
        return False
    return expected[1][0] == got[1][0] and unordered(expected[1][1], got[1][1])


def unordered_pairs(expected, got):
    """A map, or its flat array in RESP2, in any order."""
    if expected[0] != got[0] or len(expected[1]) != len(got[1]):
        return False
    a, b = expected[1], got[1]
    return sorted(map(repr, zip(a[::2], a[1::2]))) == sorted(map(repr, zip(b[::2], b[1::2])))


def complete_scan_of_pairs(expected, got):
    """As complete_scan, where each element is a pair."""
    if [expected[0], got[0]] != ["*", "*"] or len(got[1]) != 2:
        return False
    return expected[1][0] == got[1][0] and unordered_pairs(expected[1][1], got[1][1])


def partial_scan(expected, got):
    """A scan that may stop anywhere: cursor in decimal digits, then bulks."""
    if got[0] != "*" or len(got[1]) != 2:
        return False
    cursor, elements = got[1]
    return (cursor[0] == "$" and cursor[1].isdigit() and int(cursor[1]) < 1 << 48
            and elements[0] == "*" and all(item[0] == "$" for item in elements[1]))


def pairs(reply):
    """A map of RESP3, or its flat array in RESP2, as a dict in the reply's order."""
    items = reply[1]
    return {items[i][1]: items[i + 1] for i in range(0, len(items) - 1, 2)}


def places(expected, got):
    """Coordinates as numbers: 7.0 prints 17 digits after the point, Larder as version 8 as many as
    the number needs."""
    if isinstance(expected[1], list) and isinstance(got[1], list):
        return (expected[0] == got[0] and len(expected[1]) == len(got[1])
                and all(places(a, b) for a, b in zip(expected[1], got[1])))
    if expected == got:
        return True
    try:
        return expected[0] == got[0] and abs(float(expected[1]) - float(got[1])) < 1e-14
    except (TypeError, ValueError):
        return False


def hello(expected, got):
    """All fields but the version and the connection's number."""
    if expected[0] != got[0] or len(expected[1]) != len(got[1]):
        return False
    a, b = pairs(expected), pairs(got)
    if list(a) != list(b):
        return False
    for field, value in a.items():
        if field in (b"version", b"id"):
            if value[0] != b[field][0]:
                return False
        elif value != b[field]:
            return False
    return True


def map_with(*fields):
    """A map whose named fields are equal and which has at least all that are expected."""
    def comparer(expected, got):
        if expected[0] != got[0]:
            return False
        a, b = pairs(expected), pairs(got)
        return all(a[field] == b.get(field) for field in fields)
    return comparer


def keys_of_map(expected, got):
    """A map with the same field names, whatever the values."""
    if expected[0] != got[0] or not isinstance(got[1], list):
        return False
    return set(pairs(expected)) <= set(pairs(got))


# Fields of CLIENT LIST that follow from what the client did, not from the server's insides.
CLIENTS_ASKED_FOR_MAX = 2
CLIENT_FIELDS_EQUAL = (b"name", b"db", b"sub", b"psub", b"ssub", b"multi", b"user", b"resp", b"cmd")


def client_lines(expected, got):
    """CLIENT LIST and INFO: every field of the expected line is there, and the telling ones equal.

    More lines than a unit asks for are the whole list, which a mutation has asked for: in it are
    connections that each server is just letting go, in an order of its own.
    """
    if expected[0] != got[0]:
        return False
    if min(expected[1].count(b" addr="), got[1].count(b" addr=")) > CLIENTS_ASKED_FOR_MAX:
        return True
    a, b = expected[1].splitlines(), got[1].splitlines()
    if expected[0] == "=":
        a[0], b[0] = a[0][4:], b[0][4:]
    if len(a) != len(b):
        return False
    for line_a, line_b in zip(a, b):
        fields_a, fields_b = dict(CLIENT_FIELD.findall(line_a)), dict(CLIENT_FIELD.findall(line_b))
        if not set(fields_a) <= set(fields_b):
            return False
        if any(fields_a.get(field) != fields_b.get(field) for field in CLIENT_FIELDS_EQUAL):
            return False
    return True


def info(expected, got):
    """INFO: the same section titles."""
    if expected[0] != got[0]:
        return False
    title = re.compile(rb"^# (\w+)\r$", re.M)
    return set(title.findall(expected[1])) <= set(title.findall(got[1]))


def command_info(expected, got):
    """COMMAND INFO: name, arity and key positions exactly, flags and categories as sets that
    newer versions may only add to; tips and key specifications by type."""
    if expected[0] != got[0] or len(expected[1]) != len(got[1]):
        return False
    for a, b in zip(expected[1], got[1]):
        if a == b:
            continue
        if a[1] is None or b[1] is None or a[0] != b[0] or len(a[1]) != len(b[1]):
            return False
        a, b = a[1], b[1]
        if any(a[i] != b[i] for i in (0, 1, 3, 4, 5)):
            return False
        if any(not set(a[i][1]) <= set(b[i][1]) or a[i][0] != b[i][0] for i in (2, 6)):
            return False
        if any(a[i][0] != b[i][0] for i in (7, 8, 9)):
            return False
    return True


def command_docs(expected, got):
    """COMMAND DOCS: the same commands, each with summary, since, group and complexity."""
    if expected[0] != got[0]:
        return False
    a, b = pairs(expected), pairs(got)
    if set(a) != set(b):
        return False
    for name, docs in a.items():
        theirs, ours = pairs(docs), pairs(b[name])
        if docs[0] != b[name][0]:
            return False
        if any(field in theirs and field not in ours
               for field in (b"summary", b"since", b"group", b"complexity", b"arguments",
                             b"subcommands")):
            return False
        if theirs[b"since"] != ours[b"since"] or theirs[b"group"] != ours[b"group"]:
            return False
    return True


def slow_entries(expected, got):
    """SLOWLOG GET: the logged arguments and the client's name; not id, time, duration, address."""
    if expected[0] != got[0] or len(expected[1]) != len(got[1]):
        return False
    return all(len(a[1]) == len(b[1]) and a[1][3] == b[1][3] and a[1][5] == b[1][5]
               for a, b in zip(expected[1], got[1]))


def role(expected, got):
    return expected[0] == got[0] and expected[1][0] == got[1][0] and len(expected[1]) == len(got[1])


def background_save(expected, got):
    """Started, scheduled, or refused because one is running."""
    return all(reply[0] == "+" or reply[1].startswith(b"ERR Background save")
               for reply in (expected, got))


background_save.takes_errors = True


class Transaction:
    """EXEC: each queued command's reply by its own comparer. The runner looks into it, so that
    agreed exceptions and coverage hold for what is inside as well."""

    def __init__(self, commands):
        self.commands = commands

    def fits(self, expected, got):
        return all(reply[0] == "*" and reply[1] is not None and len(reply[1]) == len(self.commands)
                   for reply in (expected, got))

    def __call__(self, expected, got):
        if not self.fits(expected, got):
            return expected == got
        return all(same(a, b, each.comparer)
                   for a, b, each in zip(expected[1], got[1], self.commands))


def monitor_frame(frame):
    """A line of MONITOR without its time and address."""
    if frame[0] == "+":
        return "+", MONITOR_LINE.sub(rb"\1", frame[1])
    return frame


def frames(expected, got, unordered_names):
    """Frames of a subscriber, in order, but for two things that hang on a hash table: the order of
    one message's patterns, and (where asked) of the names when all are unsubscribed at once."""
    return arranged(expected, unordered_names) == arranged(got, unordered_names)


def arranged(found, unordered_names):
    runs, last = [], None
    for frame in found:
        run = run_of(frame, unordered_names)
        if run is None or run != last:
            runs.append([])
        runs[-1].append(frame)
        last = run
    return [sort_names(run) if len(run) > 1 else run for run in runs]


def run_of(frame, unordered_names):
    """What consecutive frames share whose order is free, or None."""
    if not isinstance(frame[1], list) or not frame[1]:
        return None
    kind = frame[1][0][1]
    if kind == b"pmessage":
        return kind, *frame[1][2:]
    if unordered_names and isinstance(kind, bytes) and kind.endswith(b"unsubscribe"):
        return kind
    return None


def sort_names(run):
    """The names sorted; what counts down beside them stays in its order."""
    names = sorted(repr(frame[1][1]) for frame in run)
    return names, [(frame[0], frame[1][0], frame[1][2:]) for frame in run]
