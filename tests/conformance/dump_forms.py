"""Dumps in forms that today's servers read and no longer write: ziplists, zipmaps, plain collections;
with what they hold. Put together by hand from the description of the format (storage/dump_format.h,
dump_packed.h)."""
import struct

CRC_POLYNOMIAL = 0x95AC9329AC4BC9B5


def crc64(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (CRC_POLYNOMIAL if crc & 1 else 0)
    return crc


def footed(body, version):
    dump = body + struct.pack("<H", version)
    return dump + struct.pack("<Q", crc64(dump))


def length(value):
    if value < 64:
        return bytes([value])
    return bytes([0x40 | value >> 8, value & 255]) if value < 16384 else b"\x80" + struct.pack(">I", value)


def string(data):
    return length(len(data)) + data


def zip_text(text):
    if len(text) < 64:
        return bytes([len(text)]) + text
    if len(text) < 16384:
        return bytes([0x40 | len(text) >> 8, len(text) & 255]) + text
    return b"\x80" + struct.pack(">I", len(text)) + text


def zip_number(value):
    if 0 <= value <= 12:
        return bytes([0xF1 + value])
    for code, form, low in ((b"\xfe", "<b", 7), (b"\xc0", "<h", 15), (None, None, 23),
                            (b"\xd0", "<i", 31), (b"\xe0", "<q", 63)):
        if not -(1 << low) <= value < 1 << low:
            continue
        if code is None:
            return b"\xf0" + struct.pack("<i", value)[:3]
        return code + struct.pack(form, value)
    raise ValueError(value)


def ziplist(entries):
    body, before, last = b"", 0, 10
    for entry in entries:
        last = 10 + len(body)
        encoded = zip_number(entry) if isinstance(entry, int) else zip_text(entry)
        prefix = bytes([before]) if before < 254 else b"\xfe" + struct.pack("<I", before)
        body += prefix + encoded
        before = len(prefix + encoded)
    return struct.pack("<IIH", 11 + len(body), last, len(entries)) + body + b"\xff"


def zipmap(fields):
    def size(data):
        return bytes([len(data)]) if len(data) < 254 else b"\xfe" + struct.pack("<I", len(data))
    body = b"".join(size(name) + name + size(value) + b"\x02" + value + b"??"
                    for name, value in fields)
    return bytes([len(fields)]) + body + b"\xff"


def listpack(elements):
    """Of small numbers and short texts."""
    body = b"".join((bytes([e]) if isinstance(e, int) else bytes([0x80 | len(e)]) + e) +
                    bytes([1 if isinstance(e, int) else 1 + len(e)]) for e in elements)
    return struct.pack("<IH", 7 + len(body), len(elements)) + body + b"\xff"


ID = struct.pack(">QQ", 5, 0)
TIME = struct.pack("<q", 1_700_000_000_000)
ELEMENTS = [b"a", b"b" * 100, 0, 12, 13, -1, 300, -40000, 8388607, -8388608, 2147483647,
            -9223372036854775808, b"", b"c" * 300]
TEXTS = [b"%d" % e if isinstance(e, int) else e for e in ELEMENTS]

# name, type, body, how to read it back, what it holds, whether that has an order
FORMS = [
    ("list_ziplist", 10, string(ziplist(ELEMENTS)), ("LRANGE", "0", "-1"), TEXTS),
    ("list_quicklist_1", 14, length(2) + string(ziplist(ELEMENTS)) + string(ziplist([b"z", 5])),
     ("LRANGE", "0", "-1"), TEXTS + [b"z", b"5"]),
    ("list_plain", 1, length(3) + string(b"a") + b"\xc0\x05" + string(b"c" * 200),
     ("LRANGE", "0", "-1"), [b"a", b"5", b"c" * 200]),
    ("zset_ziplist", 12, string(ziplist([b"a", b"-1.5", b"b", 2, 7, 300])),
     ("ZRANGE", "0", "-1", "WITHSCORES"), [b"a", b"-1.5", b"b", b"2", b"7", b"300"]),
    ("zset_text_scores", 3, length(3) + string(b"a") + b"\x031.5" + string(b"b") + b"\xfe" +
     string(b"c") + b"\xff", ("ZRANGE", "0", "-1", "WITHSCORES"),
     [b"c", b"-inf", b"a", b"1.5", b"b", b"inf"]),
    ("hash_ziplist", 13, string(ziplist([b"f", b"v", b"n", 17])), ("HGETALL",),
     [b"f", b"v", b"n", b"17"]),
    ("hash_zipmap", 9, string(zipmap([(b"f", b"v"), (b"long", b"x" * 300)])), ("HGETALL",),
     [b"f", b"v", b"long", b"x" * 300]),
    ("stream_of_redis_5", 15, length(1) + string(ID) +
     string(listpack([1, 0, 1, b"field", 0, 2, 0, 0, b"value", 4])) + length(1) + length(5) + length(0) +
     length(1) + string(b"g") + length(5) + length(0) + length(1) + ID + TIME + length(2) +
     length(1) + string(b"c") + TIME + length(1) + ID, ("XRANGE", "-", "+"),
     [[("$", b"5-0"), ("*", [("$", b"field"), ("$", b"value")])]]),
]


def payload(kind, body, version=9):
    return footed(bytes([kind]) + body, version)


ALL = [(name, payload(kind, body)) for name, kind, body, _, _ in FORMS]
