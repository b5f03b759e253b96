"""What a sysadmin copies out of config/ is understood by the programs it is for, and names what there is."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from radicale_booking import settings
from radicale_booking.cli.main import build

CHECKOUT = Path(__file__).parents[1]
CONFIG = CHECKOUT / "config"
SERVICES = sorted(CONFIG.glob("*.service"))
UNITS = [*SERVICES, *sorted(CONFIG.glob("*.timer"))]
#: From 0 to 10, by systemd-analyze; what is above has doors open that the server does not need.
_MOST_EXPOSED = 1.5


def program(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")
    if found is None:
        if os.environ.get("RADICALE_BOOKING_REQUIRE_ALL"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    analyze = program("systemd-analyze")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/radicale-booking/bin/radicale-booking", "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    done = run(analyze, "verify", "--man=no", *(str(tmp_path / unit.name) for unit in UNITS))
    said = [line for line in done.stderr.splitlines() if "radicale-booking" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_services_are_closed_in(unit: Path) -> None:
    done = run(program("systemd-analyze"), "security", "--offline=true", str(unit))
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert found is not None, done.stderr
    assert float(found[1]) <= _MOST_EXPOSED


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.name)
def test_services_run_commands_that_exist(unit: Path) -> None:
    [words] = re.findall(r"^ExecStart=/opt/radicale-booking/bin/radicale-booking (.+)$",
                         unit.read_text(encoding="utf-8"), flags=re.MULTILINE)
    command = get_command(build())
    for word in words.split():
        command = getattr(command, "commands", {})[word]


def test_timers_start_services_that_exist() -> None:
    for unit in CONFIG.glob("*.timer"):
        assert unit.with_suffix(".service") in SERVICES


def test_logrotate_understands_its_file(tmp_path: Path) -> None:
    copy = tmp_path / "radicale-booking"
    copy.write_bytes((CONFIG / "radicale-booking.logrotate").read_bytes())
    copy.chmod(0o644)
    done = run(program("logrotate"), "--debug", "--state", str(tmp_path / "state"), str(copy))
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr


def test_the_configuration_of_the_container_holds() -> None:
    _, found = settings.load(CONFIG / "container.ini")
    assert found.data_folder == Path("/var/lib/radicale-booking")


def test_what_the_container_is_made_of_exists() -> None:
    dockerfile = (CONFIG / "Dockerfile").read_text(encoding="utf-8")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", dockerfile, flags=re.MULTILINE):
        assert (CHECKOUT / source).exists(), source


def test_what_the_containers_mount_exists() -> None:
    compose = yaml.safe_load((CONFIG / "compose.yaml").read_text(encoding="utf-8"))
    assert (CONFIG / compose["services"]["booking"]["build"]["context"]).samefile(CHECKOUT)
    assert (CHECKOUT / compose["services"]["booking"]["build"]["dockerfile"]).exists()
    mounted = [volume.partition(":")[0] for service in compose["services"].values() for volume in service["volumes"]]
    assert len(mounted) == 4
    assert all((CONFIG / one).exists() if one.startswith(".") else one in compose["volumes"] for one in mounted)
