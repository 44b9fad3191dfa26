"""
Challenge: run one, and enter it
================================

**Question.** Who forecasts best? A back-test that everybody can repeat cannot say, because everybody tunes on it. A
challenge scores models on hidden dates. Can I run one for my group, and what does a participant do?

The tutorial round starts a whole challenge on this machine, with simulated data: a web process, two scorers, a
database and an invitation.
"""

# %%
# The organiser: one command
# --------------------------
# In a terminal this is ``statefolio challenge tutorial round``. It runs until you stop it.

import atexit
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

folder = Path(tempfile.mkdtemp())
with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
log = (folder / "log").open("w")
environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "100", "STATEFOLIO_CONFIG_DIR": str(folder / "home")}
command = [sys.executable, "-m", "statefolio", "challenge", "tutorial", str(folder / "round"), "--port", str(port)]
server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
atexit.register(server.terminate)


def invitation():
    """Wait for the line that invites a team."""
    for _ in range(1200):
        found = re.search(r"join (http://\S+) (sfi_\S+)", (folder / "log").read_text())
        if found or server.poll() is not None:
            return found
        time.sleep(0.5)
    return None


address, code = invitation().groups()
print("An invitation:", code[:8] + "...")

# %%
# What lies where: ``public/`` is for everybody, ``hidden/`` for the scorers alone.

print(*sorted(path.name for path in (folder / "round").iterdir()), sep="\n")

# %%
# The participant: join
# ---------------------


def challenge(*words):
    """Run a command of the participant and print what it says."""
    run = [sys.executable, "-m", "statefolio", "challenge", *words]
    done = subprocess.run(run, capture_output=True, text=True, env=environment, cwd=folder, check=False)
    print((done.stdout + done.stderr).replace(address, "http://127.0.0.1:8000").strip())


challenge("join", address, code)

# %%
# Files to begin with
# -------------------

challenge("starter")
print(*sorted(path.name for path in (folder / "starter").iterdir()), sep="\n")

# %%
# A submission is a model as data: no code is sent.

print((folder / "starter" / "forecast.toml").read_text()[:900])

# %%
# Test at home
# ------------
# The same engine scores the submission on the last public dates and repeats it with the future cut off.

challenge("test", "starter/forecast.toml")

# %%
# Submit, and see the board
# -------------------------

challenge("submit", "starter/forecast.toml", "--wait")

# %%

challenge("leaderboard", "--track", "forecast")

# %%
# A board score moves only when a new submission is better beyond chance. That keeps a team from searching the hidden
# dates with 150 tries (:doc:`/evidence`). Each team chooses finalists, and those are scored on dates that never gave
# any feedback.

server.send_signal(signal.SIGTERM)
server.wait(60)
log.close()

# %%
# Decision
# --------
# For a group of colleagues or a class, the tutorial's command and a `challenge.toml` of your own are enough: one
# machine, SQLite, an hour. For a public round read :doc:`/challenge`: two system users, a proxy with TLS and tested
# backups.
