"""The hub of the tests in this folder; CLASSROOM.md says what another one needs.

Everything listens at 127.0.0.1. The folder, the ports and the password come from the environment,
so that a hub that is started again finds what the first one left.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (JupyterHub gives it to its configuration files)

FOLDER = Path(os.environ["CLASSROOM_FOLDER"])
HERE = "127.0.0.1"

c.JupyterHub.bind_url = f"http://{HERE}:{os.environ['CLASSROOM_PORT']}"
c.JupyterHub.hub_ip = HERE
c.JupyterHub.hub_port = int(os.environ["CLASSROOM_HUB_PORT"])
c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "cookie_secret")

# A hub that stops, or is stopped, leaves the servers of the students alone, and the proxy too:
# a step goes from the proxy to the server, and never through the hub.
c.JupyterHub.cleanup_servers = False
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = f"http://{HERE}:{os.environ['CLASSROOM_PROXY_PORT']}"

# One password for all is good enough for a test at 127.0.0.1, and for nothing else.
c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = os.environ["CLASSROOM_PASSWORD"]
c.Authenticator.allow_all = True

# Each student has a server and a folder, all under the account that runs the test. Each process
# of a student may have so much address space: what asks for more gets a MemoryError.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(FOLDER / "homes" / "{username}")
c.Spawner.cmd = [
    *("timeout", os.environ["CLASSROOM_MOST_SECONDS"]),
    *("prlimit", f"--as={os.environ['CLASSROOM_MOST_BYTES']}"),
    *(sys.executable, "-m", "jupyterhub.singleuser"),
]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # thirty at once on a small machine
c.Spawner.environment = {
    **{name: value for name, value in os.environ.items() if name.startswith("OPENBLAS_")},
    "OPENBLAS_NUM_THREADS": "1",  # else each kernel has a thread for each core
}
