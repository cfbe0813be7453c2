"""A thief's search: does a text occur in these bytes, however it is written, encoded or compressed?

It undoes hex, base64 (both alphabets, every alignment, wrapped lines), zlib, gzip, bare deflate and PostgreSQL's own
compression, one inside the other, joins the pieces of values that PostgreSQL cut (TOAST) and the pages of its log,
and knows a text in UTF-8 and UTF-16, escaped as JSON, XML and addresses do it, composed and decomposed.
"""

from __future__ import annotations

import binascii
import json
import re
import unicodedata
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import groupby
from struct import Struct
from urllib.parse import quote

PAGE = 8192
DEPTH = 3
"""How many encodings are undone one inside the other."""

_MOST = 1 << 22
_SEAM = b"\xff\x00\xfe\x00"
_HEX = re.compile(rb"[0-9a-fA-F]{16,}")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/_-]{60,}\r?\n)*[A-Za-z0-9+/_-]{12,}")
_ZLIB = re.compile(rb"\x78[\x01\x5e\x9c\xda]|\x1f\x8b\x08")
# A value of PostgreSQL of more than 126 bytes begins with its length in four bytes, the lowest two bits of which say
# whether it is plain (00) or compressed (10); the latter goes on with its length before (varatt.h, little-endian).
_PLAIN_BYTES, _PACKED_BYTES = (re.escape(bytes(range(low, 256, 4))) for low in (0, 2))
_PLAIN = re.compile(b"(?=[" + _PLAIN_BYTES + rb"][\x01-\x7f]\x00\x00)", re.DOTALL)
_PACKED = re.compile(b"(?=[" + _PACKED_BYTES + rb"][^\x00]{1,2}\x00.{3}\x00)", re.DOTALL)
_length, _lengths, _halves = Struct("<I").unpack_from, Struct("<II").unpack_from, Struct("<HH").unpack_from
_ALPHABET = bytes.maketrans(b"-_", b"+/")


def spellings(text: str) -> frozenset[bytes]:
    """Every way in which the text may stand among decoded bytes."""
    found: set[bytes] = set()
    for form in ("NFC", "NFD"):
        normal = unicodedata.normalize(form, text)
        escaped = json.dumps(normal)[1:-1]
        upper = re.sub(r"\\u[0-9a-f]{4}", lambda each: "\\u" + each[0][2:].upper(), escaped)
        quoted = json.dumps(normal, ensure_ascii=False)[1:-1]
        entities = ("".join(_entity(each, form) for each in normal) for form in ("&#{};", "&#x{:x};", "&#x{:X};"))
        found |= {each.encode(code) for each in (normal, quoted) for code in ("utf-8", "utf-16-le", "utf-16-be")}
        found |= {each.encode() for each in (escaped, upper, *entities, quote(normal), quote(normal, safe=""))}
        found |= {each.replace("\\", "\\\\").encode() for each in (escaped, upper, quoted)}
    return frozenset(found)


def _entity(character: str, form: str) -> str:
    return character if character.isascii() else form.format(ord(character))


def search(blobs: Iterable[bytes], texts: Iterable[str]) -> set[str]:
    """Those of the texts that occur somewhere in the blobs."""
    named = {spelling.strip(b"\0"): text for text in texts for spelling in spellings(text)}
    loot = list(blobs)
    seen = _SEAM.join(layers([*loot, *(value for blob in loot for value in _values(blob))]))
    starts: dict[bytes, list[bytes]] = {}
    for each in named:
        starts.setdefault(each[:3], []).append(each)
    found: set[str] = set()
    for at in _positions(_one_of(starts), seen):
        found |= {named[each] for each in starts[seen[at : at + 3]] if seen.startswith(each, at)}
    return found


def _one_of(starts: Iterable[bytes]) -> re.Pattern[bytes]:
    """Any of these beginnings, asked for byte by byte: many times faster than one after the other."""
    tree: dict[bytes, list[bytes]] = {}
    for each in sorted(starts):
        tree.setdefault(each[:1], []).append(re.escape(each[1:]))
    return re.compile(b"|".join(re.escape(first) + b"(?:" + b"|".join(rest) + b")" for first, rest in tree.items()))


def _positions(pattern: re.Pattern[bytes], seen: bytes) -> Iterator[int]:
    found = pattern.search(seen)
    while found:
        yield found.start()
        found = pattern.search(seen, found.start() + 1)


def layers(blobs: Iterable[bytes], depth: int = DEPTH) -> Iterator[bytes]:
    """The blobs and everything that can be decoded from them."""
    distinct = dict.fromkeys(blobs)
    yield from distinct
    if depth:
        long_enough = [each for each in distinct if len(each) >= 32]
        inner = [each for decode in _DECODERS for blob in long_enough for each in decode(blob)]
        if inner:
            yield from layers(inner, depth - 1)


def _unhexed(blob: bytes) -> Iterator[bytes]:
    for found in _HEX.finditer(blob):
        run = found[0]
        yield bytes.fromhex(run[: len(run) & ~1].decode())
        yield bytes.fromhex(run[1 : 1 + (len(run) - 1 & ~1)].decode())


def _unbased(blob: bytes) -> Iterator[bytes]:
    for found in _BASE64.finditer(blob):
        run = found[0].translate(_ALPHABET, b"\r\n")
        if len(run) > 40 and _HEX.fullmatch(run):
            continue
        for start in range(4):
            cut = run[start:]
            whole = cut[: len(cut) - (len(cut) % 4 == 1)]
            yield binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))


def _inflated(blob: bytes) -> Iterator[bytes]:
    for found in _ZLIB.finditer(blob):
        yield from _inflate(blob[found.start() : found.start() + _MOST], wbits=47)
    yield from _bare(blob)


def _bare(blob: bytes) -> Iterator[bytes]:
    for start in range(17):  # a bare stream has no mark; it begins behind nothing, or behind a version and a nonce
        if _may_be_deflated(blob, start):
            yield from _inflate(blob[start : start + _MOST], wbits=-15)


def _may_be_deflated(blob: bytes, start: int) -> bool:
    """Bits 2 and 3 tell the kind of a block (RFC 1951, 3.2.3); what is stored as it is has its length twice."""
    kind = blob[start] & 6 if len(blob) > start + 4 else 6
    if kind:
        return kind != 6
    length, complement = _halves(blob, start + 1)
    return length ^ complement == 0xFFFF


def _inflate(packed: bytes, *, wbits: int) -> Iterator[bytes]:
    """What comes out, if it comes to an end; of a long stream that is damaged later on, what comes before."""
    unpacker, out, is_whole = zlib.decompressobj(wbits), b"", True
    try:
        out = unpacker.decompress(packed[:64])
        for at in range(64, len(packed), 256):
            out += unpacker.decompress(packed[at : at + 256])
    except zlib.error:
        is_whole = False
    if len(out) >= (24 if is_whole else 512):
        yield out[:_MOST]


_DECODERS: tuple[Callable[[bytes], Iterator[bytes]], ...] = (_unhexed, _unbased, _inflated)


def _values(blob: bytes) -> Iterator[bytes]:
    """What is compressed in values of PostgreSQL, by itself or by others, wherever in its files they stand."""
    for found in _PLAIN.finditer(blob):
        (header,) = _length(blob, found.start())
        value = blob[found.start() + 4 : found.start() + (header >> 2)]
        if 120 <= len(value) <= PAGE:
            yield from _bare(value)
            yield from _unpack(value[4:], _length(value, 0)[0])  # the first piece of a value that was cut
    for found in _PACKED.finditer(blob):
        header, before = _lengths(blob, found.start()) if len(blob) - found.start() >= 8 else (0, 0)
        yield from _unpack(blob[found.start() + 8 : found.start() + (header >> 2)], before)


def _unpack(packed: bytes, size: int) -> Iterator[bytes]:
    if len(packed) // 2 < size < _MOST:
        out = decompress(packed, size)
        if len(out) >= min(size, 64):
            yield out


def decompress(packed: bytes, size: int) -> bytes:
    """PostgreSQL's own compression (pg_lzcompress.c): what comes out before the end or the first impossibility."""
    out, at = bytearray(), 0
    try:
        while len(out) < size and at < len(packed):
            control, at = packed[at], at + 1
            for bit in range(8):
                if not control >> bit & 1:
                    out.append(packed[at])
                    at += 1
                else:
                    at = _copy(out, packed, at)
    except (IndexError, ValueError):
        pass
    return bytes(out[:size])


def _copy(out: bytearray, packed: bytes, at: int) -> int:
    """Copy what was seen before: four bits of length, twelve of distance, and a byte more for a long one."""
    length, distance = (packed[at] & 15) + 3, (packed[at] & 0xF0) << 4 | packed[at + 1]
    at += 2
    if length == 18:
        length, at = length + packed[at], at + 1
    if not 0 < distance <= len(out):
        raise ValueError("nothing lies that far back")
    for _ in range(length):
        out.append(out[-distance])
    return at


def cut(body: bytes) -> Iterator[bytes]:
    """The pages of a file."""
    return (body[at : at + PAGE] for at in range(0, len(body), PAGE))


def pages(files: Iterable[bytes], before: frozenset[bytes] = frozenset()) -> list[bytes]:
    """Data files as blobs: every page once that is not as `before`, and the values that were cut into pieces."""
    distinct = dict.fromkeys(page for body in files for page in cut(body))
    filled = [page for page in distinct if page not in before and page.strip(b"\0")]
    return [b"".join(filled), *_joined(filled)]


def _joined(filled: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces (id, number, bytes) put together again; compressed values are inflated at once."""
    pieces = sorted({piece for page in filled for piece in _pieces(page)})
    for _, run in groupby(pieces, key=lambda each: each[0]):
        numbered = {number: body for _, number, body in run}
        whole = b"".join(numbered[number] for number in sorted(numbered))
        yield whole
        if len(whole) >= 4:
            yield from _unpack(whole[4:], _length(whole, 0)[0])


def _pieces(page: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Rows of a page that look like pieces: an id, a number, some bytes, and nothing else."""
    for row in _rows(page):
        content = row[row[22] :]
        if row[18] & 0x7F != 3 or len(content) < 12:
            continue
        identity, number = _lengths(content, 0)
        body = _value(content[8:])
        if identity and number < 100_000 and body:
            yield identity, number, body


def _rows(page: bytes) -> Iterator[bytes]:
    """What the line pointers of a page point at (bufpage.h, itemid.h)."""
    lower, _ = _halves(page, 12) if len(page) == PAGE else (0, 0)
    for at in range(24, min(lower, PAGE) - 3, 4):
        (pointer,) = _length(page, at)
        start, size = pointer & 0x7FFF, pointer >> 17
        if pointer >> 15 & 3 == 1 and size > 23:
            yield page[start : start + size].ljust(24, b"\0")


def _value(stored: bytes) -> bytes:
    if stored[0] & 1:
        return stored[1 : stored[0] >> 1]
    (header,) = _length(stored, 0)
    return stored[4 : header >> 2] if not header & 3 else b""


def log_stream(segments: Mapping[str, bytes], before: frozenset[bytes] = frozenset()) -> bytes:
    """The write-ahead log as one stream, without the headers of its pages (xlog_internal.h)."""
    stream = bytearray()
    for _, body in sorted(segments.items()):
        for number, page in enumerate(cut(body)):
            if page not in before and page.strip(b"\0"):
                stream += page[24 if number else 40 :]
    return bytes(stream)
