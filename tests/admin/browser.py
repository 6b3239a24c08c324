#!/usr/bin/env python3
"""The admin page in headless Chromium: what a person would do with it, and what must not happen.

    LARDER_PICTURES=DIR tests/admin/browser.py     also takes pictures: light, dark, phone
"""
import os
import sys
import time

from admin_port import AdminServer, Load, need
from webdriver import Browser

PASSWORD = "correct horse"
HOSTILE = "<img src=x onerror=document.title='owned'>"


def log_in(browser, password):
    if not browser.shown("#login-dialog"):
        browser.click("#login-open")
    browser.type("#login-password", password)
    browser.press("enter")


def shows_nothing_before_login(browser, server):
    browser.go(server.url + "/")
    browser.wait("the page asks for a login", lambda: "log in" in browser.text("#state"))
    assert browser.text("#tile-keys") == "–"
    assert HOSTILE not in browser.text("main")


def refuses_a_wrong_login(browser, server):
    log_in(browser, "wrong")
    browser.wait("the wrong login is refused", lambda: browser.shown("#login-error"))
    assert "Wrong user or password" in browser.text("#login-error")
    assert browser.text("#tile-keys") == "–"


def shows_figures_after_login(browser, server):
    log_in(browser, PASSWORD)
    browser.wait("figures", lambda: browser.text("#tile-keys") != "–")
    assert not browser.shown("#login-dialog")
    assert browser.text("#who") == "default"
    browser.wait("settings", lambda: "admin-port" in browser.text("#settings-table"))
    assert PASSWORD not in browser.script("return document.documentElement.outerHTML")


def moves_under_load(browser, server):
    login = [("AUTH", PASSWORD), ("CLIENT", "SETNAME", "shop-api")]
    load = Load(server, login)
    try:
        browser.wait("operations rise", lambda: browser.text("#tile-operations") not in ("–", "0"))
        first = browser.text("#tile-operations"), browser.text("#tile-keys")
        browser.wait("numbers move", lambda: browser.text("#tile-keys") != first[1] or
                     browser.text("#tile-operations") != first[0])
        browser.wait("a hit ratio", lambda: browser.text("#tile-ratio").endswith("%"))
        browser.wait("lines are drawn", lambda: browser.script(
            "return [...document.querySelectorAll('#charts path')].filter("
            "p => (p.getAttribute('d').match(/L/g) ?? []).length > 1).length >= 6"), 25)
        browser.wait("a latency", lambda: "s" in browser.text("#tile-latency"))
        browser.wait("keys that are asked for", lambda: browser.click("#keys-again") or
                     "shop:" in browser.text("#hot-recent"))
        browser.click("#hot-start")
        browser.wait("measuring", lambda: "measuring" in browser.text("#hot-state"))
        browser.wait("hot keys", lambda: browser.click("#keys-again") or
                     "shop:" in browser.text("#hot-cpu"))
        browser.wait("the client's name",
                     lambda: "shop-api" in browser.text("#clients-table"))
    finally:
        load.stop()


def treats_key_names_as_text(browser, server):
    browser.wait("the slow command", lambda: HOSTILE in browser.text("#slow-table"))
    assert browser.script("return document.querySelectorAll('main img').length") == 0
    assert browser.script("return document.title") == "Larder"


def keys(server, *names):
    return server.run(("AUTH", PASSWORD), ("EXISTS", *names))[1][1]


def asks_before_it_purges(browser, server):
    server.run(("AUTH", PASSWORD), ("MSET", "a key", "1", HOSTILE, "2", "stays", "3"))
    browser.type("#names", f"a key\n{HOSTILE}\nnot there")
    browser.click("#purge-open")
    assert browser.shown("#confirm-dialog")
    assert HOSTILE in browser.text("#confirm-names")
    assert browser.script("return document.querySelectorAll('dialog img').length") == 0
    browser.press("escape")
    assert not browser.shown("#confirm-dialog")
    assert keys(server, "a key", HOSTILE, "stays") == b"3"


def purges_with_the_right_login_alone(browser, server):
    browser.click("#purge-open")
    browser.press("enter")  # without a password
    browser.wait("no password is refused", lambda: browser.shown("#confirm-error"))
    browser.type("#confirm-password", "wrong")
    browser.click("#confirm-submit")
    browser.wait("a wrong one is refused",
                 lambda: "WRONGPASS" in browser.text("#confirm-error"))
    assert keys(server, "a key", HOSTILE, "stays") == b"3"
    browser.type("#confirm-password", PASSWORD)
    browser.click("#confirm-submit")
    browser.wait("it is done", lambda: "2 entries are gone" in (browser.text("#message") or ""))
    assert keys(server, "a key", HOSTILE, "stays") == b"1"


def flushes_a_cache_by_its_own_button(browser, server):
    assert browser.shown("#caches-none")
    server.run(("AUTH", PASSWORD), ("CACHE.NS", "SET", "pages", "PREFIX", "page:", "MAXMEMORY", "1mb"),
               ("MSET", "page:1", "1", "page:2", "2"), ("GET", "page:1"))
    browser.wait("the cache", lambda: "pages" in browser.text("#caches-table"))
    for text in ("page:", "1.0 MiB", "100.0 %"):
        assert text in browser.text("#caches-table"), browser.text("#caches-table")
    browser.click("#caches-table button")
    browser.type("#confirm-password", PASSWORD)
    browser.click("#confirm-submit")
    browser.wait("it is flushed", lambda: "2 entries are gone" in (browser.text("#message") or ""))
    assert keys(server, "page:1", "page:2", "stays") == b"1"


def says_what_a_user_may_not(browser, server):
    browser.click("input[name=what][value=all]")
    assert not browser.shown("#names")
    browser.click("#purge-open")
    browser.type("#confirm-user", "guest")
    browser.type("#confirm-password", "guest")
    browser.click("#confirm-submit")
    browser.wait("NOPERM is shown", lambda: "NOPERM" in browser.text("#confirm-error"))
    assert keys(server, "stays") == b"1"
    browser.press("escape")


def works_with_the_keyboard(browser, server):
    browser.script("document.body.tabIndex = -1; document.body.focus()")
    browser.press("tab")
    assert browser.script("return document.activeElement.className") == "skip"
    browser.script("document.querySelector('#charts svg').focus()")
    browser.press("left")
    assert "at " in browser.text("#charts .legend")
    unnamed = browser.script("""
        return [...document.querySelectorAll('button, input, textarea, svg[tabindex]')].filter(e =>
            !(e.textContent.trim() && e.tagName === 'BUTTON') && !e.labels?.length &&
            !e.getAttribute('aria-label')).map(e => e.outerHTML.slice(0, 80))""")
    assert unnamed == [], unnamed
    outline = browser.script("""
        document.querySelector('#keys-again').focus({focusVisible: true});
        return getComputedStyle(document.activeElement).outlineStyle""")
    assert outline == "solid", outline


def fits_a_phone(browser, server):
    browser.size(360, 740, phone=True)
    time.sleep(0.3)
    wide = browser.script("""
        return [document.documentElement.scrollWidth, [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > 361 && !e.closest('nav, .table, pre, .skip'))
            .map(e => e.outerHTML.slice(0, 80)).slice(0, 5)]""")
    assert wide[0] <= 360 and wide[1] == [], wide
    browser.size(1200, 1000)


def logs_no_errors(browser, server):
    """No blocked content, no exception; refused requests are the test's own."""
    messages = [m for m in browser.logs() if "status of 40" not in m]
    assert messages == [], messages


def take_pictures(browser, folder):
    os.makedirs(folder, exist_ok=True)
    for name, width, dark in (("light", 1200, False), ("dark", 1200, True), ("phone", 360, False),
                              ("phone-dark", 360, True)):
        browser.size(width, 900, phone=width < 500)
        browser.dark(dark)
        time.sleep(0.5)
        browser.picture(os.path.join(folder, f"{name}.png"))
    browser.dark(False)
    browser.size(1200, 900)
    browser.script("scrollTo(0, 0)")
    browser.type("#names", "shop:1\nshop:2") if browser.shown("#names") else None
    browser.click("#purge-open")
    time.sleep(0.3)
    answer = os.path.join(folder, "confirm.png")
    browser.picture(answer)
    browser.press("escape")


STEPS = [shows_nothing_before_login, refuses_a_wrong_login, shows_figures_after_login, moves_under_load,
         treats_key_names_as_text, asks_before_it_purges, purges_with_the_right_login_alone,
         flushes_a_cache_by_its_own_button,         says_what_a_user_may_not, works_with_the_keyboard, fits_a_phone, logs_no_errors]


def main():
    need("chromium", "chromedriver")
    server = AdminServer("--requirepass", PASSWORD, "--slowlog-log-slower-than", "0",
                         "--maxmemory", "64mb", "--user", "guest", "on", ">guest", "+ping")
    server.run(("AUTH", PASSWORD), ("CONFIG", "SET", "slowlog-max-len", "1"), ("GET", HOSTILE),
               ("CONFIG", "SET", "slowlog-log-slower-than", "1000000"))
    browser = Browser()
    failed = 0
    try:
        for step in STEPS:
            began = time.monotonic()
            step(browser, server)
            print(f"ok   {step.__name__} ({time.monotonic() - began:.1f} s)", flush=True)
        if folder := os.environ.get("LARDER_PICTURES"):
            take_pictures(browser, folder)
    except Exception:
        failed = 1
        print(f"FAILED {step.__name__}")
        print(browser.script("return document.body.innerText")[:3000])
        print("\n".join(browser.logs()))
        raise
    finally:
        browser.close()
        server.stop()
    return failed


if __name__ == "__main__":
    sys.exit(main())
