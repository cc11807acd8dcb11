"""The parts of a nova that a console needs beside nova-novncproxy, made of nova's own code.

Mints tokens as nova-compute does when a user asks for a console, and answers the question that
nova-novncproxy asks over the message queue before it believes one: does this port still belong to
this instance? Run as

    nova_compute.py NOVA_CONF

Prints a line "ready" when it answers. Each line of JSON on standard input is answered by one line:

{"host": ..., "port": ..., "console_type": ..., "access_url_base": ..., "internal_access_path": ...,
"ttl": seconds} authorizes one console: its token.

{"answer": true, false or null} makes that the answer for every port, {"answer": "error"} an
exception, {"answer": "nothing"} none at all, and {"answer": "ports"} the truth again: "done".

{"delete_instance": token} deletes the token's instance as nova does, which takes its tokens along;
{"delete_row": token} marks the row as deleted, and leaves the tokens: "done".

{"lose_port": token} takes the instance's port away from it: "done".

{"compute_node": name, "my_ip": address} enters a compute host, for nova's API to list: "done".

{"map": token} has nova's API find the token's instance: "done".

{"move": token, "to": name} has the token's instance be on another host, as a resize does (null: on none);
the token stays: "done".

{"service_version": number} enters a nova-compute of that version in the services table: "done".

Ends when standard input does.
"""

import json
import sys
import threading

from nova import config
from nova import context
from nova.db.main import api as db
from nova.db.main import models
from nova.network import model as network_model
from nova import objects
from nova import rpc
from nova.objects import base as objects_base
import oslo_messaging
from oslo_utils import uuidutils

COMPUTE_HOST = "compute1"
# Of nova.compute.rpcapi: what validate_console_port is called with, and older versions of it.
RPC_VERSION = "6.0"
# What nova's API shows of an instance, it must have.
FLAVOR = {
    "id": 1,
    "flavorid": "1",
    "name": "tiny",
    "memory_mb": 64,
    "vcpus": 1,
    "root_gb": 1,
    "ephemeral_gb": 0,
    "swap": 0,
    "rxtx_factor": 1.0,
    "vcpu_weight": 0,
    "disabled": False,
    "is_public": True,
    "extra_specs": {},
    "description": None,
}


class ConsolePorts:
    """Answers for the ports that were authorized, by instance and console type, unless told otherwise."""

    target = oslo_messaging.Target(version=RPC_VERSION)

    def __init__(self):
        self._ports = set()
        self.answer = "ports"

    def add(self, instance_uuid, port, console_type):
        self._ports.add((instance_uuid, str(port), console_type))

    def remove(self, instance_uuid):
        self._ports = {port for port in self._ports if port[0] != instance_uuid}

    def validate_console_port(self, ctxt, instance, port, console_type):
        if self.answer == "nothing":
            threading.Event().wait()
        if self.answer == "error":
            raise RuntimeError("as a test wishes")
        if self.answer != "ports":
            return self.answer
        return (instance.uuid, str(port), console_type) in self._ports


def create_instance(ctxt):
    instance = objects.Instance(
        ctxt,
        uuid=uuidutils.generate_uuid(),
        user_id="user",
        project_id="project",
        host=COMPUTE_HOST,
        node=COMPUTE_HOST,
        memory_mb=64,
        vcpus=1,
        root_gb=1,
        ephemeral_gb=0,
        display_name="an instance",
        vm_state="active",
        power_state=1,
        flavor=objects.Flavor(ctxt, **FLAVOR),
        old_flavor=None,
        new_flavor=None,
    )
    instance.create()
    return instance


def authorize(ctxt, ports, request):
    instance = create_instance(ctxt)
    console_type = request["console_type"]
    ports.add(instance.uuid, request["port"], console_type)
    console = objects.ConsoleAuthToken(
        context=ctxt,
        console_type=console_type,
        host=request["host"],
        port=request["port"],
        internal_access_path=request["internal_access_path"],
        instance_uuid=instance.uuid,
        access_url_base=request["access_url_base"],
    )
    return console.authorize(request["ttl"])


def delete_instance(ctxt, ports, token):
    uuid = objects.ConsoleAuthToken.validate(ctxt, token).instance_uuid
    objects.Instance.get_by_uuid(ctxt, uuid).destroy()
    ports.remove(uuid)


@db.pick_context_manager_writer
def mark_deleted(ctxt, uuid):
    ctxt.session.query(models.Instance).filter_by(uuid=uuid).soft_delete()


def delete_row(ctxt, token):
    mark_deleted(ctxt, objects.ConsoleAuthToken.validate(ctxt, token).instance_uuid)


def lose_port(ctxt, ports, token):
    ports.remove(objects.ConsoleAuthToken.validate(ctxt, token).instance_uuid)


def enter_service(ctxt, version):
    service = {
        "host": COMPUTE_HOST,
        "binary": "nova-compute",
        "topic": "compute",
        "report_count": 0,
        "version": version,
        "uuid": uuidutils.generate_uuid(),
    }
    db.service_create(ctxt, service)


def enter_compute_node(ctxt, name, my_ip):
    service = objects.Service(ctxt, host=name, binary="nova-compute", topic="compute", report_count=1)
    service.create()
    node = objects.ComputeNode(
        ctxt,
        uuid=uuidutils.generate_uuid(),
        host=name,
        hypervisor_hostname=name,
        host_ip=my_ip,
        hypervisor_type="QEMU",
        hypervisor_version=1,
        cpu_info="{}",
        vcpus=1,
        memory_mb=1,
        local_gb=1,
        vcpus_used=0,
        memory_mb_used=0,
        local_gb_used=0,
        mapped=1,
    )
    node.create()
    cell = objects.CellMappingList.get_all(ctxt)[-1]
    objects.HostMapping(ctxt, host=name, cell_mapping=cell).create()


def map_instance(ctxt, token):
    instance = objects.Instance.get_by_uuid(
        ctxt, objects.ConsoleAuthToken.validate(ctxt, token).instance_uuid
    )
    cache = objects.InstanceInfoCache.get_by_instance_uuid(ctxt, instance.uuid)
    cache.network_info = network_model.NetworkInfo()
    cache.save()
    cell = objects.CellMappingList.get_all(ctxt)[-1]
    objects.InstanceMapping(
        ctxt, instance_uuid=instance.uuid, project_id=instance.project_id, cell_mapping=cell
    ).create()


def move(ctxt, token, name):
    instance = objects.Instance.get_by_uuid(
        ctxt, objects.ConsoleAuthToken.validate(ctxt, token).instance_uuid
    )
    instance.host = instance.node = name
    instance.save()


def obey(ctxt, ports, request):
    if "answer" in request:
        ports.answer = request["answer"]
    elif "delete_instance" in request:
        delete_instance(ctxt, ports, request["delete_instance"])
    elif "lose_port" in request:
        lose_port(ctxt, ports, request["lose_port"])
    elif "service_version" in request:
        enter_service(ctxt, request["service_version"])
    elif "compute_node" in request:
        enter_compute_node(ctxt, request["compute_node"], request["my_ip"])
    elif "map" in request:
        map_instance(ctxt, request["map"])
    elif "move" in request:
        move(ctxt, request["move"], request["to"])
    elif "delete_row" in request:
        delete_row(ctxt, request["delete_row"])
    else:
        return authorize(ctxt, ports, request)
    return "done"


def main():
    config.parse_args(["nova-compute", "--config-file", sys.argv[1]])
    objects.register_all()
    ctxt = context.get_admin_context()
    ports = ConsolePorts()
    target = oslo_messaging.Target(topic="compute", server=COMPUTE_HOST)
    serializer = rpc.RequestContextSerializer(objects_base.NovaObjectSerializer())
    # Not rpc.get_server(): its green threads would stand still while standard input is read.
    server = oslo_messaging.get_rpc_server(
        rpc.TRANSPORT, target, [ports], executor="threading", serializer=serializer
    )
    server.start()
    print("ready", flush=True)
    for line in sys.stdin:
        print(obey(ctxt, ports, json.loads(line)), flush=True)
    server.stop()
    server.wait()


if __name__ == "__main__":
    main()
