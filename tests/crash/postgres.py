"""PostgreSQL servers that may be killed, stopped and promoted, and a wire that can be cut. For the programs beside this file."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from people import PSQL, free_port

BIN = os.path.dirname(PSQL)
NOBODY = 65534


def folder_for_all():
    """A temporary folder that PostgreSQL can reach: it refuses to run as root, so it then runs as nobody."""
    folder = tempfile.mkdtemp(prefix="windowshop-postgres.")
    os.chmod(folder, 0o711)
    return folder


class Cluster:
    """One server with its data."""

    def __init__(self, parent, name):
        self.name, self.port = name, free_port()
        self.home = os.path.join(parent, name)
        self.data, self.log = os.path.join(self.home, "data"), os.path.join(self.home, "log")
        os.mkdir(self.home)
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)

    def run(self, program, *arguments):
        who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        said = subprocess.run([os.path.join(BIN, program), *arguments], stdin=subprocess.DEVNULL, cwd=self.home,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **who)
        if said.returncode != 0:
            raise SystemExit(f"{program} of {self.name} failed: {said.stdout}")

    def make(self):
        self.run("initdb", f"--pgdata={self.data}", "--username=tester", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")

    def copy_from(self, port, slot_name):
        """Becomes a standby of the server at that port."""
        self.run("pg_basebackup", f"--pgdata={self.data}", "--host=127.0.0.1", f"--port={port}", "--username=tester",
                 "--checkpoint=fast", "--no-sync", "--write-recovery-conf", "--wal-method=stream", f"--slot={slot_name}", "--create-slot")

    def start(self):
        # What pg_ctl starts must not hold its pipe, or nobody would see it end.
        self.run("pg_ctl", f"--pgdata={self.data}", f"--log={self.log}", "--wait", "--timeout=60",
                 f"--options=-p {self.port} -k {self.home} -c listen_addresses=127.0.0.1 -c max_connections=100 "
                 f"-c cluster_name={self.name}", "start")

    def stop(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self.run("pg_ctl", f"--pgdata={self.data}", "--mode=fast", "--wait", "stop")

    def promote(self):
        self.run("pg_ctl", f"--pgdata={self.data}", "--wait", "promote")

    def url(self, port=None, database="postgres"):
        return f"postgres://tester@127.0.0.1:{port or self.port}/{database}"

    def ask(self, statement):
        said = subprocess.run([PSQL, self.url(), "-qAtc", statement], check=True, capture_output=True, text=True)
        return said.stdout.strip()

    def processes(self):
        """The server and all that it has started."""
        with open(os.path.join(self.data, "postmaster.pid")) as file:
            first = int(file.readline())
        found = [first]
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as file:
                    parent = int(file.read().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue  # it has ended
            if parent == first:
                found.append(int(pid))
        return found

    def signal(self, which):
        """To all of its processes at once, as when the machine stops."""
        for pid in self.processes():
            try:
                os.kill(pid, which)
            except ProcessLookupError:
                pass

    def kill(self):
        self.signal(signal.SIGKILL)


class Wire:
    """Leads connections of one port to another, as a balancer or a moving address does. It can be led elsewhere and cut."""

    def __init__(self, to):
        self.to, self.cut = to, False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            near, _ = self.listener.accept()
            try:
                far = socket.create_connection(("127.0.0.1", self.to), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for one, other in ((near, far), (far, near)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self.carry, args=(one, other), daemon=True).start()

    def carry(self, one, other):
        try:
            while data := one.recv(65536):
                if self.cut:
                    return  # what was on its way never comes, and nobody is told
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)


def wait_for(what, question, seconds=30):
    until = time.time() + seconds
    while not question():
        if time.time() > until:
            raise SystemExit(f"{what} has not come within {seconds} s")
        time.sleep(0.05)
