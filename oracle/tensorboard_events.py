"""TensorBoard event files by their published format alone (TFRecord framing with masked CRC-32C; event.proto, summary.proto).

    /usr/bin/python3 oracle/tensorboard_events.py FILE   # checks every checksum and prints the events as JSON lines
    /usr/bin/python3 oracle/tensorboard_events.py        # writes fixtures/tensorboard.events, which the tests compare byte by byte
"""
import json
import os
import struct
import sys

TABLE = []
for byte in range(256):
    crc = byte
    for _ in range(8):
        crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    TABLE.append(crc)


def masked(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = TABLE[(crc ^ byte) & 255] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def fields(data):
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        kind = key & 7
        if kind == 0:
            value = varint()
        elif kind == 1:
            value, at = struct.unpack_from("<d", data, at)[0], at + 8
        elif kind == 2:
            length = varint()
            value, at = data[at:at + length], at + length
            assert len(value) == length
        elif kind == 5:
            value, at = struct.unpack_from("<f", data, at)[0], at + 4
        else:
            raise ValueError(f"wire type {kind}")
        yield key >> 3, value


def main():
    data, at = open(sys.argv[1], "rb").read(), 0
    while at < len(data):
        head = data[at:at + 8]
        (length,), (check,) = struct.unpack("<Q", head), struct.unpack_from("<I", data, at + 8)
        assert masked(head) == check, "checksum of a length"
        body = data[at + 12:at + 12 + length]
        assert masked(body) == struct.unpack_from("<I", data, at + 12 + length)[0], "checksum of a record"
        at += 16 + length
        event = {"step": 0}
        for field, value in fields(body):
            if field == 1:
                event["time"] = value
            elif field == 2:
                event["step"] = value
            elif field == 3:
                event["version"] = value.decode()
            elif field == 5:
                for _, summary in fields(value):
                    for key, entry in fields(summary):
                        if key == 1:
                            event["tag"] = entry.decode()
                        elif key == 2:
                            event["value"] = entry
                        elif key == 4:
                            image = dict(fields(entry))
                            event["image"] = [image[1], image[2], image[3], len(image[4]), image[4][:8].hex()]
        print(json.dumps(event))


def varint(value):
    out = b""
    while value >= 128:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, kind, data):
    return varint(number << 3 | kind) + data


def nested(number, data):
    return field(number, 2, varint(len(data)) + data)


def record(data):
    head = struct.pack("<Q", len(data))
    return head + struct.pack("<I", masked(head)) + data + struct.pack("<I", masked(data))


def event(time, step, rest):
    return record(field(1, 1, struct.pack("<d", time)) + field(2, 0, varint(step)) + rest)


def write():
    scalar = nested(5, nested(1, nested(1, b"validation/loss") + field(2, 5, struct.pack("<f", 0.625))))
    image = field(1, 0, varint(2)) + field(2, 0, varint(300)) + field(3, 0, varint(3)) + nested(4, bytes(range(200)))
    picture = nested(5, nested(1, nested(1, "größe".encode()) + nested(4, image)))
    with open(os.path.join(os.path.dirname(__file__), "fixtures", "tensorboard.events"), "wb") as out:
        out.write(event(1700000000.25, 0, nested(3, b"brain.Event:2")) + event(1700000001.5, 300, scalar) + event(1700000002.0, 1, picture))


if len(sys.argv) > 1:
    main()
else:
    write()
