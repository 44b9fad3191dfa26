"""
Organiser: who forecasts best on hidden dates?
===============================================

**Question.** My group has five models of the same returns, and each wins its own back-test. Can I score them on hidden
dates, fairly, without becoming an administrator of servers?

The commands are those of a terminal; ``challenge("open", "round")`` stands for ``statefolio challenge open round``.
They need the extra: ``pip install "statefolio[challenge]"``.
"""

# %%
# The rules
# ---------
# A challenge is a folder. ``init`` writes its rules with comments. Data, windows, limits and costs are decided here;
# the file runs as it is, on data inside the package.

import subprocess
import sys
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp())


def challenge(*words):
    """Run a command of `statefolio challenge` and print what it prints."""
    command = [sys.executable, "-m", "statefolio", "challenge", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    print((done.stdout + done.stderr.strip()).strip())
    if done.returncode:
        raise RuntimeError(f"statefolio challenge {' '.join(words)} ended with {done.returncode}")


challenge("init", "round")
rules = folder / "round" / "challenge.toml"
text = rules.read_text()
print(text[text.index("[limits]") : text.index("[schedule]")])

# %%
# Decide before anybody plays
# ---------------------------
# Once a round is open, rules and data are committed to and a change is refused. Give the round its name and fewer
# tries a day: feedback on hidden dates is what a team without skill exploits (:doc:`/evidence`).

text = text.replace('name = "Factor challenge"', 'name = "Desk challenge"').replace("per_day = 5", "per_day = 3")
rules.write_text(text)

# %%
# Check what will be hidden
# -------------------------

challenge("check", "round")

# %%
# The windows are long enough for a first round: two years for the board, and almost two more that give no feedback at
# all. Dates between the windows are left out, so that no model carries yesterday's public return into a hidden date.
#
# Open the round
# --------------
# The public part and a commitment are written. The commitment is a hash of rules and data: after the round anyone can
# verify that neither was changed. Benchmarks are entered, so no team has an empty board to beat.

challenge("open", "round")
print(*sorted(path.relative_to(folder).as_posix() for path in (folder / "round").rglob("*.*")), sep="\n")

# %%
# ``public/`` is for everybody. ``hidden/`` is for the scorers alone, so on a server they run as another user.
#
# Invite the teams
# ----------------
# Each code works once and is shown once. Codes are not printed on this page.

codes = subprocess.run(
    [sys.executable, "-m", "statefolio", "challenge", "invite", "Rates desk", "Quant lab", "--folder", "round"],
    cwd=folder,
    capture_output=True,
    text=True,
    timeout=300,
    check=True,
).stdout
print(*(line.split(":")[0] + ": invited" for line in codes.splitlines()), sep="\n")

# %%
# Serve and score
# ---------------
# Two commands run for the length of the round: ``statefolio challenge serve round`` has the pages and the API,
# ``statefolio challenge score round`` the scorers. What a team does then is in :doc:`t6_participant`. The state of the
# round needs neither of them:

challenge("status", "round")

# %%
# Can they trust the organiser?
# -----------------------------
# ``verify`` compares data with the commitment, reads the audit log, and scores submissions again. After ``close`` and
# ``reveal`` the teams can do the same with the files they then receive.

challenge("verify", "round")

# %%
# Decision
# --------
# Run the round. For a group of colleagues or a class one machine, SQLite and these commands are enough; try everything
# first with ``statefolio challenge tutorial``. For a public round read :doc:`/challenge`: two system users, a proxy
# with TLS and tested backups. Announce when the round closes, and that the final window decides, not the board.
