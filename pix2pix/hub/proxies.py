"""The proxies that the environment names: looked at before a library stumbles over them, and named where they fail."""

import os
import re
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies

from pix2pix.utils import UserError

SCHEMES = ("http", "https", "socks5", "socks5h")
OWN = ("127.0.0.1", "localhost")  # what this machine calls itself


def check_proxies(urllib: bool = False) -> None:
    """Raise UserError for a proxy in HTTP_PROXY, HTTPS_PROXY or ALL_PROXY that cannot be used.

    Args:
        urllib: Whether Python's own client asks, which knows no SOCKS and no ALL_PROXY.
    """
    for name, address in _named().items():
        if urllib and name == "ALL_PROXY":
            continue
        shown = without_login(address)
        if not _is_address(address):
            raise UserError(f"{name} is {shown!r}, no address of a proxy: make it http://HOST:PORT, or unset it")
        if _scheme(address) not in SCHEMES:
            raise UserError(f"{name} is {shown!r}; a proxy's address begins with {', '.join(SCHEMES)}")
        if urllib and _scheme(address).startswith("socks"):
            raise UserError(
                f"{name} is {shown!r}; sets are downloaded through http proxies alone: name one, or unset it"
            )
        if _scheme(address).startswith("socks") and find_spec("socksio") is None:
            raise UserError(f"{name} is {shown!r}, for which one more package is needed: pip install socksio")


def describe_proxies() -> str:
    """Tell which proxies stand between, as the end of a sentence; "" where there are none."""
    found = [f"{without_login(address)} ({name})" for name, address in _named().items()]
    return f", through the proxy {' or '.join(found)}" if found else ""


def reach_own_address() -> None:
    """Let nothing that this process asks of its own machine go through a proxy; what that is asked for is elsewhere."""
    for name in ("no_proxy", "NO_PROXY"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name) or os.environ.get(name.swapcase()), *OWN)))


def without_login(address: str) -> str:
    """The address without the user and password that may stand in it."""
    return re.sub(r"//[^/]*@", "//", address)


def _named() -> dict[str, str]:
    """The addresses by the variables that hold them; {} where NO_PROXY is for all."""
    found = getproxies()
    if "*" in (host.strip() for host in found.get("no", "").split(",")):
        return {}
    return {f"{kind.upper()}_PROXY": found[kind] for kind in ("http", "https", "all") if found.get(kind)}


def _scheme(address: str) -> str:
    return urlsplit(address).scheme if "://" in address else "http"


def _is_address(address: str) -> bool:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        return bool(parts.hostname) and not re.search(r"\s", address) and parts.port != 0
    except ValueError:  # of a port that is none, or of brackets
        return False
