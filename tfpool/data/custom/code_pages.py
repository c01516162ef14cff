"""Code pages that names of files and tables are written in, and a guess which one it is for names."""

from __future__ import annotations

import codecs
import itertools
from collections.abc import Sequence

import chardet

from tfpool.data.custom.safe_names import clean

CODE_PAGES = {
    "gb18030": "Chinese, simplified",
    "big5": "Chinese, traditional",
    "cp932": "Japanese",
    "cp949": "Korean",
    "cp866": "Cyrillic, DOS",
    "cp1251": "Cyrillic, Windows",
    "cp437": "Western, DOS",
    "cp850": "Western European, DOS",
    "cp1252": "Western European, Windows",
    "cp852": "Central European, DOS",
    "cp857": "Turkish, DOS",
    "cp737": "Greek, DOS",
    "cp862": "Hebrew, DOS",
    "cp720": "Arabic, DOS",
    "cp874": "Thai",
    "cp1250": "Central European, Windows",
    "cp1253": "Greek, Windows",
    "cp1254": "Turkish, Windows",
    "cp1255": "Hebrew, Windows",
    "cp1256": "Arabic, Windows",
    "cp1257": "Baltic, Windows",
    "euc_jp": "Japanese, Unix",
    "koi8-r": "Cyrillic, Unix",
}
"""By Python's names for them. GBK and GB2312 are parts of gb18030, Shift-JIS of cp932, and EUC-KR of cp949."""
_OF_NAMES = tuple(CODE_PAGES)[: tuple(CODE_PAGES).index("cp874") + 1]
"""Those that programs write the names in a zip in; the others are met in tables."""
MULTI_BYTE = ("gb18030", "big5", "cp932", "cp949")
_WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949"}
_CHARDET_NAMES = {"cp866": "IBM866", "cp1251": "Windows-1251", "cp1252": "Windows-1252"}
_RARELY_CHINESE = {"cp874": 0.4}
"""Factors of confidence: any two bytes of Chinese are also two letters of Thai."""
_MAX_BYTES = 10_000
"""Of all names together, which say enough by then."""


def canonical(name: str) -> str:
    """The key of `CODE_PAGES` for any usual name of a code page, such as "Shift-JIS" or "GBK"."""
    try:
        known = codecs.lookup(name).name
    except LookupError:
        known = ""
    key = _WIDER.get(known, known)
    if key not in CODE_PAGES:
        raise ValueError(f"Unknown encoding: {clean(name)!r}. Use one of: {', '.join(CODE_PAGES)}.")
    return key


def likely_code_pages(names: Sequence[bytes]) -> list[str]:
    """The keys of `CODE_PAGES` in which the names can be written, the likeliest first, one for each different text.

    The guess is chardet's. It may be wrong for few and short names, so it is to be shown.
    """
    length = itertools.accumulate(map(len, names))
    sample = b"\n".join(name for name, end in zip(names, length, strict=True) if end <= _MAX_BYTES) or names[0]
    candidates = [_CHARDET_NAMES.get(key, key) for key in _OF_NAMES]
    guesses = chardet.detect_all(sample, ignore_threshold=True, include_encodings=candidates)
    confidence = {str(guess["encoding"]).lower(): guess["confidence"] for guess in guesses}

    def improbability(key: str) -> float:
        return -confidence.get(_CHARDET_NAMES.get(key, key).lower(), 0.0) * _RARELY_CHINESE.get(key, 1.0)

    texts: dict[tuple[str, ...], str] = {}
    for key in sorted(_OF_NAMES, key=improbability):
        try:
            texts.setdefault(tuple(name.decode(key) for name in names), key)
        except UnicodeDecodeError:
            continue
    return list(texts.values())
