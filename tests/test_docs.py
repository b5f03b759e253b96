"""The documentation names what there is, and its links lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from radicale_booking.backup_settings import BACKUP_SCHEMA
from radicale_booking.cli.main import build
from radicale_booking.guard_settings import GUARD_SCHEMA
from radicale_booking.inbound_settings import INBOUND_SCHEMA
from radicale_booking.mail_settings import MAIL_SCHEMA
from radicale_booking.page_settings import PAGE_SCHEMA
from radicale_booking.settings import BOOKING_SCHEMA, STORAGE_SCHEMA
from radicale_booking.webhook_settings import WEBHOOKS_SCHEMA
from tests import pictures

CHECKOUT = Path(__file__).parents[1]
DOCUMENTS = sorted([*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").glob("**/*.md")])
SYSADMINS = (CHECKOUT / "docs" / "sysadmins.md").read_text(encoding="utf-8")


def leaves(command: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    """Each command that people may use: its words and arguments, and its options."""
    for name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        if hasattr(child, "commands"):
            yield from leaves(child, (*path, name))
        else:
            words = [*path, name, *(p.metavar or p.name for p in child.params if p.param_type_name == "argument")]
            options = [o for p in child.params if p.param_type_name == "option" for o in (*p.opts, *p.secondary_opts)]
            yield " ".join(words), options


COMMANDS = dict(leaves(get_command(build())))


def test_the_commands_of_the_design_are_there() -> None:
    groups = {" ".join(word for word in command.split() if word.islower()) for command in COMMANDS}
    assert groups >= {
        "serve", "user add", "user list", "user passwd", "user remove", "host enable", "host show", "event-type add",
        "event-type set", "event-type list", "event-type show", "event-type remove", "slots", "explain",
        "reservation list", "reservation show", "reservation cancel", "db migrate", "db info", "db check",
        "import radicale", "export radicale", "worker", "mail list", "mail preview", "mail retry", "mail test",
        "backup create", "backup list", "backup verify", "backup restore",
    }


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str) -> None:
    rows = [line for line in SYSADMINS.splitlines() if line.startswith(f"| `{command}` |")]
    assert len(rows) == 1
    listed = SYSADMINS.partition("Rules of an event type:\n\n")[2].partition("\n\n")[0]
    rules = listed if "the rules below" in rows[0] else ""
    for option in COMMANDS[command]:
        assert f"`{option}`" in rows[0] + rules, option
    for option in re.findall(r"`(--[a-z-]+)`", rows[0]):
        assert option in COMMANDS[command], f"{option} is documented and does not exist"


def test_no_command_is_documented_that_does_not_exist() -> None:
    table = SYSADMINS.partition("| command | options |")[2].partition("\n\n")[0]
    documented = re.findall(r"^\| `([^`]+)` \|", table, flags=re.MULTILINE)
    assert sorted(documented) == sorted(COMMANDS)


def test_every_setting_is_documented() -> None:
    ours = {f"[booking] {option}" for option in BOOKING_SCHEMA}
    ours |= {f"[mail] {option}" for option in MAIL_SCHEMA}
    ours |= {f"[backup] {option}" for option in BACKUP_SCHEMA}
    ours |= {f"[storage] {option}" for option in STORAGE_SCHEMA["storage"]}
    ours |= {f"[webhooks] {option}" for option in WEBHOOKS_SCHEMA}
    ours |= {f"[page] {option}" for option in PAGE_SCHEMA}
    ours |= {f"[guard] {option}" for option in GUARD_SCHEMA}
    ours |= {f"[inbound] {option}" for option in INBOUND_SCHEMA}
    documented = set(re.findall(r"^\| `(\[\w+\] \w+)` \|", SYSADMINS, flags=re.MULTILINE))
    assert documented == ours


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_every_picture_can_be_drawn_anew() -> None:
    assert {path.stem for path in (CHECKOUT / "docs" / "images").glob("*.png")} == pictures.NAMES


@pytest.mark.parametrize("name", ["architecture.md", "developers.md"])
def test_code_that_the_documents_name_exists(name: str) -> None:
    text = (CHECKOUT / "docs" / name).read_text(encoding="utf-8")
    for word in set(re.findall(r"`((?:radicale_booking|plugins|storage|tests)/[a-z_./]*)`", text)):
        assert (CHECKOUT / word).exists(), word
    # `services/booking.py: reserve` names a function or class in a module.
    for module, symbol in re.findall(r"`([\w/]+\.py)` `(\w+)", text):
        folder = CHECKOUT if module.startswith("plugins/") else CHECKOUT / "radicale_booking"
        source = (folder / module).read_text(encoding="utf-8")
        assert re.search(rf"^\s*(?:def|class) {symbol}\b", source, flags=re.MULTILINE), f"{module} {symbol}"


def test_make_targets_in_the_readme_exist() -> None:
    makefile = (CHECKOUT / "Makefile").read_text(encoding="utf-8")
    for document in DOCUMENTS:
        for target in re.findall(r"^    make ([a-z]+)", document.read_text(encoding="utf-8"), flags=re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


CLIENTS = (CHECKOUT / "docs" / "clients.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("section", re.split(r"^## ", CLIENTS, flags=re.MULTILINE)[1:],
                         ids=lambda section: section.partition("\n")[0])
def test_what_is_said_of_a_calendar_program_says_how_it_was_tried(section: str) -> None:
    assert re.findall(r"^### (.+)", section, flags=re.MULTILINE) == ["Set up", "Host", "Book", "Known limits"]
    statements = re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    assert len(statements) >= 4
    for statement in statements:
        mark = re.search(r"^  \((unverified|verified: .+|replayed: .+)\)$", statement, flags=re.MULTILINE)
        assert mark, statement
        names = re.findall(r"`([^`]+)`", mark[1])
        assert bool(names) == (mark[1] != "unverified"), statement
        for name in names:
            path, _, test = name.partition(" ")
            source = (CHECKOUT / path).read_text(encoding="utf-8")
            assert path.endswith(".toml") == (not test), statement
            assert not test or re.search(rf"^def {test}\(", source, flags=re.MULTILINE), name


def test_every_replayed_program_is_among_the_calendar_programs() -> None:
    files = {path.name for path in (CHECKOUT / "tests" / "data" / "clients").glob("*.toml")}
    assert set(re.findall(r"`tests/data/clients/(\S+)`", CLIENTS)) == files


def test_the_tests_that_the_threat_model_names_exist() -> None:
    rows = re.findall(r"^\|[^|]+\|[^|]+\| `(tests/\S+\.py)`(?: `(\w+)`)? \|$",
                      (CHECKOUT / "docs" / "threat-model.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(rows) > 10
    for file, test in rows:
        source = (CHECKOUT / file).read_text(encoding="utf-8")
        assert re.search(rf"^def {test or 'test_'}", source, flags=re.MULTILINE), f"{file} {test}"


def test_the_data_map_has_every_table() -> None:
    schema = (CHECKOUT / "storage" / "schema.sql").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]+) \|", (CHECKOUT / "docs" / "data-map.md").read_text(encoding="utf-8"),
                      flags=re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(
        re.findall(r"^CREATE TABLE (\w+)", schema, flags=re.MULTILINE))
