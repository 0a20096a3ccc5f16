"""A small OpenStack cloud for fast tests: Identity, Compute, Image and Network on one port of loopback.

What Identity and Image answer was recorded from Keystone 30 and Glance 33 (the same tests run against those two in
``test_real_cloud``, marked ``long``). What Compute answers is held against exchanges recorded from Nova 34 (see
``test_recorded``): its own API, conductor and scheduler, but no hypervisor. What those do not contain follows the API
reference: floating addresses, a machine that fails after it has run, two made at once, and what tests put into
``refusals``. **No Network service was run**: its answers follow its documentation.
"""

import hashlib
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import parse_qs
from wsgiref import simple_server

from servers.clouds.openstack.access import Access

SECRET = "correct horse battery staple"
NOW = "2026-11-21T01:46:36Z"
NETWORK = "3cb9bc59-5699-4588-a4b1-b87f96708bc6"
SHARED = "9d1f40a9-5e92-4b9a-8a39-0f8a5d7a3f11"
EXTERNAL = "0c5c1a53-4b0c-49f6-9a2b-6a3a6f1b9f52"
# As Nova's own tests have them, by their ids: name, processors, MiB, GiB.
FLAVORS = {
    "1": ("m1.tiny", 1, 512, 1),
    "2": ("m1.small", 1, 2048, 20),
    "3": ("m1.medium", 2, 4096, 40),
    "4": ("m1.large", 4, 8192, 80),
    "5": ("m1.xlarge", 8, 16384, 160),
    "6": ("m1.tiny.specs", 1, 512, 1),
}
# What becomes of machines of these flavors: no host is large enough for one, and none can start the other.
FAULTS = {
    "3": "Exceeded maximum number of retries. "
    "Exhausted all hosts available for retrying build failures for instance {id}.",
    "4": "No valid host was found. ",
}
VM_STATES = {
    "BUILD": "building",
    "SHUTOFF": "stopped",
    "PAUSED": "paused",
    "SUSPENDED": "suspended",
    "SHELVED": "shelved",
    "SHELVED_OFFLOADED": "shelved_offloaded",
    "ERROR": "error",
}
# In which states of a machine something can be done with it; its status and task then, and its status afterwards.
ALLOWED = {
    "os-stop": {"active", "error"},
    "os-start": {"stopped"},
    "reboot": {"active"},
    "rebuild": {"active", "stopped", "error"},
    "createImage": {"active", "stopped", "paused", "suspended"},
    "pause": {"active"},
    "unpause": {"paused"},
    "suspend": {"active"},
    "resume": {"suspended"},
    "shelve": {"active", "stopped", "paused", "suspended"},
    "unshelve": {"shelved", "shelved_offloaded"},
}
ACTIONS = {
    "os-stop": ("", "powering-off", "SHUTOFF"),
    "os-start": ("", "powering-on", "ACTIVE"),
    "reboot": ("REBOOT", "rebooting", "ACTIVE"),
    "rebuild": ("REBUILD", "rebuilding", "ACTIVE"),
    "createImage": ("", "image_snapshot", ""),
    "pause": ("", "pausing", "PAUSED"),
    "unpause": ("", "unpausing", "ACTIVE"),
    "suspend": ("", "suspending", "SUSPENDED"),
    "resume": ("", "resuming", "ACTIVE"),
    "shelve": ("", "shelving", "SHELVED_OFFLOADED"),
    "unshelve": ("", "unshelving", "ACTIVE"),
}
Answer = tuple[int, Any]
Environ = dict[str, Any]
Net = dict[str, Any]


class Refused(Exception):
    """An answer that is an error.

    Attributes:
        kind: the key under which Compute puts what it says of an error.
    """

    def __init__(self, status: int, message: str, kind: str = "error") -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


def net(pk: str, name: str, *, shared: bool = False, external: bool = False, subnets: int = 1, **more: str) -> Net:
    """A network; of whoever asks for it, unless ``project_id`` says otherwise."""
    places = [str(uuid.uuid4()) for _ in range(subnets)]
    return {"id": pk, "name": name, "shared": shared, "router:external": external, "subnets": places, **more}


class StandIn:
    """The cloud, in memory.

    Attributes:
        servers, images, members: by their ids; members by image and project.
        asked: every request: method and path.
        refusals: by a pattern of "METHOD path": what is answered instead, as often as it is asked.
        moved: by a pattern of "METHOD path": where the answer leads on.
        before: by a pattern of "METHOD path": what happens before it is answered, once.
        output: what machines have printed.
        boots_to: the status of new machines.
        cores: the quota of each project, and of all together.
        slow: whether what is asked of machines is under way until ``settle``.
        nets: its networks.
    """

    def __init__(self) -> None:
        self.project, self.other_project = uuid.uuid4().hex, uuid.uuid4().hex
        self.servers: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {}
        self.members: dict[str, dict[str, str]] = {}
        self.files: dict[str, bytes] = {}
        self.used_ids: set[str] = set()
        self.asked: list[str] = []
        self.refusals: dict[str, Refused] = {}
        self.moved: dict[str, str] = {}
        self.before: dict[str, Callable[[], Any]] = {}
        self.output = "Stockroom says hello.\n"
        self.boots_to = "ACTIVE"
        self.cores = 20
        self.slow = False
        self._under_way: list[Callable[[], Any]] = []
        self.nets = [
            net(SHARED, "everybody", project_id="else", shared=True),
            net(EXTERNAL, "street", project_id="else", shared=True, external=True),
            net(str(uuid.uuid4()), "internet", external=True),
            net(str(uuid.uuid4()), "theirs", project_id="else"),
            net(str(uuid.uuid4()), "bare", subnets=0),
            net(NETWORK, "private"),
        ]
        self.url = ""
        self.catalogue: dict[str, str] = {}

    @property
    def access(self) -> Access:
        """The way into it."""
        return self.access_of(self.project)

    def access_of(self, project: str) -> Access:
        """The way into it, with the application credential of a project: here, its id is that of the project."""
        places = tuple(f"{self.url}/{name}" for name in ("compute", "image", "network"))
        return Access("Oslo", f"{self.url}/identity/v3", project, SECRET, "RegionOne", places)

    def __call__(self, environ: Environ, start: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request (PEP 3333)."""
        what = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}"
        self.asked.append(what)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        try:
            for pattern in [each for each in self.before if re.search(each, what)]:
                self.before.pop(pattern)()
            status, said, headers = self._answered(what, environ, body)
        except Refused as refused:
            status, headers = refused.status, []
            said = {refused.kind: {"code": refused.status, "message": str(refused)}}
        data = said if isinstance(said, bytes) else json.dumps(said).encode() if said is not None else b""
        kind = "application/octet-stream" if isinstance(said, bytes) else "application/json"
        start(f"{status} Said", [("Content-Type", kind), ("Content-Length", str(len(data))), *headers])
        return [data]

    def _answered(self, what: str, environ: Environ, body: bytes) -> tuple[int, Any, list[tuple[str, str]]]:
        for pattern, url in self.moved.items():
            if re.search(pattern, what):
                return 302, None, [("Location", url)]
        for pattern, refused in self.refusals.items():
            if re.search(pattern, what):
                raise refused
        said = json.loads(body) if body and "json" in environ.get("CONTENT_TYPE", "") else body
        query = {name: values[-1] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
        for pattern, name in ROUTES:
            if found := re.fullmatch(pattern, what):
                asker = environ.get("HTTP_X_AUTH_TOKEN", "")
                status, answer = getattr(self, name)(*found.groups(), said=said, query=query, asker=asker)
                headers = [("X-Subject-Token", answer["token"]["project"]["id"])] if name == "sign_in" else []
                return status, answer, headers
        raise Refused(404, f"{what} is not known here.")

    # --- Identity -------------------------------------------------------------------------------------

    def identity(self, **_: Any) -> Answer:
        links = [{"rel": "self", "href": f"{self.url}/identity/v3/"}]
        return 200, {"version": {"id": "v3.14", "status": "stable", "links": links}}

    def sign_in(self, *, said: Any, **_: Any) -> Answer:
        credential = said["auth"]["identity"]["application_credential"]
        if credential["secret"] != SECRET:
            raise Refused(401, "The request you have made requires authentication.")
        urls = {kind: f"{self.url}/{kind}" for kind in ("compute", "image", "network")}
        urls["compute"] += "/v2.1"
        catalogue = [
            {
                "type": kind,
                "name": kind,
                "endpoints": [{"interface": "public", "region_id": "RegionOne", "region": "RegionOne", "url": url}],
            }
            for kind, url in (urls | self.catalogue).items()
        ]
        project = {"id": credential["id"], "name": "producer", "domain": {"id": "default", "name": "Default"}}
        token = {
            "methods": ["application_credential"],
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "issued_at": "2026-11-21T01:46:35.000000Z",
            "project": project,
            "user": {"id": "u", "name": "producer", "domain": project["domain"]},
            "roles": [],
            "catalog": catalogue,
        }
        return 201, {"token": token}

    # --- Compute --------------------------------------------------------------------------------------

    def compute(self, **_: Any) -> Answer:
        links = [{"rel": "self", "href": f"{self.url}/compute/v2.1/"}]
        version = {"id": "v2.1", "status": "CURRENT", "version": "2.104", "min_version": "2.1", "links": links}
        return 200, {"version": version}

    def flavors(self, **_: Any) -> Answer:
        found = [
            {"id": code, "name": name, "vcpus": vcpus, "ram": ram, "disk": disk, "OS-FLV-DISABLED:disabled": False}
            for code, (name, vcpus, ram, disk) in FLAVORS.items()
        ]
        return 200, {"flavors": found}

    def list_servers(self, *, query: dict[str, str], **_: Any) -> Answer:
        found = [each for each in self.servers.values() if query.get("tags", "") in ("", *each["tags"])]
        return 200, {"servers": [_shown(each) for each in found]}

    def create_server(self, *, said: Any, asker: str, **_: Any) -> Answer:
        wanted = said["server"]
        self._check(wanted, asker)
        pk = str(uuid.uuid4())
        self.servers[pk] = {
            "id": pk,
            "name": wanted["name"],
            "status": "BUILD",
            "OS-EXT-STS:task_state": "scheduling",
            "OS-SRV-USG:launched_at": None,
            "created": f"2026-11-21T01:46:{len(self.servers):02}Z",
            "metadata": wanted["metadata"],
            "tags": wanted["tags"],
            "image": {"id": wanted["imageRef"]},
            "addresses": {},
            "asked": wanted,
        }
        self._later(lambda: self._boot(self.servers[pk]))
        return 202, {"server": {"id": pk, "links": [], "adminPass": "not-kept"}}

    def show_server(self, pk: str, **_: Any) -> Answer:
        return 200, {"server": _shown(self._server(pk))}

    def delete_server(self, pk: str, **_: Any) -> Answer:
        server = self._server(pk)
        _check_lock(server)
        server["OS-EXT-STS:task_state"] = "deleting"
        self._later(lambda: self.servers.pop(pk, None))
        return 204, None

    def act(self, pk: str, *, said: Any, asker: str, **_: Any) -> Answer:
        server = self._server(pk)
        [(action, detail)] = said.items()
        if action == "os-getConsoleOutput":
            if server["OS-SRV-USG:launched_at"] is None:
                raise Refused(409, f"Instance {pk} is not ready", "conflictingRequest")
            return 200, {"output": self.output}
        if action in ("lock", "unlock"):
            server["locked"] = action == "lock"
            return 202, None
        _check_lock(server)
        _check_state(server, action, detail)
        status, task, becomes = ACTIONS[action]
        server |= {"status": status or server["status"], "OS-EXT-STS:task_state": task}
        if action == "rebuild":
            server |= {"metadata": detail["metadata"], "image": {"id": detail["imageRef"]}}
        answer = (202, {"server": _shown(server)}) if action == "rebuild" else (202, None)
        if action == "createImage":
            data = b"QFI\xfb of " + pk.encode()
            facts = {"disk_format": "qcow2", **detail.get("metadata", {})}
            answer = 202, {"image_id": self._image(detail["name"], facts, data, owner=asker)["id"]}
        self._later(lambda: server.update({"status": becomes or server["status"], "OS-EXT-STS:task_state": None}))
        return answer

    def settle(self) -> None:
        """Have everything come to its end that is under way."""
        while self._under_way:
            self._under_way.pop(0)()

    def _later(self, done: Callable[[], Any]) -> None:
        self._under_way.append(done)
        if not self.slow:
            self.settle()

    def _boot(self, server: dict[str, Any]) -> None:
        flavor, networked = server["asked"]["flavorRef"], server["asked"]["networks"] != "none"
        server |= {"status": self.boots_to, "OS-EXT-STS:task_state": None}
        if flavor in FAULTS:
            fault = {"code": 500, "message": FAULTS[flavor].format(id=server["id"]), "created": NOW}
            server |= {"status": "ERROR", "fault": fault}
        elif server["status"] != "ERROR":
            server["OS-SRV-USG:launched_at"] = "2026-11-21T01:46:59.000000"
            address = {"addr": "10.0.0.7", "version": 4, "OS-EXT-IPS:type": "fixed"}
            server["addresses"] = {"private": [address]} if networked else {}

    def _check(self, wanted: dict[str, Any], asker: str) -> None:
        """Whether there can be such a machine, in the words of Nova."""
        image, flavor = wanted["imageRef"], wanted["flavorRef"]
        if not re.fullmatch(ONE[1:], image):
            said = f"Invalid input for field/attribute imageRef. Value: {image}. '{image}' is not valid under any of "
            raise Refused(400, f"{said}the given schemas", "badRequest")
        if image not in self.images or not self._sees(asker, self.images[image]):
            raise Refused(400, "Can not find requested image", "badRequest")
        if flavor not in FLAVORS:
            raise Refused(400, f"Flavor {flavor} could not be found.", "badRequest")
        _name, cores, _ram, disk = FLAVORS[flavor]
        if disk < (least := self.images[image].get("min_disk", 0)):
            said = "Flavor's disk is smaller than the minimum size specified in image metadata. "
            sizes = f"Flavor disk is {disk * 1024**3} bytes, minimum size is {least * 1024**3} bytes."
            raise Refused(400, said + sizes, "badRequest")
        used = sum(FLAVORS[each["asked"]["flavorRef"]][1] for each in self.servers.values())
        if used + cores > self.cores:
            said = f"Quota exceeded for cores: Requested {cores}, but already used {used} of {self.cores} cores"
            raise Refused(403, said, "forbidden")

    def _server(self, pk: str) -> dict[str, Any]:
        if pk not in self.servers:
            raise Refused(404, f"Instance {pk} could not be found.", "itemNotFound")
        return self.servers[pk]

    # --- Image ----------------------------------------------------------------------------------------

    def image_versions(self, **_: Any) -> Answer:
        links = [{"rel": "self", "href": f"{self.url}/image/v2/"}]
        return 300, {"versions": [{"id": "v2.17", "status": "CURRENT", "links": links}]}

    def list_images(self, *, query: dict[str, str], asker: str, **_: Any) -> Answer:
        found = [
            each
            for each in self.images.values()
            if self._sees(asker, each)
            and query.get("tag", "") in ("", *each["tags"])
            and query.get("owner", each["owner"]) == each["owner"]
            and query.get("name", each["name"]) == each["name"]
        ]
        return 200, {"images": found, "first": "/v2/images", "schema": "/v2/schemas/images"}

    def create_image(self, *, said: Any, asker: str, **_: Any) -> Answer:
        if said["id"] in self.used_ids:
            raise Refused(409, f"Image ID {said['id']} already exists!")
        return 201, self._image(said["name"], said, None, owner=asker)

    def show_image(self, pk: str, *, asker: str, **_: Any) -> Answer:
        if pk not in self.images or not self._sees(asker, self.images[pk]):
            raise Refused(404, f"No image found with ID {pk}")
        return 200, self.images[pk]

    def patch_image(self, pk: str, *, said: Any, asker: str, **_: Any) -> Answer:
        image = self._own(pk, asker)
        patch = json.loads(said) if isinstance(said, bytes) else said
        image |= {each["path"][1:]: each["value"] for each in patch}
        return 200, image

    def delete_image(self, pk: str, *, asker: str, **_: Any) -> Answer:
        self._own(pk, asker)
        del self.images[pk]
        return 204, None

    def take_file(self, pk: str, *, said: bytes, asker: str, **_: Any) -> Answer:
        self._fill(self._own(pk, asker), said)
        return 204, None

    def give_file(self, pk: str, *, asker: str, **_: Any) -> Answer:
        self.show_image(pk, asker=asker)
        return 200, self.files[pk]

    def list_members(self, pk: str, *, asker: str, **_: Any) -> Answer:
        self.show_image(pk, asker=asker)
        found = [{"member_id": each, "status": status} for each, status in self.members.get(pk, {}).items()]
        return 200, {"members": found, "schema": "/v2/schemas/members"}

    def add_member(self, pk: str, *, said: Any, asker: str, **_: Any) -> Answer:
        if self._own(pk, asker)["visibility"] != "shared":
            raise Refused(403, f"Not allowed to create members for image {pk}.")
        if said["member"] in self.members.setdefault(pk, {}):
            raise Refused(409, f"Duplicate member {said['member']}")
        self.members[pk][said["member"]] = "pending"
        return 200, {"member_id": said["member"], "status": "pending"}

    def set_member(self, pk: str, member: str, *, said: Any, asker: str, **_: Any) -> Answer:
        if member != asker or member not in self.members.get(pk, {}):
            raise Refused(404, f"Image {pk} not found.")
        self.members[pk][member] = said["status"]
        return 200, {"member_id": member, "status": said["status"]}

    def remove_member(self, pk: str, member: str, *, asker: str, **_: Any) -> Answer:
        self._own(pk, asker)
        if member not in self.members.get(pk, {}):
            raise Refused(404, f"{member} not found in the member list of the image {pk}.")
        del self.members[pk][member]
        return 204, None

    def _sees(self, asker: str, image: dict[str, Any]) -> bool:
        return image["owner"] == asker or asker in self.members.get(image["id"], {})

    def _own(self, pk: str, asker: str) -> dict[str, Any]:
        image: dict[str, Any] = self.show_image(pk, asker=asker)[1]
        if image["owner"] != asker:
            raise Refused(403, "You are not authorized to complete that action.")
        return image

    def _image(self, name: str, said: dict[str, Any], data: bytes | None, *, owner: str) -> dict[str, Any]:
        pk = said.get("id") or str(uuid.uuid4())
        self.used_ids.add(pk)
        self.images[pk] = {
            "status": "queued",
            "visibility": "private",
            "size": None,
            "checksum": None,
            "os_hash_algo": None,
            "os_hash_value": None,
            "container_format": "bare",
            "tags": [],
            **said,
            "name": name,
            "id": pk,
            "owner": owner,
        }
        if data is not None:
            self._fill(self.images[pk], data)
        return self.images[pk]

    def _fill(self, image: dict[str, Any], data: bytes) -> None:
        md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
        sha512 = hashlib.sha512(data).hexdigest()
        self.files[image["id"]] = data
        image |= {
            "status": "active",
            "size": len(data),
            "checksum": md5,
            "os_hash_algo": "sha512",
            "os_hash_value": sha512,
        }

    # --- Network --------------------------------------------------------------------------------------

    def network_versions(self, **_: Any) -> Answer:
        links = [{"rel": "self", "href": f"{self.url}/network/v2.0/"}]
        return 200, {"versions": [{"id": "v2.0", "status": "CURRENT", "links": links}]}

    def networks(self, *, asker: str, **_: Any) -> Answer:
        return 200, {"networks": [{"project_id": asker, **each} for each in self.nets]}

    def subnets(self, **_: Any) -> Answer:
        places = [(each["id"], pk) for each in self.nets for pk in each["subnets"]]
        found = [
            {"id": pk, "network_id": network, "cidr": f"10.0.{number}.0/24", "ip_version": 4}
            for number, (network, pk) in enumerate(places)
        ]
        return 200, {"subnets": found}


def _shown(server: dict[str, Any]) -> dict[str, Any]:
    """A machine without what only tests look at."""
    shown = {key: value for key, value in server.items() if key != "asked"}
    return shown | {"OS-EXT-STS:vm_state": VM_STATES.get(server["status"], "active")}


def _check_lock(server: dict[str, Any]) -> None:
    if server.get("locked"):
        raise Refused(409, f"Instance {server['id']} is locked", "conflictingRequest")


def _check_state(server: dict[str, Any], action: str, detail: Any) -> None:
    """Whether this can be done with a machine now, in the words of Nova."""
    state, task = VM_STATES.get(server["status"], "active"), server["OS-EXT-STS:task_state"]
    allowed = {"error", *ALLOWED[action]} if detail == {"type": "HARD"} else ALLOWED[action]
    if state not in allowed:
        now = f"vm_state {state}"
    elif task is not None:
        now = f"task_state {task}"
    else:
        return
    said = f"Cannot '{action.removeprefix('os-')}' instance {server['id']} while it is in {now}"
    raise Refused(409, said, "conflictingRequest")


ONE = r"/([0-9a-f-]{36})"
ROUTES = [
    (r"GET /identity/v3/?", "identity"),
    (r"POST /identity/v3/auth/tokens", "sign_in"),
    (r"GET /compute/v2\.1/?", "compute"),
    (r"GET /compute/v2\.1/flavors(?:/detail)?", "flavors"),
    (r"GET /compute/v2\.1/servers/detail", "list_servers"),
    (r"POST /compute/v2\.1/servers", "create_server"),
    (rf"GET /compute/v2\.1/servers{ONE}", "show_server"),
    (rf"DELETE /compute/v2\.1/servers{ONE}", "delete_server"),
    (rf"POST /compute/v2\.1/servers{ONE}/action", "act"),
    (r"GET /image/?", "image_versions"),
    (r"GET /image/v2/images", "list_images"),
    (r"POST /image/v2/images", "create_image"),
    (rf"GET /image/v2/images{ONE}", "show_image"),
    (rf"PATCH /image/v2/images{ONE}", "patch_image"),
    (rf"DELETE /image/v2/images{ONE}", "delete_image"),
    (rf"PUT /image/v2/images{ONE}/file", "take_file"),
    (rf"GET /image/v2/images{ONE}/file", "give_file"),
    (rf"GET /image/v2/images{ONE}/members", "list_members"),
    (rf"POST /image/v2/images{ONE}/members", "add_member"),
    (rf"PUT /image/v2/images{ONE}/members/(\w+)", "set_member"),
    (rf"DELETE /image/v2/images{ONE}/members/(\w+)", "remove_member"),
    (r"GET /network/?", "network_versions"),
    (r"GET /network/v2\.0/networks", "networks"),
    (r"GET /network/v2\.0/subnets", "subnets"),
]


class Server(ThreadingMixIn, simple_server.WSGIServer):
    """Answers several requests at once."""

    daemon_threads = True


class Handler(simple_server.WSGIRequestHandler):
    """Says nothing of what was asked."""

    def log_message(self, *args: object) -> None: ...


@contextmanager
def serving(cloud: StandIn) -> Iterator[StandIn]:
    """Have the cloud answer on loopback."""
    with simple_server.make_server("127.0.0.1", 0, cloud, Server, Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        cloud.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield cloud
        finally:
            server.shutdown()
            thread.join()
