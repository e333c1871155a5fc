"""slixmpp sends a file (XEP-0363), and a component of it is the app server of a phone that is away (XEP-0357)."""

import asyncio
import io
import json
import sys
import urllib.request
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.componentxmpp import ComponentXMPP
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

OPTIONS = json.loads(sys.argv[1])
PUSH = "urn:xmpp:push:0"
UPLOAD = "urn:xmpp:http:upload:0"
PUBSUB = "http://jabber.org/protocol/pubsub"
DATA = "jabber:x:data"


def tell(**fields):
    print(json.dumps(fields), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid):
        super().__init__(jid, OPTIONS["password"])
        self.ca_certs = OPTIONS["certificate"]
        self.register_plugin("xep_0363")
        self.joined = asyncio.get_event_loop().create_future()
        self.gone = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.start_session)
        self.add_event_handler("disconnected", lambda _: self.gone.done() or self.gone.set_result(True))

    async def start_session(self, _):
        self.send_presence()
        self.joined.set_result(True)

    async def join(self):
        self.connect(("127.0.0.1", OPTIONS["port"]))
        await asyncio.wait_for(self.joined, 15)
        return self


class AppServer(ComponentXMPP):
    def __init__(self):
        component = OPTIONS["component"]
        super().__init__(component["domain"], component["secret"], "127.0.0.1", component["port"])
        self.joined = asyncio.get_event_loop().create_future()
        self.told = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", lambda _: self.joined.set_result(True))
        self.register_handler(
            Callback("publish", MatchXPath("{%s}iq/{%s}pubsub" % (self.default_ns, PUBSUB)), self.take)
        )

    def take(self, iq):
        iq.reply().send()
        if not self.told.done():
            self.told.set_result(iq.xml)


async def find_upload_service(client):
    """What the plugin does itself where Python is older than 3.11: there it hands coroutines to asyncio.wait."""
    items = await client["xep_0030"].get_items(jid=client.boundjid.domain, timeout=10)
    for jid, _, _ in items["disco_items"]["items"]:
        try:
            info = await client["xep_0030"].get_info(jid=jid, timeout=10)
        except IqError:
            continue  # the app server of this test, which tells nothing of itself
        if UPLOAD in info["disco_info"]["features"]:
            return jid


async def send_file(client):
    """With the plugin; the file comes down as it went up."""
    content = "très cool".encode()
    service = await find_upload_service(client)
    client["xep_0363"].upload_service = service
    url = await client["xep_0363"].upload_file(
        "très cool.txt", input_file=io.BytesIO(content), content_type="text/plain", timeout=10
    )
    loop = asyncio.get_event_loop()
    got = await loop.run_in_executor(None, lambda: urllib.request.urlopen(url).read())
    tell(saw="file", service=str(service), content=got.decode())


def enable():
    request = ET.Element("{%s}enable" % PUSH, jid=OPTIONS["component"]["domain"], node="token")
    form = ET.SubElement(request, "{%s}x" % DATA, type="submit")
    for name, value in (("FORM_TYPE", PUBSUB + "#publish-options"), ("secret", "eruio234")):
        field = ET.SubElement(form, "{%s}field" % DATA, var=name)
        ET.SubElement(field, "{%s}value" % DATA).text = value
    return request


def values(form):
    return {field.get("var"): field[0].text for field in form if field.tag.endswith("field")}


async def run():
    app = AppServer()
    app.connect()
    await asyncio.wait_for(app.joined, 15)
    alice = await Client(OPTIONS["alice"] + "/desk").join()
    await send_file(alice)
    phone = await Client(OPTIONS["bob"] + "/phone").join()
    iq = phone.make_iq_set()
    iq.append(enable())
    await iq.send(timeout=10)
    phone.disconnect()
    await asyncio.wait_for(phone.gone, 15)
    alice.send_message(mto=OPTIONS["bob"], mbody="Wherefore art thou?", mtype="chat")
    told = await asyncio.wait_for(app.told, 15)
    publish = told.find(".//{%s}publish" % PUBSUB)
    summary = told.find(".//{%s}notification/{%s}x" % (PUSH, DATA))
    options = told.find(".//{%s}publish-options/{%s}x" % (PUBSUB, DATA))
    tell(saw="notification", node=publish.get("node"), summary=values(summary), secret=values(options)["secret"])
    alice.disconnect()
    await asyncio.wait_for(alice.gone, 15)


asyncio.get_event_loop().run_until_complete(run())
