"""Files changed as disks, copies and people change them."""

import random
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


def flips(content: bytes, places: Iterable[int], seed: object) -> Iterator[bytes]:
    """Yield a content with one byte changed, at each of some places."""
    luck = random.Random(seed)
    for place in places:
        spoilt = bytearray(content)
        spoilt[place] ^= luck.randrange(1, 256)
        yield bytes(spoilt)


def a_bit(content: bytes, luck: random.Random) -> bytes:
    spoilt = bytearray(content)
    spoilt[luck.randrange(len(spoilt))] ^= 1 << luck.randrange(8)
    return bytes(spoilt)


def a_byte(content: bytes, luck: random.Random) -> bytes:
    return next(flips(content, [luck.randrange(len(content))], seed=luck.random()))


def a_sector(content: bytes, luck: random.Random) -> bytes:
    """512 bytes of zeros, as a disk may give back."""
    at = 512 * luck.randrange(-(-len(content) // 512))
    return content[:at] + bytes(len(content[at : at + 512])) + content[at + 512 :]


def cut(content: bytes, luck: random.Random) -> bytes:
    return content[: luck.randrange(len(content))]


def more(content: bytes, luck: random.Random) -> bytes:
    """Something at its end."""
    return content + luck.randbytes(luck.randint(1, 40))


def twice(content: bytes, luck: random.Random) -> bytes:
    """Some bytes of it told twice, as a message that was sent again."""
    at = luck.randrange(len(content))
    end = luck.randint(at + 1, len(content))
    return content[:end] + content[at:]


def empty(content: bytes, luck: random.Random) -> bytes:
    return b""


def gone(content: bytes, luck: random.Random) -> None:
    return None


WAYS: tuple[Callable[[bytes, random.Random], bytes | None], ...] = (
    a_bit, a_bit, a_bit, a_byte, a_sector, cut, more, twice, empty, gone,
)  # fmt: skip
"""Flipped bits most often: they are the smallest change."""


def spoil(folder: Path, luck: random.Random) -> str:
    """Spoil one file below a folder, each kind of file as often as any other.

    Returns
    -------
    str
        What was done; ``""`` where there is no file to spoil.
    """
    kinds: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.stat().st_size:
            kinds.setdefault(f"{path.parent.relative_to(folder)}{path.suffix}", []).append(path)
    if not kinds:
        return ""
    path = luck.choice(kinds[luck.choice(sorted(kinds))])
    way = luck.choice(WAYS)
    content = way(path.read_bytes(), luck)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    return f"{way.__name__} of {path.relative_to(folder).as_posix()}"
