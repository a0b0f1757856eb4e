"""What the benchmark needs: Debian packages, rivals from PyPI, programs built from this repository."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
PYPI = ["copyparty", "tuspyserver", "uvicorn[standard]"]


class Missing(Exception):
    """Something that can't be installed from here; says what to type."""


def say(text: str) -> None:
    print(text, flush=True)


def debian_packages() -> None:
    """Programs that must be on the PATH; installs their packages where that is allowed."""
    packages = [
        package
        for program, package in [("cc", "gcc libc6-dev"), ("openssl", "openssl"), ("md5sum", "coreutils")]
        if not shutil.which(program)
    ]
    if not importlib.util.find_spec("ensurepip"):
        packages.append("python3-venv")
    if not packages:
        return
    names = " ".join(packages)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Missing(f"missing: {names}; run: sudo apt-get install --no-install-recommends {names}")
    say(f"Installing {names} …")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    command = ["apt-get", "install", "--yes", "-qq", "--no-install-recommends", *names.split()]
    subprocess.run(command, check=True, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


def nginx(cache: Path) -> Path:
    """Debian's nginx: the one on the PATH, or its package unpacked in `cache`.

    Installing the package would start a service on port 80, which is not this program's to do.
    """
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if found:
        return Path(found)
    folder = cache / "nginx"
    program = folder / "usr/sbin/nginx"
    if not program.exists():
        if not shutil.which("apt-get"):
            raise Missing("nginx is missing, and there is no apt-get to fetch it with: put it on the PATH")
        say("Fetching nginx …")
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", "-o", "APT::Sandbox::User=root", "nginx"], cwd=folder, check=True)
        for package in folder.glob("nginx_*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, folder], check=True)
    done = subprocess.run([program, "-v"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Missing(f"nginx does not run ({done.stderr.strip()}); run: sudo apt-get install nginx")
    return program


def python_rivals(cache: Path) -> Path:
    """A virtual environment with the rivals from PyPI; its interpreter."""
    folder = cache / "venv"
    python = folder / "bin/python"
    if not (folder / "complete").exists():
        say(f"Installing {', '.join(PYPI)} …")
        subprocess.run(["python3", "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *PYPI], check=True)
        (folder / "complete").touch()
    return python


def c_program(name: str, cache: Path) -> Path:
    """Builds the program from Tests/Bench/`name`."""
    cache.mkdir(parents=True, exist_ok=True)
    sources = sorted((REPOSITORY / "Tests/Bench" / name).glob("*.c"))
    program = cache / name
    subprocess.run(["cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", *sources, "-o", program], check=True)
    return program


def upload_server() -> Path:
    """Builds fuploadServer for release, as scripts/quickstart does."""
    say("Building fuploadServer (release) …")
    subprocess.run([REPOSITORY / "scripts/prerequisites"], check=True)
    build = ["swift", "build", "--configuration", "release", "--static-swift-stdlib"]
    subprocess.run([*build, "--product", "fuploadServer"], cwd=REPOSITORY, check=True)
    shown = subprocess.run([*build, "--show-bin-path"], cwd=REPOSITORY, check=True, stdout=subprocess.PIPE, text=True)
    return Path(shown.stdout.strip()) / "fuploadServer"
