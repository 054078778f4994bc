"""The other side, in another language and with another library: pyiso8583.

    peer.py make DIALECT COUNT SEED   writes messages, one a line: {"hex": …, "fields": {…}}
    peer.py read DIALECT              reads frames as hex from standard input, one a line, and
                                      writes what they say, one a line
    peer.py trade DIALECT HOST PORT   a terminal: sign-on, sale, reversal; writes each answer

`make` and `read` want on standard input first the fields of the dialect, as one line of JSON
`{"FIELD": "FORMAT"}` in the notation of ISO 8583. How a dialect writes digits, texts, bytes and
lengths is known here by itself, so that a mistake in one place shows as a difference.
"""

import json
import random
import re
import socket
import string
import struct
import sys

import iso8583

# How a dialect writes things: encodings of pyiso8583, "b" for packed; bytes otherwise as hex.
DIALECTS = {
    "iso8583-1987-ascii": {"text": "ascii", "digits": "ascii", "binary": "ascii", "mti": "ascii"},
    "iso8583-1987-binary": {"text": "ascii", "digits": "b", "binary": "b", "mti": "b"},
    "iso8583-1987-ebcdic": {"text": "cp037", "digits": "cp037", "binary": "cp037", "mti": "cp037"},
}
FORMAT = re.compile(r"(x\+)?([a-z]+)(\.*)(\d+)")


def fixed(encoding, units, digits=False):
    """A field of one length; `units` are digits or characters, bytes if it is binary."""
    field = {"data_enc": encoding, "len_enc": "ascii", "len_type": 0, "max_len": units}
    if encoding == "b" and digits:
        field |= {"len_count": "nibbles", "left_pad": "0"}
    field["desc"] = ""
    return field


def entry(dialect, number, text):
    """One field in pyiso8583's words; None if it has no words for it."""
    sign, content, dots, size = FORMAT.fullmatch(text).groups()
    size = int(size)
    packed = dialect["digits"] == "b"
    if sign:
        # One character, then packed digits: pyiso8583 knows fields of one encoding only.
        return None if packed else fixed(dialect["digits"], size + 1)
    if content == "b":
        if not dots:
            hexed = dialect["binary"] != "b"
            return fixed(dialect["binary"], size // 4 if hexed else size // 8)
        field = fixed("b", size)
    elif content in ("n", "z"):
        field = fixed(dialect["digits"], size, digits=True)
    else:
        field = fixed(dialect["text"], size)
    if dots:
        places = len(dots)
        field["len_enc"] = "bcd" if packed else dialect["text"]
        field["len_type"] = (places + 1) // 2 if packed else places
    return field


def specification(name, formats):
    dialect = DIALECTS[name]
    bitmap = fixed(dialect["binary"], 8 if dialect["binary"] == "b" else 16)
    spec = {
        "h": fixed("ascii", 0),
        "t": fixed(dialect["mti"], 2 if dialect["mti"] == "b" else 4),
        "p": bitmap,
        "1": bitmap,
    }
    for number in range(2, 129):
        known = formats.get(str(number))
        field = entry(dialect, number, known) if known else None
        spec[str(number)] = field or fixed(dialect["text"], 0)
    usable = [n for n in range(2, 129) if spec[str(n)]["max_len"] > 0]
    return spec, usable


def tlv(dice):
    """Chip data: a few tags that exist, each with some bytes."""
    tags = dice.sample(["9F26", "9F27", "9F10", "9F37", "9F36", "95", "9A", "9C", "82", "9F33"], 4)
    out = ""
    for tag in tags:
        value = dice.randbytes(dice.randint(1, 12)).hex().upper()
        out += f"{tag}{len(value) // 2:02X}{value}"
    return out


def value(dice, dialect, number, text):
    """Something that fits a format."""
    sign, content, dots, size = FORMAT.fullmatch(text).groups()
    size = int(size)
    if number == 55:
        return tlv(dice)
    if content == "b":
        units = dice.randint(1, size) if dots else size // 8
        return dice.randbytes(units).hex().upper()
    longest = size if dice.random() < 0.02 else min(size, 40)
    units = dice.randint(1, longest) if dots else size
    if content == "z":
        digits = "".join(dice.choices(string.digits, k=units))
        return digits if units < 20 else digits[:16] + "D" + digits[17:]
    alphabet = {"n": string.digits, "an": string.digits + string.ascii_letters}.get(
        content, string.digits + string.ascii_letters + " .,:;-+/()*&%"
    )
    made = "".join(dice.choices(alphabet, k=units))
    return dice.choice("CD") + made if sign else made


def make(name, count, seed):
    formats = json.loads(sys.stdin.readline())
    spec, usable = specification(name, formats)
    dice = random.Random(seed)
    for _ in range(count):
        chosen = sorted(dice.sample(usable, dice.randint(1, min(40, len(usable)))))
        message = {"t": dice.choice(["0100", "0200", "0210", "0400", "0420", "0800", "0810"])}
        for number in chosen:
            message[str(number)] = value(dice, DIALECTS[name], number, formats[str(number)])
        raw, _ = iso8583.encode(dict(message), spec)
        print(json.dumps({"hex": raw.hex(), "fields": message}))


def read(name):
    spec, _ = specification(name, json.loads(sys.stdin.readline()))
    for line in sys.stdin:
        decoded, _ = iso8583.decode(bytes.fromhex(line.strip()), spec)
        bitmaps = ("h", "p", "1")
        print(json.dumps({k: v for k, v in decoded.items() if k not in bitmaps}), flush=True)


def receive(stream, count):
    data = b""
    while len(data) < count:
        more = stream.recv(count - len(data))
        if not more:
            raise SystemExit("the gateway hung up")
        data += more
    return data


def trade(name, host, port):
    spec, _ = specification(name, json.loads(sys.stdin.readline()))
    sale = {
        "t": "0200", "2": "6216261839475162738", "3": "000000", "4": "000000012345",
        "7": "1122101112", "11": "000002", "12": "101112", "13": "1122", "22": "021",
        "25": "00", "41": "10421695", "42": "874350357222471", "49": "156",
    }
    reversal = {k: v for k, v in sale.items() if k not in ("t", "11", "7")} | {
        "t": "0400", "7": "1122101130", "11": "000003", "39": "17",
        "90": "0200" + "000002" + "1122101112" + "0" * 22,
    }
    sign_on = {"t": "0800", "7": "1122101110", "11": "000001", "41": "10421695",
               "42": "874350357222471", "70": "001"}
    with socket.create_connection((host, port), timeout=20) as stream:
        for message in (sign_on, sale, reversal):
            raw, _ = iso8583.encode(dict(message), spec)
            stream.sendall(struct.pack(">H", len(raw)) + raw)
            length = struct.unpack(">H", receive(stream, 2))[0]
            answer, _ = iso8583.decode(receive(stream, length), spec)
            print(json.dumps({k: v for k, v in answer.items() if k not in ("h", "p", "1")}))


if __name__ == "__main__":
    job, dialect, *rest = sys.argv[1:]
    if job == "make":
        make(dialect, int(rest[0]), int(rest[1]))
    elif job == "read":
        read(dialect)
    elif job == "trade":
        trade(dialect, rest[0], int(rest[1]))
    else:
        raise SystemExit(__doc__)
