#!/usr/bin/env python3
"""conf/'s Prometheus files with Debian's Prometheus on a running server, and Debian's Redis exporter."""
import contextlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

from admin_port import AdminServer, Load, free_port, need

CONF = pathlib.Path(__file__).resolve().parents[2] / "conf"
EXPORTED = """redis_up redis_memory_used_bytes redis_memory_max_bytes redis_memory_used_rss_bytes
    redis_keyspace_hits_total redis_keyspace_misses_total redis_connected_clients redis_blocked_clients
    redis_db_keys redis_db_keys_expiring redis_commands_total redis_commands_duration_seconds_total
    redis_commands_processed_total redis_evicted_keys_total redis_expired_keys_total
    redis_net_input_bytes_total redis_net_output_bytes_total redis_rejected_connections_total
    redis_connections_received_total redis_uptime_in_seconds redis_instance_info redis_config_maxclients
    redis_config_maxmemory redis_slowlog_length redis_slowlog_last_id redis_start_time_seconds
    redis_exporter_build_info redis_last_slow_execution_duration_seconds redis_pubsub_channels
    redis_cpu_sys_seconds_total redis_cpu_user_seconds_total redis_errors_total""".split()


def check(what, true, more=""):
    if not true:
        raise AssertionError(f"{what} {more}")
    print(f"ok   {what}", flush=True)


def run(*command, **options):
    result = subprocess.run(command, capture_output=True, text=True, **options)
    return result.returncode == 0, result.stdout + result.stderr


def fetch(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read().decode()


def wait(what, condition, seconds=20):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if value := condition():
                return value
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds} s in vain: {what}")


@contextlib.contextmanager
def running(*command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def dashboard_queries():
    """The expressions of all panels, with Grafana's variables filled in."""
    dashboard = json.loads((CONF / "grafana-dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield target["expr"].replace("$__rate_interval", "5s").replace("$instance", ".*")


def files_are_valid():
    done, text = run("promtool", "check", "config", "prometheus.yml", cwd=CONF)
    check("promtool takes the configuration and the rules", done, text)
    done, text = run("promtool", "test", "rules", "prometheus_alerts_test.yml",
                     cwd=pathlib.Path(__file__).parent)
    check("alerts fire when they should", done, text)


def metrics_are_valid(server):
    metrics = server.get("/metrics")[1]
    done, text = run("promtool", "check", "metrics", input=metrics)
    check("promtool finds nothing wrong with /metrics", done and not text.strip(), text)
    known = set(re.findall(r"^(larder_\w+)", metrics, re.M))
    asked = set(re.findall(r"\blarder_\w+", (CONF / "prometheus-alerts.yml").read_text()))
    for query in dashboard_queries():
        asked |= set(re.findall(r"\blarder_\w+", query))
    check("dashboard and alerts ask for series that there are", asked <= known, asked - known)
    return known


def scrapes(server, folder):
    config = (CONF / "prometheus.yml").read_text()
    config = config.replace("127.0.0.1:9121", f"127.0.0.1:{server.admin_port}")
    config = config.replace("15s", "1s").replace("prometheus-alerts.yml",
                                                 str(CONF / "prometheus-alerts.yml"))
    path = pathlib.Path(folder) / "prometheus.yml"
    path.write_text(config)
    port = free_port()

    def query(text):
        answer = fetch(f"http://127.0.0.1:{port}/api/v1/query?" +
                       urllib.parse.urlencode({"query": text}))
        return json.loads(answer)["data"]["result"]

    with running("prometheus", f"--config.file={path}", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"):
        wait("Prometheus scrapes", lambda: query('up{job="larder"} == 1'))
        wait("a rate", lambda: query("sum(rate(larder_commands_total[5s])) > 100"))
        value = float(query("larder_keyspace_keys")[0]["value"][1])
        check("Prometheus sees the keys", value > 100, value)
        wait("the recorded hit ratio", lambda: query("larder:hit_ratio:rate5m > 0"))
        quantile = float(query("larder:command_duration_seconds:p99_5m")[0]["value"][1])
        check("the recorded latency is in seconds", 0 < quantile < 1, quantile)
        empty = [text for text in dashboard_queries() if not query(text)]
        check("every panel of the dashboard has something to show", not empty, empty)
        alerts = json.loads(fetch(f"http://127.0.0.1:{port}/api/v1/rules"))["data"]["groups"][0]
        bad = [rule["name"] for rule in alerts["rules"] if rule["health"] == "err"]
        check("all rules can be evaluated", len(alerts["rules"]) >= 12 and not bad, bad)


def exporter_works(server):
    server.run(("NOSUCHCOMMAND",))  # so that there is an error to count
    port = free_port()
    with running("prometheus-redis-exporter", f"-redis.addr=redis://127.0.0.1:{server.port}",
                 f"-web.listen-address=127.0.0.1:{port}"):
        text = wait("the exporter", lambda: fetch(f"http://127.0.0.1:{port}/metrics"))
    series = set(re.findall(r"^(redis_\w+)", text, re.M))
    missing = [name for name in EXPORTED if name not in series]
    check("the Redis exporter has its main series", not missing, missing)
    values = dict(re.findall(r"^(redis_\w+(?:\{[^}]*\})?) (\S+)$", text, re.M))
    check("it finds the server up", values["redis_up"] == "1")
    check("it counts", float(values["redis_keyspace_hits_total"]) > 0)
    check("it finds keys", float(values['redis_db_keys{db="db0"}']) > 0)
    check("it had no error", float(values["redis_exporter_last_scrape_error{err=\"\"}"]) == 0)


def main():
    need("prometheus", "promtool", "prometheus-redis-exporter")
    files_are_valid()
    server = AdminServer("--maxmemory", "64mb", "--slowlog-log-slower-than", "0")
    server.run(("CACHE.NS", "SET", "shop", "PREFIX", "shop:", "MAXMEMORY", "16mb"))
    load = Load(server)
    try:
        metrics_are_valid(server)
        with tempfile.TemporaryDirectory(prefix="larder-prometheus-") as folder:
            scrapes(server, folder)
        exporter_works(server)
    finally:
        load.stop()
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
