"""One device run by slixmpp. Commands come as JSON lines on standard input; messages and answers go out as JSON lines."""

import asyncio
import json
import ssl
import sys
import xml.etree.ElementTree as ET

import slixmpp

IM_NG = "urn:xmpp:im-ng:0"


def tell(**fields):
    print(json.dumps(fields), flush=True)


class Device(slixmpp.ClientXMPP):
    def __init__(self, jid, password, mode, certificate):
        super().__init__(jid, password)
        self.mode = mode
        self.ca_certs = certificate  # checked: the server's own certificate is the trust anchor
        for plugin in ("xep_0030", "xep_0059", "xep_0280", "xep_0297", "xep_0313", "xep_0359"):
            self.register_plugin(plugin)
        self.joined = asyncio.get_event_loop().create_future()
        self.gone = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.start_session)
        self.add_event_handler("failed_all_auth", lambda _: self.joined.set_exception(RuntimeError("login failed")))
        self.add_event_handler("disconnected", lambda _: self.gone.done() or self.gone.set_result(True))
        self.add_filter("in", self.show)

    def show(self, stanza):
        if isinstance(stanza, slixmpp.Message):
            tell(message=str(stanza))
        return stanza

    async def start_session(self, _):
        try:
            if self.mode == "im-ng":
                iq = self.make_iq_set()
                iq.append(ET.Element("{%s}enable" % IM_NG))
                await iq.send(timeout=10)
            else:
                await self.plugin["xep_0280"].enable()
            self.send_presence()
            self.joined.set_result(True)
        except Exception as error:
            self.joined.set_exception(error)

    async def catch_up(self, after):
        rsm = {"max": "100"}
        if after is not None:
            rsm["after"] = after
        await self.plugin["xep_0313"].retrieve(rsm=rsm, timeout=10)


async def run(options):
    device = None
    reader = asyncio.StreamReader()
    await asyncio.get_event_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        try:
            if command["do"] == "join":
                device = Device(options["jid"], options["password"], options["mode"], options["certificate"])
                device.connect((options["host"], options["port"]))
                await asyncio.wait_for(device.joined, 15)
            elif command["do"] == "say":
                device.send_message(mto=command["to"], mbody=command["body"], mtype="chat")
            elif command["do"] == "catchUp":
                await device.catch_up(command["after"])
            elif command["do"] == "leave":
                device.disconnect()
                await asyncio.wait_for(device.gone, 15)
            tell(done=command["id"])
        except Exception as error:
            tell(done=command["id"], error=repr(error))


asyncio.get_event_loop().run_until_complete(run(json.loads(sys.argv[1])))
