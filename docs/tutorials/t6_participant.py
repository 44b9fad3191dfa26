"""
Participant: which of my models do I send in?
=============================================

**Question.** I was invited to a challenge on hidden dates. My model has a constant residual variance; a colleague says
that a learned one forecasts better. Which do I submit, and which becomes my finalist?

The tutorial round is a whole challenge on this machine, with simulated data. It needs the extra:
``pip install "statefolio[challenge]"``.
"""

# %%
# A round to enter
# ----------------
# In a terminal: ``statefolio challenge tutorial round``. It runs until you stop it and prints an invitation. Here it
# runs in the background, and this page waits for the invitation.

import atexit
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 300  # seconds that any step may take
folder = Path(tempfile.mkdtemp())
environment = {**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "100", "STATEFOLIO_CONFIG_DIR": str(folder / "home")}
statefolio = [sys.executable, "-m", "statefolio", "challenge"]
with socket.create_server(("127.0.0.1", 0)) as listener:
    port = str(listener.getsockname()[1])
log = (folder / "log").open("w")
server = subprocess.Popen(
    [*statefolio, "tutorial", str(folder / "round"), "--port", port], stdout=log, stderr=log, env=environment
)
atexit.register(server.kill)


def invitation():
    """Wait for the line that invites a team; return its address and code."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until and server.poll() is None:
        found = re.search(r"join (http://\S+) (sfi_\S+)", (folder / "log").read_text())
        if found:
            return found.groups()
        time.sleep(0.2)
    ended = f"it ended with {server.poll()}" if server.poll() is not None else f"{LIMIT} s passed"
    raise RuntimeError(f"The tutorial round printed no invitation: {ended}. It said:\n{(folder / 'log').read_text()}")


address, code = invitation()
print("An invitation:", code[:8] + "...")

# %%
# Join
# ----
# ``challenge("join", ...)`` stands for ``statefolio challenge join ...`` in a terminal.


def challenge(*words):
    """Run a command of the participant and print what it prints."""
    try:
        done = subprocess.run(
            [*statefolio, *words], capture_output=True, text=True, env=environment, cwd=folder, timeout=LIMIT
        )
    except subprocess.TimeoutExpired:
        raise RuntimeError(f"statefolio challenge {words[0]} took more than {LIMIT} s: is the machine busy?") from None
    print((done.stdout + done.stderr).replace(address, "http://127.0.0.1:8000").strip())
    if done.returncode:
        raise RuntimeError(f"statefolio challenge {words[0]} ended with {done.returncode}")
    return done.stdout


_ = challenge("join", address, code)

# %%
# Files to begin with
# -------------------

_ = challenge("starter")
print(*sorted(path.name for path in (folder / "starter").iterdir()), sep="\n")

# %%
# A submission is a model as data: no code is sent.

given = (folder / "starter" / "forecast.toml").read_text()
print(given[:900])

# %%
# My model differs in one line.

mine = given.replace('noise = "ewma"', 'noise = "constant"').replace("My first forecast", "Constant variance")
(folder / "starter" / "constant.toml").write_text(mine)

# %%
# Test at home
# ------------
# The same engine scores a submission on the last public dates and repeats it with the future cut off. Tries at home
# cost nothing and are not counted.

told = {name: challenge("test", f"starter/{name}.toml") for name in ("constant", "forecast")}

# %%
# The score is the mean log density of a return: higher is better.

scores = {name: float(re.search(r"log score .*?: (-?[\d.]+)", text)[1]) for name, text in told.items()}
best = max(scores, key=scores.get)
print(f"{best} is better at home, by {abs(scores['forecast'] - scores['constant']):.4f} per return")

# %%
# Submit
# ------
# The better model is submitted, and only that one: what lost at home needs no try on hidden dates.

answer = challenge("submit", f"starter/{best}.toml", "--wait")

# %%

_ = challenge("leaderboard", "--track", "forecast")

# %%
# A board score changes only when a new submission is better beyond chance. That keeps a team from searching the hidden
# dates with 150 tries (:doc:`/evidence`).
#
# Choose a finalist
# -----------------
# Finalists are scored on dates that never gave any feedback.

_ = challenge("select", re.search(r"s_\w+", answer)[0])

# %%

server.terminate()
try:
    server.wait(60)
except subprocess.TimeoutExpired:
    server.kill()
log.close()

# %%
# Decision
# --------
# Send in the model that is better at home and does not look ahead, and make it the finalist. The data of a round are
# drawn anew each time; their volatility clusters, so it is nearly always the learned variance. Keep the remaining tries
# for ideas that win at home first.
