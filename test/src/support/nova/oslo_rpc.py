"""Both ends of OpenStack's RPC, by oslo.messaging itself. Run as

    oslo_rpc.py client TRANSPORT_URL
    oslo_rpc.py server TRANSPORT_URL TOPIC SERVER

Prints a line "ready" first. The client reads lines of JSON, {"topic": ..., "server": ... or null,
"version": ..., "method": ..., "args": {...}, "timeout": seconds, "kind": "call", "cast" or "fanout"},
and answers each by a line of JSON: {"result": ...} or {"error": class, "message": ...}. The server
answers each line with the list of casts that it has had. Ends when standard input does.
"""

import json
import sys

from oslo_config import cfg
import oslo_messaging

EXCHANGE = "nova"


class InstanceNotReady(Exception):
    pass


class Endpoint:
    target = oslo_messaging.Target(version="2.1")

    def __init__(self):
        self.casts = []

    def echo(self, ctxt, **args):
        return args

    def who_asks(self, ctxt):
        return ctxt

    def note(self, ctxt, text):
        self.casts.append(text)

    def refuse(self, ctxt, message):
        raise InstanceNotReady(message)


def run_server(transport, topic, server):
    endpoint = Endpoint()
    target = oslo_messaging.Target(exchange=EXCHANGE, topic=topic, server=server)
    rpc_server = oslo_messaging.get_rpc_server(transport, target, [endpoint], executor="threading")
    rpc_server.start()
    print("ready", flush=True)
    for _ in sys.stdin:
        print(json.dumps(endpoint.casts), flush=True)
    rpc_server.stop()
    rpc_server.wait()


def ask(transport, request):
    target = oslo_messaging.Target(exchange=EXCHANGE, topic=request["topic"])
    client = oslo_messaging.RPCClient(transport, target, timeout=request["timeout"])
    fanout = request["kind"] == "fanout"
    prepared = client.prepare(
        server=request["server"],
        namespace=request["namespace"],
        version=request["version"],
        fanout=fanout,
    )
    send = prepared.call if request["kind"] == "call" else prepared.cast
    try:
        return {"result": send({}, request["method"], **request["args"])}
    except oslo_messaging.RemoteError as error:
        return {"error": error.exc_type, "message": error.value}
    except Exception as error:
        return {"error": type(error).__name__, "message": str(error)}


def run_client(transport):
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(ask(transport, json.loads(line))), flush=True)


def main():
    kind, url, *rest = sys.argv[1:]
    # Its metrics look at no other.
    conf = cfg.CONF
    conf([])
    transport = oslo_messaging.get_rpc_transport(conf, url=url)
    if kind == "server":
        run_server(transport, *rest)
    else:
        run_client(transport)


if __name__ == "__main__":
    main()
