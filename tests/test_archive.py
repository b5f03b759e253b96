"""Archives: what was packed comes out, with the right key only, and what is damaged is said to be."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

import pyrage
import pytest

from radicale_booking import archive
from radicale_booking.errors import InvalidInput


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    folder = tmp_path / "files"
    folder.mkdir()
    found = []
    for name, content in (("one", b"1" * 100_000), ("two", b"\0\xff\r\n"), ("three", b"")):
        (folder / name).write_bytes(content)
        found.append(folder / name)
    return found


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, str]:
    """An age key: the public one, and the file of the private one as age-keygen writes it."""
    identity = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# public key: {identity.to_public()}\n{identity}\n", encoding="ascii")
    return str(identity.to_public()), str(file)


def emptied(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def test_what_was_packed_comes_out(files: list[Path], tmp_path: Path) -> None:
    packed = tmp_path / "a.tar.gz"
    archive.pack(files, packed, [])
    assert packed.stat().st_mode & 0o777 == 0o600
    out = archive.unpack(packed, emptied(tmp_path), "")
    assert [(file.name, file.read_bytes()) for file in out] == [(file.name, file.read_bytes()) for file in files]
    assert {file.stat().st_mode & 0o777 for file in out} == {0o600}
    listed = subprocess.run(["tar", "--list", "--file", packed], capture_output=True, text=True, check=True)
    assert listed.stdout.split() == ["one", "two", "three"]


def test_an_encrypted_one_opens_with_its_key_only(files: list[Path], tmp_path: Path, key: tuple[str, str]) -> None:
    packed = tmp_path / "a.tar.gz.age"
    archive.pack(files, packed, archive.recipients(key[0]))
    assert packed.read_bytes().startswith(b"age-encryption.org/v1")
    assert b"1" * 50 not in packed.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if "plain" in path.name] == []
    folder = emptied(tmp_path)
    assert len(archive.unpack(packed, folder, key[1])) == 3
    assert sorted(path.name for path in folder.iterdir()) == ["one", "three", "two"]
    other = tmp_path / "other.txt"
    other.write_text(str(pyrage.x25519.Identity.generate()), encoding="ascii")
    with pytest.raises(InvalidInput, match="cannot be decrypted"):
        archive.unpack(packed, folder, str(other))
    with pytest.raises(InvalidInput, match="--identity"):
        archive.unpack(packed, folder, "")
    other.write_text("AGE-SECRET-KEY-1NONSENSE", encoding="ascii")
    with pytest.raises(InvalidInput, match="no private key"):
        archive.unpack(packed, folder, str(other))


def test_any_of_several_keys_opens(files: list[Path], tmp_path: Path, key: tuple[str, str]) -> None:
    public = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", public], check=True)
    packed = tmp_path / "a.tar.gz.age"
    ssh = (tmp_path / "id.pub").read_text(encoding="ascii").strip()
    archive.pack(files, packed, archive.recipients(f"{key[0]}, {ssh}"))
    for number, identity in enumerate((key[1], str(public))):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert len(archive.unpack(packed, folder, identity)) == 3


@pytest.mark.parametrize("text", ["age1nonsense", "ssh-ed25519 nonsense", "somebody"])
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a public key"):
        archive.recipients(text)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.95])
def test_damage_is_noticed(files: list[Path], tmp_path: Path, key: tuple[str, str], encrypted: bool,
                           place: float) -> None:
    packed = tmp_path / ("a.tar.gz.age" if encrypted else "a.tar.gz")
    archive.pack(files, packed, archive.recipients(key[0] if encrypted else ""))
    content = bytearray(packed.read_bytes())
    content[int(len(content) * place)] ^= 0xff
    packed.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"damaged|cannot be decrypted"):
        archive.unpack(packed, emptied(tmp_path), key[1])
    packed.write_bytes(content[:len(content) // 2])
    with pytest.raises(InvalidInput, match=r"damaged|cannot be decrypted"):
        archive.unpack(packed, tmp_path / "out", key[1])


@pytest.mark.parametrize(("name", "kind"), [
    ("../evil", tarfile.REGTYPE), ("/etc/evil", tarfile.REGTYPE), ("a/b", tarfile.REGTYPE),
    (".hidden", tarfile.REGTYPE),
    ("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE), ("folder", tarfile.DIRTYPE)])
def test_nothing_is_written_outside(tmp_path: Path, name: str, kind: bytes) -> None:
    packed = tmp_path / "a.tar.gz"
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    with tarfile.open(packed, "w:gz") as tar:
        tar.addfile(member, io.BytesIO())
    folder = emptied(tmp_path)
    with pytest.raises(InvalidInput, match="which no backup does"):
        archive.unpack(packed, folder, "")
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "out"]
