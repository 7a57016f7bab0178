"""A student: what a browser does, over HTTP and a websocket, through the proxy of the hub.

requests and websocket-client are there with JupyterLab, which needs both.
"""

import json
import queue
import threading
import uuid
from urllib.parse import urlencode

import requests
import websocket

PATIENCE = 180  # seconds for any one answer, while thirty servers start
WHO_HEARD = """
import ipywidgets.widgets.widget as _w
_stepper = _w._instances[{comm!r}]
_heard = []
_stepper.on_msg(lambda _, said, __: _heard.append([said["step"], said["told"]]))
print(len(_stepper.steps))
"""


class Student:
    """One student, with cookies, a server and, once a lesson is open, a kernel of their own."""

    def __init__(self, hub, name):
        self.url, self.name, self.password = hub.url, name, hub.password
        self.base = f"{hub.url}/user/{name}"
        self.browser = requests.Session()
        self.socket = self.stepper = None
        self.sent = []  # all moves: [step, number]

    # --- the hub ---------------------------------------------------------------------

    def log_in(self):
        """Fill in the form; return the status of the page that comes then."""
        self.browser.get(f"{self.url}/hub/login", timeout=PATIENCE).raise_for_status()
        form = {
            "username": self.name,
            "password": self.password,
            "_xsrf": self._xsrf("/hub/"),
        }
        # Not followed: the hub would start the server, which is to happen by the link.
        page = self.browser.post(
            f"{self.url}/hub/login", data=form, timeout=PATIENCE, allow_redirects=False
        )
        return page.status_code

    def follow(self, link):
        """Open a link of the hub to one's own server; the server is started where it must be."""
        self.browser.get(link, timeout=PATIENCE).raise_for_status()
        progress = f"{self.url}/hub/api/users/{self.name}/server/progress"
        for said in self._events(progress):
            if said.get("failed"):
                raise RuntimeError(f"{self.name}: no server: {said}")
            if said.get("ready"):
                break
        page = self.browser.get(link, timeout=PATIENCE)
        page.raise_for_status()
        assert page.url.startswith(f"{self.base}/"), page.url
        return page

    def fetch_course(self, repository, lesson):
        """Follow the link of nbgitpuller, and do what its page does then."""
        self.follow(course_link(self.url, repository, lesson))
        asked = urlencode({"repo": repository, "branch": "main", "targetpath": "course"})
        said = [*self._events(f"{self.base}/git-pull/api?{asked}")]
        if said[-1].get("phase") != "finished":
            raise RuntimeError(f"{self.name}: the course did not come: {said[-1]}")

    # --- the server --------------------------------------------------------------------

    def read(self, path):
        """Return a notebook."""
        answer = self.ask("GET", f"api/contents/{path}")
        return answer.json()["content"]

    def write(self, path, notebook):
        """Save a notebook."""
        model = {"type": "notebook", "format": "json", "content": notebook}
        self.ask("PUT", f"api/contents/{path}", model)

    def ask(self, method, path, content=None):
        """Ask the own server for something."""
        answer = self.browser.request(
            method,
            f"{self.base}/{path}",
            json=content,
            headers={"X-XSRFToken": self._xsrf(f"/user/{self.name}/")},
            timeout=PATIENCE,
        )
        answer.raise_for_status()
        return answer

    # --- the kernel --------------------------------------------------------------------

    def open_lesson(self, path):
        """Open a notebook and a kernel for it; return its cells of code."""
        notebook = self.read(path)
        model = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.kernel = self.ask("POST", "api/sessions", model).json()["kernel"]["id"]
        self.connect()
        return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]

    def connect(self):
        """Open the channels of the kernel."""
        url = f"{self.base}/api/kernels/{self.kernel}/channels"
        cookies = self.browser.prepare_request(requests.Request("GET", url)).headers["Cookie"]
        self.session = uuid.uuid4().hex
        self.socket = websocket.create_connection(
            f"ws{url.removeprefix('http')}?session_id={self.session}",
            cookie=cookies,
            origin=self.url,
            timeout=PATIENCE,
        )
        self.socket.settimeout(None)
        self.heard = queue.Queue()
        # A browser answers the pings of the server while its user thinks; so does this thread.
        threading.Thread(target=_listen, args=(self.socket, self.heard), daemon=True).start()

    def run_all(self, cells):
        """Run cells one after the other, as Run all does; note the first stepper."""
        for cell in cells:
            may_fail = "raises-exception" in cell["metadata"].get("tags", ())
            self.run("".join(cell["source"]), may_fail)
        if self.stepper is None:
            raise RuntimeError(f"{self.name}: no stepper has come")
        self.count = int(self.run(WHO_HEARD.format(comm=self.stepper)))

    def run(self, code, may_fail=False):
        """Run code; return the name of the error, or what it printed."""
        asked = self.send("shell", "execute_request", _request(code))
        printed, error = "", None
        for message in self.answers(asked, reply=True):
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "comm_open":
                self._look_for_a_stepper(content)
            elif kind == "stream":
                printed += content["text"]
            elif kind == "error":
                error = content["ename"]
                if not may_fail:
                    raise RuntimeError(f"{self.name}: {error}: {content['evalue']}")
        return error or printed

    def begin(self, code):
        """Ask for code to be run, and do not wait."""
        return self.send("shell", "execute_request", _request(code))

    def move(self):
        """Go one step on, at the last step back; return the moves that the kernel has answered.

        The browser tells the kernel of a move in a message of its own; see host.js.
        """
        number = len(self.sent) + 1
        step = _there_and_back(number, self.count)
        self.sent.append([step, number])
        move = {"do": "move", "step": step, "term": 0, "of": 0, "told": number, "by": self.name}
        data = {"method": "custom", "content": move}
        asked = self.send("shell", "comm_msg", {"comm_id": self.stepper, "data": data})
        said = {}
        for message in self.answers(asked):
            content = message["content"]
            if message["header"]["msg_type"] == "comm_msg" and content["comm_id"] == self.stepper:
                said |= content["data"].get("content", {})
        return [said.get("step"), said.get("heard")] == [step, number]

    def lost(self):
        """Return how many moves the kernel has not heard, or not in their order and place."""
        said = self.run("import json; print(json.dumps([_heard, _stepper.index]))")
        heard, index = json.loads(said)
        missing = sum(at not in heard for at in self.sent)
        in_order = heard == [at for at in self.sent if at in heard]
        in_place = not self.sent or index == self.sent[-1][0]
        return missing + (not in_order) + (not in_place)

    def interrupt(self):
        """Press the button that stops a cell."""
        self.ask("POST", f"api/kernels/{self.kernel}/interrupt")

    def send(self, channel, kind, content):
        """Send a message to the kernel; return its id."""
        number = uuid.uuid4().hex
        header = {"msg_id": number, "msg_type": kind, "username": "", "session": self.session}
        message = {
            "header": {**header, "version": "5.3", "date": ""},
            **{"parent_header": {}, "metadata": {}, "content": content, "channel": channel},
        }
        self.socket.send(json.dumps(message))
        return number

    def answers(self, asked, reply=False):
        """Yield what belongs to a message, until the kernel has nothing more to do for it."""
        waits_for = {"idle", "reply"} if reply else {"idle"}
        while waits_for:
            message = self.heard.get(timeout=PATIENCE)
            if isinstance(message, Exception):
                raise RuntimeError(f"{self.name}: the kernel is out of reach") from message
            if message["parent_header"].get("msg_id") != asked:
                continue
            yield message
            if message["content"].get("execution_state") == "idle":
                waits_for.discard("idle")
            if message["header"]["msg_type"] == "execute_reply":
                waits_for.discard("reply")

    # --- small helpers -----------------------------------------------------------------

    def _look_for_a_stepper(self, opened):
        state = opened["data"].get("state", {})
        if self.stepper is None and {"problem", "index", "term"} <= {*state}:
            self.stepper = opened["comm_id"]

    def _xsrf(self, path):
        cookies = [one for one in self.browser.cookies if one.name == "_xsrf"]
        return next((one.value for one in cookies if one.path == path), "")

    def _events(self, url):
        """Yield the events of a page that tells how far it is."""
        with self.browser.get(url, stream=True, timeout=PATIENCE) as page:
            page.raise_for_status()
            for line in page.iter_lines():
                if line.startswith(b"data:"):
                    yield json.loads(line[5:])


def course_link(hub, repository, lesson):
    """Return the link that hands out the course and opens a lesson."""
    asked = {"repo": repository, "branch": "main", "urlpath": f"lab/tree/{lesson}"}
    return f"{hub}/hub/user-redirect/git-pull?{urlencode(asked)}"


def _listen(socket, heard):
    try:
        while True:
            heard.put(json.loads(socket.recv()))
    except Exception as error:  # whatever it is, it is told to who waits for an answer
        heard.put(error)


def _request(code):
    return {"code": code, "silent": False, "store_history": True, "allow_stdin": False}


def _there_and_back(number, count):
    """Return where one is after so many steps: 0, 1, ..., count - 1, count - 2, ..., 0, 1, ..."""
    at = number % (2 * count - 2)
    return at if at < count else 2 * count - 2 - at
