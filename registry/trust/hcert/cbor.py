"""CBOR read strictly and within bounds: one item, no repeated keys, no tags that make objects of it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import cbor2
from cbor2 import CBORDecoder, CBORTag

MAX_DEPTH = 16
_DATE_TEXT, _DATE_NUMBER = 0, 1
# Tags a decoder turns into numbers of any size, dates, patterns or references into itself; none has a place in a
# certificate, except the two of dates, which are read as what they enclose.
_OBJECTS = (2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 100, 256, 258, 260, 261, 1004, 43000)


class _Unwanted(ValueError):
    pass


def _plain(value: Any, _: bool) -> Any:
    return value


def _refuse(_value: Any, _: bool) -> Any:
    raise _Unwanted


_TAGS: Mapping[int, Callable[[Any, bool], Any]] = {
    **dict.fromkeys(_OBJECTS, _refuse),
    _DATE_TEXT: _plain,
    _DATE_NUMBER: _plain,
}


def read(body: bytes) -> Any:
    """The one item that these bytes are. Raises ValueError for anything else."""
    stream = io.BytesIO(body)
    decoder = CBORDecoder(stream, semantic_decoders=_TAGS, max_depth=MAX_DEPTH, allow_duplicate_keys=False, read_size=1)
    try:
        item = decoder.decode()
    except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError, MemoryError):
        raise ValueError("not one item of CBOR") from None
    if stream.tell() != len(body):
        raise ValueError("something follows the item")
    return item


def write(item: Any) -> bytes:
    """An item as CBOR."""
    return cbor2.dumps(item)


def untagged(item: Any, *tags: int) -> Any:
    """The item inside these tags, each of which may be missing; a CBORTag stays where another tag stands."""
    for tag in tags:
        if isinstance(item, CBORTag) and item.tag == tag:
            item = item.value
    return item
