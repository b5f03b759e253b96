"""Archives: a gzipped tar of plain files, encrypted to public keys of age (https://age-encryption.org/v1) if wanted.

``tar`` and ``age`` open them as well: ``age --decrypt -i KEY FILE | tar xz``.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import pyrage

from radicale_booking.errors import InvalidInput

ENCRYPTED_SUFFIX = ".age"
_LEVEL = 6


def recipients(text: str) -> list[Any]:
    """The public keys in ``text``, separated by commas: ``age1…`` or a line of an SSH key. Raises ``ValueError``."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        kind = pyrage.ssh if word.startswith("ssh-") else pyrage.x25519
        try:
            found.append(kind.Recipient.from_str(word))
        except pyrage.RecipientError as error:
            raise ValueError(f"not a public key: {word!r}") from error
    return found


def pack(files: Iterable[Path], target: Path, keys: list[Any]) -> None:
    """Write ``files`` under their names to ``target``, encrypted if there are ``keys``; durable when it returns.

    Raises ``OSError``.
    """
    plain = target.with_name(f"{target.name}.plain") if keys else target
    try:
        with _created(plain) as raw, gzip.GzipFile("", "wb", _LEVEL, raw) as packed, \
                tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for file in files:
                tar.add(file, file.name, recursive=False, filter=_anonymous)
        if keys:
            with plain.open("rb") as source, _created(target) as sealed:
                pyrage.encrypt_io(source, sealed, keys)
    finally:
        if keys:
            plain.unlink(missing_ok=True)
    with target.open("rb") as written:
        os.fsync(written.fileno())


def unpack(file: Path, folder: Path, identity_file: str, only: Iterable[str] | None = None) -> list[Path]:
    """Write what is in ``file`` into ``folder``; the files. ``only`` these names.

    Raises ``InvalidInput`` when it is damaged or cannot be decrypted, ``OSError`` when it cannot be read or written.
    """
    if file.suffix != ENCRYPTED_SUFFIX:
        return _extract(file, folder, only)
    plain = folder / f".{file.stem}"
    try:
        _decrypt(file, plain, identity_file)
        return _extract(plain, folder, only, shown=file)
    finally:
        plain.unlink(missing_ok=True)


def sha256(file: Path) -> str:
    """The hash of the contents of ``file``, in hexadecimal."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _decrypt(file: Path, plain: Path, identity_file: str) -> None:
    if not identity_file:
        raise InvalidInput("archive", str(file), "is encrypted",
                           "name the file of the private key by --identity or [backup] identity_file")
    try:
        with file.open("rb") as sealed, _created(plain) as opened:
            pyrage.decrypt_io(sealed, opened, _identities(Path(identity_file)))
    except (pyrage.DecryptError, OSError) as error:
        if getattr(error, "errno", None):
            raise
        raise InvalidInput("archive", str(file), f"cannot be decrypted with {identity_file}: {error}",
                           "give the private key that belongs to it, or another archive") from error


def _identities(file: Path) -> list[Any]:
    text = file.read_text(encoding="utf-8")
    try:
        if "PRIVATE KEY-----" in text:
            return [pyrage.ssh.Identity.from_buffer(text.encode())]
        return [pyrage.x25519.Identity.from_str(line.strip()) for line in text.splitlines()
                if line.startswith("AGE-SECRET-KEY-")]
    except pyrage.IdentityError as error:
        raise InvalidInput("identity", str(file), f"is no private key: {error}",
                           "make one with age-keygen") from error


def _extract(file: Path, folder: Path, only: Iterable[str] | None, shown: Path | None = None) -> list[Path]:
    wanted = None if only is None else set(only)
    written = []
    try:
        with gzip.open(file) as packed, tarfile.open(fileobj=packed, mode="r:") as tar:
            for member in tar:
                if not member.isreg() or Path(member.name).name != member.name or member.name.startswith("."):
                    raise InvalidInput("archive", str(shown or file), f"holds {member.name!r}, which no backup does",
                                       "take another archive")
                if wanted is None or member.name in wanted:
                    written.append(_write_member(tar, member, folder / member.name))
            # gzip compares its checksum at the end only.
            while packed.read(1 << 20):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidInput("archive", str(shown or file), f"is damaged: {error}", "take another archive") from error
    return written


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> Path:
    content = tar.extractfile(member)
    assert content is not None  # noqa: S101 - a regular file
    with content, _created(target) as file:
        shutil.copyfileobj(content, file)
    return target


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _created(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
