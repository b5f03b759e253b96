"""The configuration: Radicale's ini format and sections, and what this project adds to them.

Added are ``[storage] database``, ``[booking]``, ``[mail]``, ``[webhooks]``, ``[backup]`` and ``[contacts]``. ``load``
reads a file for our own server and reports every problem at once; ``of`` reads the same settings out of any Radicale
configuration, also one of a stock Radicale that knows our storage plugin only.
"""

from __future__ import annotations

import importlib.util
import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from configparser import RawConfigParser
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from radicale.config import (
    DEFAULT_CONFIG_SCHEMA,
    SERVER_TYPES,
    VALIDATE_TYPES,
    Configuration,
    filepath,
    positive_int,
)
from radicale.log import LOG_LEVEL_OPTIONS

from radicale_booking.backup_settings import ACCEPTED as BACKUP_ACCEPTED
from radicale_booking.backup_settings import BACKUP_SCHEMA, BackupSettings
from radicale_booking.errors import InvalidInput, InvalidSetting
from radicale_booking.guard_settings import ACCEPTED as GUARD_ACCEPTED
from radicale_booking.guard_settings import GUARD_SCHEMA, GuardSettings
from radicale_booking.inbound_settings import ACCEPTED as INBOUND_ACCEPTED
from radicale_booking.inbound_settings import INBOUND_SCHEMA, InboundSettings
from radicale_booking.ini import Assignment, Ini, read_ini
from radicale_booking.mail_settings import ACCEPTED as MAIL_ACCEPTED
from radicale_booking.mail_settings import MAIL_SCHEMA, MailSettings, one_line
from radicale_booking.page_settings import ACCEPTED as PAGE_ACCEPTED
from radicale_booking.page_settings import PAGE_SCHEMA, PageSettings
from radicale_booking.postgres_settings import ACCEPTED as POSTGRES_ACCEPTED
from radicale_booking.postgres_settings import POSTGRES_SCHEMA, PostgresSettings, postgres_address, without_password
from radicale_booking.postgres_settings import SCHEME as _POSTGRES_SCHEME
from radicale_booking.webhook_settings import ACCEPTED as WEBHOOKS_ACCEPTED
from radicale_booking.webhook_settings import WEBHOOKS_SCHEMA, WebhookSettings

ENVIRONMENT_VARIABLE = "RADICALE_BOOKING_CONFIG"
DEFAULT_FILES = ("/etc/radicale-booking/radicale-booking.ini", "~/.config/radicale-booking/radicale-booking.ini")
STORAGE_PLUGIN = "radicale_booking.plugins.storage"
RIGHTS_PLUGIN = "radicale_booking.plugins.rights"
WEB_PLUGIN = "radicale_booking.plugins.web"
_DATABASE_SCHEME = "sqlite:///"
_DATABASE_FILE = "booking.sqlite"


def database_url(value: Any) -> str:
    """``sqlite:///PATH`` with PATH made absolute (``~`` is the home), or a ``postgresql://`` URI of libpq; '' stays ''.

    Raises ``ValueError``, also for a URI with a password: addresses are shown and logged.
    """
    text = str(value).strip()
    if not text:
        return ""
    if text.startswith(_POSTGRES_SCHEME):
        return postgres_address(text)
    if not text.startswith(_DATABASE_SCHEME) or not text[len(_DATABASE_SCHEME):].strip("/"):
        raise ValueError(f"not a database URL: {text!r}")
    rest = text[len(_DATABASE_SCHEME):]
    # Both usual spellings of an absolute path are understood: sqlite:///var/x and sqlite:////var/x.
    path = rest if rest.startswith(("~", ".")) else "/" + rest.lstrip("/")
    return sqlite_url(Path(filepath(path)))


def sqlite_url(path: Path) -> str:
    """The database URL of the SQLite file at the absolute ``path``."""
    return f"sqlite://{path}"


def web_address(value: Any) -> str:
    """An absolute http(s) URL without trailing slash; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().rstrip("/")
    parts = urlsplit(text)
    # The library looks at the port only when it is asked for.
    if text and (parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0):
        raise ValueError(f"not a web address: {text!r}")
    return text


def mail_domain(value: Any) -> str:
    """The part of an e-mail address behind the @, in lower case; '' stays ''. Raises ``ValueError``."""
    text = str(value).strip().lower()
    if any(letter in "@/:, \t" for letter in text):
        raise ValueError(f"not a domain: {text!r}")
    return text


def days(value: Any) -> int:
    """A whole number of days from 1 to 3 660. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 3660:
        raise ValueError(f"out of range: {number}")
    return number


def days_or_never(value: Any) -> int:
    """A whole number of days from 0 to 36 600. Raises ``ValueError``."""
    number = int(value)
    if not 0 <= number <= 36_600:
        raise ValueError(f"out of range: {number}")
    return number


def hour_or_never(value: Any) -> int:
    """An hour of the day from 0 to 23, or -1. Raises ``ValueError``."""
    number = int(value)
    if not -1 <= number <= 23:
        raise ValueError(f"out of range: {number}")
    return number


def positive_count(value: Any) -> int:
    """A whole number from 1 to 1 000. Raises ``ValueError``."""
    number = int(value)
    if not 1 <= number <= 1000:
        raise ValueError(f"out of range: {number}")
    return number


#: What the storage plugin adds to Radicale's ``[storage]``.
STORAGE_SCHEMA: dict[str, dict[str, dict[str, Any]]] = {
    "storage": {
        "database": {"value": "", "help": "where everything is kept: sqlite:///PATH or postgresql://USER@HOST/NAME",
                     "type": database_url},
        **POSTGRES_SCHEMA,
    },
}

BOOKING_SCHEMA: dict[str, dict[str, Any]] = {
    "data_folder": {"value": "", "help": "folder of all files that have no setting of their own", "type": filepath},
    "public_url": {"value": "", "help": "the address of this server as people reach it", "type": web_address},
    "address_domain": {"value": "", "help": "domain of the addresses HOST+EVENT-TYPE@DOMAIN that can be invited",
                       "type": mail_domain},
    "secret_file": {"value": "", "help": "key that signs links; created on first use", "type": filepath},
    "instance_past_days": {"value": "366", "help": "how far back recurring events are indexed", "type": days},
    "instance_future_days": {"value": "731", "help": "how far ahead recurring events are indexed", "type": days},
    "maintenance_message": {"value": "", "help": "what people are told in maintenance mode",
                            "type": one_line},
    "maintenance_hour": {"value": "3", "help": "the hour of the machine's day to do maintenance in; -1: never",
                         "type": hour_or_never},
    "keep_mail_days": {"value": "90", "help": "how long mail that was sent is kept; 0: for ever",
                       "type": days_or_never},
    "keep_audit_days": {"value": "1100", "help": "how long the audit trail is kept; 0: for ever",
                        "type": days_or_never},
    "keep_sync_days": {"value": "180", "help": "how long removals are remembered for programs; 0: for ever",
                       "type": days_or_never},
    "keep_reservations_days": {"value": "0", "help": "how long past reservations say who booked; 0: for ever",
                               "type": days_or_never},
    "access_log": {"value": "True", "help": "one line for each request on standard output", "type": bool},
    "access_log_json": {"value": "False", "help": "whether that line is a JSON object", "type": bool},
    "log_people": {"value": "False", "help": "whether warnings and errors name users and addresses", "type": bool},
    "metrics_token_file": {"value": "", "help": "file with what reads /metrics from elsewhere", "type": filepath},
    "threads": {"value": "8", "help": "requests that one process answers at the same time", "type": positive_count},
}

#: Options that a stock Radicale, which refuses a section ``[booking]``, may carry in ``[storage]`` instead.
STOCK_OPTIONS = ("public_url", "secret_file")

_OWN_OPTIONS = ("instance_past_days", "instance_future_days", "access_log", "access_log_json", "log_people",
                "metrics_token_file", "threads", "maintenance_message", "maintenance_hour",
                "keep_mail_days", "keep_audit_days", "keep_sync_days", "keep_reservations_days")

_ACCEPTED: dict[Any, str] = {
    bool: "yes or no",
    int: "a whole number",
    positive_int: "a whole number, 0 or more",
    days: "a whole number of days from 1 to 3660",
    days_or_never: "a whole number of days from 0 to 36600",
    hour_or_never: "an hour from 0 to 23, or -1",
    positive_count: "a whole number from 1 to 1000",
    database_url: "sqlite:///PATH or postgresql://USER@HOST/NAME without a password",
    mail_domain: "a domain such as calendar.example.org",
    web_address: "an address such as https://calendar.example.org",
    **MAIL_ACCEPTED,
    **BACKUP_ACCEPTED,
    **PAGE_ACCEPTED,
    **GUARD_ACCEPTED,
    **INBOUND_ACCEPTED,
    **POSTGRES_ACCEPTED,
    **WEBHOOKS_ACCEPTED,
}
_ACCEPTED_BY_NAME = {
    "positive_float": "a number, 0 or more",
    "port_int": "a port from 1 to 65534",
    "logging_level": "one of " + ", ".join(LOG_LEVEL_OPTIONS),
    "validate_types": "one of " + ", ".join(VALIDATE_TYPES),
    "server_types": "one of " + ", ".join(SERVER_TYPES),
    "list_of_ip_address": "ADDRESS:PORT, several separated by commas",
    "imap_security": "one of tls, starttls, none",
}


@dataclass(eq=False)
class InvalidSettings(InvalidInput):
    """Everything that is wrong with a configuration file, in the order of its lines."""

    problems: tuple[InvalidSetting, ...] = field(default=())

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the booking system needs to know; paths are absolute, ``public_url`` has no trailing slash,
    ``address_domain`` is that of addresses which can be invited to book."""

    database: str
    data_folder: Path
    public_url: str
    secret_file: Path
    users_file: Path
    address_domain: str = ""
    instance_past_days: int = 366
    instance_future_days: int = 731
    access_log: bool = True
    access_log_json: bool = False
    log_people: bool = False
    metrics_token_file: str = ""
    threads: int = 8
    maintenance_message: str = ""
    maintenance_hour: int = 3
    keep_mail_days: int = 90
    keep_audit_days: int = 1100
    keep_sync_days: int = 180
    keep_reservations_days: int = 0
    mail: MailSettings = field(default_factory=MailSettings)
    backup: BackupSettings = field(default_factory=BackupSettings)
    page: PageSettings = field(default_factory=PageSettings)
    guard: GuardSettings = field(default_factory=GuardSettings)
    inbound: InboundSettings = field(default_factory=InboundSettings)
    postgres: PostgresSettings = field(default_factory=PostgresSettings)
    webhooks: WebhookSettings = field(default_factory=WebhookSettings)
    config_file: Path | None = field(default=None, compare=False)
    contacts: tuple[tuple[str, str], ...] = ()

    @property
    def booking_domain(self) -> str:
        """``address_domain``, by default the host of ``public_url``."""
        return self.address_domain or (urlsplit(self.public_url).hostname or "")

    @property
    def backup_folder(self) -> Path:
        """``[backup] folder``, by default beside the data."""
        return Path(self.backup.folder or self.data_folder / "backups")

    @property
    def database_file(self) -> Path | None:
        """The file of an SQLite database."""
        return _file(self.database)

    @property
    def copies_server(self) -> bool:
        """Whether an archive holds the whole PostgreSQL server."""
        return self.database_file is None and self.backup.postgresql == "base"


def load(path: str | Path | None = None, *, hosts: str = "") -> tuple[Configuration, Settings]:
    """The configuration in the file ``path``, by default the first of ``DEFAULT_FILES`` that exists, else defaults.

    ``hosts`` (``ADDRESS:PORT``, …) replaces ``[server] hosts``.
    Raises ``InvalidSettings`` with every problem of the file.
    """
    file = Path(path).expanduser() if path else _default_file()
    ini = read_ini(file) if file else Ini({}, ())
    problems = [*ini.problems, *_problems(ini)]
    if problems:
        ordered = sorted(problems, key=lambda problem: _line_of(problem.name))
        raise InvalidSettings("configuration", str(file), "has problems", problems=tuple(ordered))
    values = {section: {a.option: a.value for a in options.values()} for section, options in ini.sections.items()}
    configuration = Configuration(_schema())
    data_folder = Path(filepath(values.get("booking", {}).get("data_folder", "")) or default_data_folder())
    configuration.update(_server_defaults(data_folder), "radicale-booking's defaults")
    configuration.update(values, f"config file {str(file)!r}")
    if hosts:
        configuration.update({"server": {"hosts": hosts}}, "command line")
    return configuration, replace(of(configuration), config_file=file)


def of(configuration: Configuration) -> Settings:
    """The settings in ``configuration``, which may be one of a stock Radicale with our storage plugin."""
    ours = "booking" in configuration.sections()

    def option(name: str) -> Any:
        section = "booking" if ours else "storage"
        return configuration.get(section, name) if name in configuration.options(section) else ""

    folder = Path(str(option("data_folder") or configuration.get("storage", "filesystem_folder")))
    given = configuration.get("storage", "database") if "database" in configuration.options("storage") else ""
    database = database_url(given) or sqlite_url(folder / _DATABASE_FILE)
    file = _file(database)
    beside = file.parent if file is not None else folder
    settings = Settings(
        database=database,
        data_folder=folder if ours else beside,
        public_url=web_address(option("public_url")) or _local_url(configuration) + ("" if ours else "/.web"),
        secret_file=Path(filepath(option("secret_file")) or beside / "secret"),
        users_file=Path(configuration.get("auth", "htpasswd_filename")),
        postgres=_postgres(configuration),
    )
    if not ours:
        return settings
    return replace(settings, mail=_mail(configuration, settings.public_url),
                   webhooks=WebhookSettings(**{name: configuration.get("webhooks", name) for name in WEBHOOKS_SCHEMA}),
                   contacts=tuple((name, one_line(configuration.get("contacts", name)))
                                  for name in configuration.options("contacts")),
                   inbound=InboundSettings(**{name: configuration.get("inbound", name) for name in INBOUND_SCHEMA}),
                   guard=GuardSettings(**{name: configuration.get("guard", name) for name in GUARD_SCHEMA}),
                   page=PageSettings(**{name: configuration.get("page", name) for name in PAGE_SCHEMA}),
                   backup=BackupSettings(**{name: configuration.get("backup", name) for name in BACKUP_SCHEMA}),
                   address_domain=configuration.get("booking", "address_domain"),
                   **{name: configuration.get("booking", name) for name in _OWN_OPTIONS})


def _file(database: str) -> Path | None:
    return Path(database.removeprefix("sqlite://")) if database.startswith(_DATABASE_SCHEME) else None


def _postgres(configuration: Configuration) -> PostgresSettings:
    given = {option: configuration.get("storage", option) if option in configuration.options("storage")
             else schema["value"] for option, schema in POSTGRES_SCHEMA.items()}
    read = {option: POSTGRES_SCHEMA[option]["type"](value) for option, value in given.items()}
    return PostgresSettings(read["database_password_file"], read["database_connections"],
                            read["database_statement_timeout"], read["database_lock_timeout"],
                            read["database_replica"])


def _mail(configuration: Configuration, public_url: str) -> MailSettings:
    given = MailSettings(**{name: configuration.get("mail", name) for name in MAIL_SCHEMA})
    return given if given.sender else replace(given, sender=f"booking@{urlsplit(public_url).hostname}")


def default_data_folder() -> Path:
    """``var`` in a source checkout, else the user's data folder."""
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").is_file():
        return checkout / "var"
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share").expanduser() / "radicale-booking"


def _default_file() -> Path | None:
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(named).expanduser()
    candidates = (Path(name).expanduser() for name in DEFAULT_FILES)
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _schema() -> OrderedDict[str, Any]:
    return OrderedDict([*DEFAULT_CONFIG_SCHEMA.items(), ("booking", BOOKING_SCHEMA), ("mail", MAIL_SCHEMA),
                        ("webhooks", WEBHOOKS_SCHEMA), ("backup", BACKUP_SCHEMA), ("page", PAGE_SCHEMA),
                        ("guard", GUARD_SCHEMA), ("inbound", INBOUND_SCHEMA),
                        ("contacts", {"_allow_extra": one_line})])


def _server_defaults(data_folder: Path) -> dict[str, dict[str, str]]:
    return {
        "auth": {"type": "htpasswd", "htpasswd_filename": str(data_folder / "users"),
                 "htpasswd_encryption": "autodetect", "cache_logins": "True"},
        "rights": {"type": RIGHTS_PLUGIN},
        # What Radicale refuses in the names of files, of which there are none.
        "server": {"validate_path_value": "none"},
        "storage": {"type": STORAGE_PLUGIN, "filesystem_folder": str(data_folder / "radicale"),
                    "database": sqlite_url(data_folder / _DATABASE_FILE)},
        "web": {"type": WEB_PLUGIN},
        "headers": {"x-content-type-options": "nosniff", "x-frame-options": "SAMEORIGIN",
                    "referrer-policy": "same-origin"},
        "logging": {"level": "warning"},  # at "info" Radicale writes who connects from where
        "booking": {"data_folder": str(data_folder), "secret_file": str(data_folder / "secret")},
    }


def _local_url(configuration: Configuration) -> str:
    host, port = configuration.get("server", "hosts")[0]
    name = f"[{host}]" if ":" in host else host
    name = {"0.0.0.0": "localhost", "[::]": "localhost"}.get(name, name)  # noqa: S104  (compared, not bound)
    return f"{'https' if configuration.get('server', 'ssl') else 'http'}://{name}:{port}"


def _problems(ini: Ini) -> Iterator[InvalidSetting]:
    """What Radicale's schema and ours have against the values."""
    schema = _schema()
    for section, assignments in ini.sections.items():
        if section not in schema:
            lines = [assignment.place for assignment in assignments.values()]
            yield InvalidSetting(ini.places.get(section) or lines[0], f"[{section}]", "unknown section",
                                 f"accepted: {', '.join(schema)}")
            continue
        for assignment in assignments.values():
            yield from _option_problems(section, assignment, assignments)
    mail = ini.sections.get("mail", {})
    if "password" in mail and "password_file" in mail:
        yield InvalidSetting(mail["password_file"].place, "[mail] password_file", "there is a password too",
                             "keep one of them")
    storage = ini.sections.get("storage", {})
    replica = storage.get("database_replica")
    if replica and replica.value and not ("database" in storage and storage["database"].value.startswith(
            _POSTGRES_SCHEME)):
        yield InvalidSetting(replica.place, "[storage] database_replica", "there is no database that it could follow",
                             "name the primary server in [storage] database")


    confirming = ini.sections.get("guard", {}).get("confirm_email")
    if confirming and RawConfigParser.BOOLEAN_STATES.get(confirming.value.lower()) and (
            "host" not in mail or not mail["host"].value):
        yield InvalidSetting(confirming.place, "[guard] confirm_email", "no mail can be sent, so nobody could book",
                             "set [mail] host")


def _option_problems(section: str, assignment: Assignment,
                     siblings: dict[str, Assignment]) -> Iterator[InvalidSetting]:
    options: dict[str, Any] = dict(_schema()[section])
    plugin = siblings["type"].value if "type" in siblings else None
    if section == "storage" and plugin in (None, STORAGE_PLUGIN):
        options |= STORAGE_SCHEMA["storage"]
    shown = f"[{section}] {assignment.option}"
    if assignment.option not in options or assignment.option.startswith("_"):
        foreign = "type" in options and plugin and plugin not in (*_internal(options), STORAGE_PLUGIN, RIGHTS_PLUGIN,
                                                                  WEB_PLUGIN)
        if not (foreign or "_allow_extra" in options):
            accepted = ", ".join(name for name in options if not name.startswith("_"))
            yield InvalidSetting(assignment.place, shown, "unknown option", f"accepted: {accepted}")
        return
    schema = options[assignment.option]
    accepted = _accepted(schema)
    try:
        _convert(schema["type"], assignment.value)
    except (ValueError, TypeError, RuntimeError, AttributeError, KeyError):
        value = without_password(assignment.value)
        yield InvalidSetting(assignment.place, f"{shown} = {value}", "bad value", f"accepted: {accepted}")
        return
    if (section, assignment.option) == ("storage", "type") and assignment.value != STORAGE_PLUGIN:
        yield InvalidSetting(assignment.place, f"{shown} = {assignment.value}", "bookings need their own storage",
                             f"accepted: {STORAGE_PLUGIN}")
    elif assignment.option == "type" and "internal" in schema and not _loadable(assignment.value, _internal(options)):
        yield InvalidSetting(assignment.place, f"{shown} = {assignment.value}", "no such type",
                             f"accepted: {', '.join(_internal(options))} or an importable Python module")


def _internal(options: dict[str, Any]) -> tuple[str, ...]:
    return tuple(options["type"].get("internal", ()))


def _loadable(value: str, internal: tuple[str, ...]) -> bool:
    if value in internal:
        return True
    try:
        return importlib.util.find_spec(value) is not None
    except (ImportError, ValueError):
        return False


def _convert(type_: Callable[[Any], Any], value: str) -> None:
    if type_ is bool:
        if value.lower() not in RawConfigParser.BOOLEAN_STATES:
            raise ValueError(value)
        return
    type_(value)


def _accepted(schema: dict[str, Any]) -> str:
    type_ = schema["type"]
    known = _ACCEPTED.get(type_) or _ACCEPTED_BY_NAME.get(getattr(type_, "__name__", ""))
    return known or str(schema.get("help", "see the documentation"))


def _line_of(place: str) -> int:
    tail = place.rpartition(":")[2]
    return int(tail) if tail.isdigit() else 0
