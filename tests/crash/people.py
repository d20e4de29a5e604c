"""People who apply, the server they apply at, and what has to hold of its store in the end. For the programs beside this file.

Every visitor goes through all pages as a browser without scripts does, sends, and reads the reference number on the page
that says so. Whatever breaks off is sent again, as a person would.
"""

import html
import http.client
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.parse

PSQL = "/usr/lib/postgresql/15/bin/psql"
# What most people answer; the rows are those of a person alone.
PAGES = [
    ("you/1", {"first_name.1": "Ana", "last_name.1": "Núñez", "birth_date.1.m": "3", "birth_date.1.d": "14",
               "birth_date.1.y": "1986", "sex.1": "male", "applying.1": "yes"}),
    ("home", {"street.0": "1 Elm Street", "city.0": "Cincinnati", "zip.0": "45202", "mail_same.0": "yes"}),
    ("contact", {"notices_by.0": "email", "email.0": "ana@example.org", "spoken.0": "english", "written.0": "en"}),
    ("household", {"everyone.0": "yes"}),
    ("help", {"help.0": "yes"}),
    ("taxes/1", {"files.1": "yes", "married.1": "no", "claimed.1": "no", "unreconciled.1": "no"}),
    ("identity/1", {"ssn.1": "123-45-6789", "citizen.1": "yes"}),
    ("about", {"disabled.0": "none", "daily_care.0": "none", "in_custody.0": "none", "tribal.0": "none",
               "tobacco.0": "none"}),
    ("income-kinds/1", {"income_kinds.1": "wages", "deduction_kinds.1": "none"}),
    ("income/2", {"employer.2": "Elm Bakery", "amount.2": "37650", "frequency.2": "yearly", "lasts.2": "all_year",
                  "another.2": "no"}),
    ("income-total", {"total_right.1": "yes"}),
    ("coverage", {"covered.0": "none", "medicaid_denied.0": "none"}),
    ("offers", {"offered.0": "none"}),
    ("events", {"events.0": "none"}),
]
SIGNED = {"consent.0": "5", "true_answers.0": "yes", "changes.0": "yes", "third_party.0": "yes", "custody.0": "yes",
          "use_of_answers.0": "yes",
          "signature.0": "ana nunez"}
# How long a person goes on trying.
PATIENCE = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """The program, which can be killed and started again."""

    def __init__(self, binary, database_url="", settings=()):
        self.binary, self.database_url, self.settings = binary, database_url, list(settings)
        self.folder = tempfile.mkdtemp(prefix="windowshop-crash.")
        self.port, self.private = free_port(), free_port()
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = None
        self.kills = 0

    def start(self):
        env = {name: value for name, value in os.environ.items() if not name.startswith("WINDOWSHOP_")}
        if self.database_url:
            env["WINDOWSHOP_DATABASE_URL"] = self.database_url
        # Without restored signals, a file that may not grow is an error of the write, as a full disk is, and no signal.
        self.process = subprocess.Popen(
            [self.binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir", self.folder,
             "--metrics-listen", f"127.0.0.1:{self.private}", "--trusted-proxies", "127.0.0.1", *self.settings],
            stdout=self.log, stderr=self.log, env=env, restore_signals=False)

    def wait_until_ready(self):
        until = time.time() + 60
        while time.time() < until:
            try:
                if Visitor(self.port).once("GET", "/")[0] == 200:
                    return
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.1)
        raise SystemExit(f"the server does not start: see {self.folder}/log")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    def stop(self):
        self.process.terminate()
        self.process.wait(60)

    def ask_store(self, statement):
        """Rows of the store, past the program; after a change, none."""
        if self.database_url:
            said = subprocess.run([PSQL, self.database_url, "-qAt", "-F", " ", "-c", statement], check=True,
                                  capture_output=True, text=True).stdout
            return [tuple(line.split(" ")) for line in said.splitlines() if line]
        with sqlite3.connect(os.path.join(self.folder, "office.db"), timeout=20) as store:
            return [tuple(str(value) for value in row) for row in store.execute(statement).fetchall()]


class Visitor:
    """One person's browser: cookies, and patience."""

    def __init__(self, port, counts=None):
        self.port, self.cookies, self.counts = port, {}, counts
        # Everybody has an address of their own: one network may not begin hundreds.
        self.address = ".".join(["10", *(str(random.randrange(1, 255)) for _ in range(3))])

    def once(self, method, path, fields=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"X-Forwarded-For": self.address}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                pair = value.split(";")[0]
                self.cookies[pair.split("=")[0]] = pair.split("=", 1)[1]
        connection.close()
        return answer.status, answer.getheader("location") or "", text

    def ask(self, method, path, fields=None):
        """Again and again until there is an answer that is not "try again"."""
        until = time.time() + PATIENCE
        while time.time() < until:
            begun = time.time()
            try:
                status, to, text = self.once(method, path, fields)
                if status not in (429, 503):
                    return status, to, text
                if status == 503 and self.counts is not None:
                    fields = self.counts.told(fields, text, time.time() - begun)
            except (OSError, http.client.HTTPException) as fault:
                if self.counts is not None:
                    self.counts.broke_off(path, fault)
            time.sleep(random.uniform(0.05, 0.4))
        raise RuntimeError(f"no answer from {path} for two minutes")

    def apply(self):
        """From the first page to the reference number."""
        status, to, text = self.ask("POST", "/account/apply/begin", {"begin": "1"})
        if status != 303 or not self.cookies:
            raise RuntimeError(f"begin: {status} {to} {text[:300]}")
        for page, answers in PAGES:
            fields = {"on": ",".join(sorted({".".join(name.split(".")[:2]) for name in answers})), "seen": "", **answers}
            status, to, text = self.ask("POST", f"/account/apply/{page}", fields)
            if status != 303:
                raise RuntimeError(f"{page}: {status} {words_of(text)}")
            if "/begin" in to:
                raise RuntimeError(f"{page} leads back to the beginning")
        status, to, text = self.ask("POST", "/account/apply/sign", SIGNED)
        if status != 303 or "/sent" not in to:
            raise RuntimeError(f"sign: {status} {to} {words_of(text)}")
        _, _, text = self.ask("GET", "/account/apply/sent")
        found = re.search(r"\b(\d{4} \d{4} \d{4})\b", text)
        if not found:
            raise RuntimeError("no reference number on the page that says it was sent")
        return found.group(1).replace(" ", "")


def words_of_all(text):
    text = re.sub(r"<style.*?</style>", " ", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def words_of(text):
    return words_of_all(text)[:600]


class Crowd:
    """Many people who apply at the same time."""

    def __init__(self, server, people, at_once, counts=None):
        self.server, self.people, self.counts = server, people, counts
        self.left, self.acknowledged, self.faults = list(range(people)), [], []
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.visit, daemon=True) for _ in range(at_once)]
        self.begun = time.time()
        for thread in self.threads:
            thread.start()

    def visit(self):
        while True:
            with self.lock:
                if not self.left or len(self.faults) > 5:
                    return
                self.left.pop()
            try:
                number = Visitor(self.server.port, self.counts).apply()
                with self.lock:
                    self.acknowledged.append(number)
            except Exception as fault:  # every fault of a visitor is one of the run
                with self.lock:
                    self.faults.append(str(fault))

    def wait_for(self, many):
        """Until so many have their number, or something is wrong."""
        until = time.time() + PATIENCE
        while len(self.acknowledged) < many and len(self.faults) <= 5 and time.time() < until:
            time.sleep(0.02)

    def over(self):
        """Whether nobody is left who applies."""
        return not any(thread.is_alive() for thread in self.threads)

    def join(self):
        for thread in self.threads:
            thread.join()


def verdict(title, crowd, more_faults=()):
    """Looks into the store, stops the server, says what was found. Whether all is well."""
    server = crowd.server
    took = time.time() - crowd.begun
    # A lease of whoever was killed lasts a minute; nobody waits for that here.
    server.ask_store("UPDATE job SET lease_until = 0 WHERE state = 1")
    until = time.time() + 30
    while server.ask_store("SELECT key FROM job") and time.time() < until:
        time.sleep(0.2)
    rows = server.ask_store(
        "SELECT reference, draft, (SELECT count(*) FROM notice JOIN job_done ON job_done.key = 'notice:' || notice.id "
        "WHERE notice.application = application.id AND job_done.outcome = 'done') FROM application")
    left = server.ask_store("SELECT key, state, attempt FROM job")
    server.stop()
    references, drafts = [row[0] for row in rows], [row[1] for row in rows]
    lost = [number for number in crowd.acknowledged if number not in set(references)]
    doubled = len(drafts) - len(set(drafts)) + len(references) - len(set(references))
    once = sum(1 for number in crowd.acknowledged if references.count(number) == 1)
    jobs = sum(1 for row in rows if row[2] == "1")
    # A letter's file is named after its message, so one that was written twice is one.
    letters = sum(1 for name in os.listdir(os.path.join(server.folder, "outbox")) if name.endswith(".eml"))
    print(f"{title} in {took:.0f} s: {len(crowd.acknowledged)} acknowledged, {once} found once, {len(lost)} lost, "
          f"{doubled} doubled, {jobs} jobs done once", flush=True)
    faults = [f"a visitor failed: {fault}" for fault in crowd.faults[:5]] + list(more_faults)
    if left:
        faults.append(f"jobs are left: {left[:5]}")
    if len(rows) != crowd.people or once != crowd.people or jobs != crowd.people or letters != crowd.people:
        faults.append(f"{crowd.people} people, {len(rows)} applications, {jobs} jobs done, {letters} letters")
    for fault in faults:
        print("  ", fault)
    if lost or doubled or faults:
        print("  the server's folder is kept:", server.folder)
        return False
    shutil.rmtree(server.folder, ignore_errors=True)
    return True
