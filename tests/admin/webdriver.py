"""A browser, driven by the WebDriver protocol (https://www.w3.org/TR/webdriver2/): a small client of
chromedriver, so that no package has to fit to the browser's version."""
import base64
import json
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from admin_port import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id, as the standard has it
KEYS = {"tab": "\ue004", "enter": "\ue007", "escape": "\ue00c", "left": "\ue012", "space": " "}


class WebDriverError(Exception):
    pass


class Browser:
    def __init__(self, width=1200, height=1000):
        self.port = free_port()
        self.profile = tempfile.TemporaryDirectory(prefix="larder-browser-", ignore_cleanup_errors=True)
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        options = {"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                            "--disable-background-networking", "--no-first-run",
                            f"--user-data-dir={self.profile.name}", f"--window-size={width},{height}"]}
        capabilities = {"browserName": "chrome", "goog:chromeOptions": options,
                        "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = None
        deadline = time.monotonic() + 30
        while self.session is None:
            try:
                answer = self.request("POST", "/session",
                                      {"capabilities": {"alwaysMatch": capabilities}})
                self.session = answer["sessionId"]
            except OSError:
                if time.monotonic() > deadline or self.driver.poll() is not None:
                    raise
                time.sleep(0.05)

    def request(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())["value"]
        except urllib.error.HTTPError as error:
            raise WebDriverError(error.read().decode(errors="replace")) from None

    def call(self, method, path, body=None):
        return self.request(method, f"/session/{self.session}{path}", body)

    def chromium(self, command, **parameters):
        """A command of the browser's own protocol."""
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def go(self, url):
        self.call("POST", "/url", {"url": url})

    def script(self, text, *args):
        """What JavaScript returns."""
        return self.call("POST", "/execute/sync", {"script": text, "args": list(args)})

    def find(self, css):
        element = self.call("POST", "/element", {"using": "css selector", "value": css})
        return element[ELEMENT]

    def click(self, css):
        self.call("POST", f"/element/{self.find(css)}/click")

    def type(self, css, text):
        """Into an emptied field."""
        element = self.find(css)
        self.call("POST", f"/element/{element}/clear")
        self.call("POST", f"/element/{element}/value", {"text": text})

    def press(self, *keys):
        """On whatever has the focus."""
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def text(self, css):
        return self.script("return document.querySelector(arguments[0])?.textContent ?? null", css)

    def shown(self, css):
        return self.script("return !!document.querySelector(arguments[0])?.checkVisibility()", css)

    def wait(self, what, condition, seconds=15):
        """Until `condition()` is true; returns what it answers."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds} s in vain: {what}")
            time.sleep(0.05)

    def logs(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]

    def dark(self, on):
        self.chromium("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if on else "light"}])

    def size(self, width, height, phone=False):
        self.chromium("Emulation.setDeviceMetricsOverride", width=width, height=height,
                      deviceScaleFactor=1, mobile=phone)

    def picture(self, path):
        """The whole page, as PNG."""
        answer = self.chromium("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def close(self):
        try:
            if self.session:
                self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.profile.cleanup()
