"""Two people with slixmpp: avatars, bookmarks and an OMEMO device list. Prints a JSON line for each thing that was seen; ends with status 0."""

import asyncio
import hashlib
import json
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.plugins.xep_0048.stanza import Bookmarks

BOOKMARKS = "urn:xmpp:bookmarks:1"
DEVICES = "eu.siacs.conversations.axolotl.devicelist"
METADATA = "urn:xmpp:avatar:metadata"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"a picture of alice"
HASH = hashlib.sha1(PICTURE).hexdigest()
OTHER_PICTURE = PICTURE + b" and of bob"
OTHER_HASH = hashlib.sha1(OTHER_PICTURE).hexdigest()
PATIENCE = 20


def tell(what, **fields):
    print(json.dumps({"saw": what, **fields}), flush=True)


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, options, interests):
        super().__init__(jid, options["password"])
        self.ca_certs = options["certificate"]
        self.auto_authorize = True
        self.auto_subscribe = True
        self.interests = interests
        self.seen = []
        self.news = asyncio.Event()
        for plugin in ("xep_0030", "xep_0115", "xep_0060", "xep_0163", "xep_0084", "xep_0054", "xep_0153", "xep_0049", "xep_0223"):
            self.register_plugin(plugin)
        self.register_plugin("xep_0048", {"auto_join": False, "storage_method": "xep_0049"})
        self.ready = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.start)
        self.add_event_handler("failed_all_auth", lambda _: self.ready.set_exception(RuntimeError("login failed")))
        self.add_event_handler("pubsub_publish", self.published)
        self.add_event_handler("vcard_avatar_update", self.avatar_updated)
        self.connect((options["host"], options["port"]))

    async def start(self, _):
        for node in self.interests:
            added = self["xep_0163"].add_interest(node)
            if added is not None:
                await added
        await self["xep_0115"].update_caps()
        await self.get_roster()
        self.send_presence()
        self.ready.set_result(True)

    def published(self, message):
        items = message["pubsub_event"]["items"]
        # Not by iterating over the stanza: slixmpp is doing that already, and would begin anew.
        ids = [item.get("id") for item in items.xml]
        self.note("event", str(message["from"]), items["node"], ids)

    def avatar_updated(self, presence):
        photo = presence["vcard_temp_update"]["photo"]
        self.note("photo", str(presence["from"].bare), photo, [])

    def note(self, *what):
        self.seen.append(what)
        self.news.set()

    async def wait_for(self, kind, sender, what, item=None):
        """Takes it out of what was seen: what comes first of two things that are told does not matter."""

        def find():
            for seen in self.seen:
                if seen[:3] == (kind, sender, what) and (item is None or item in seen[3]):
                    return seen

        async def search():
            while (found := find()) is None:
                self.news.clear()
                await self.news.wait()
            self.seen.remove(found)

        await asyncio.wait_for(search(), PATIENCE)


async def avatars(alice, bob):
    await alice["xep_0084"].publish_avatar(PICTURE)
    await alice["xep_0084"].publish_avatar_metadata({"id": HASH, "type": "image/png", "bytes": len(PICTURE)})
    await bob.wait_for("event", alice.boundjid.bare, METADATA, HASH)
    found = await bob["xep_0084"].retrieve_avatar(alice.boundjid.bare, HASH)
    picture = found["pubsub"]["items"]["item"]["avatar_data"]["value"]
    vcard = await bob["xep_0054"].get_vcard(alice.boundjid.bare, cached=False)
    photo = vcard["vcard_temp"]["PHOTO"]["BINVAL"]
    tell("avatar", published=picture == PICTURE, vcard=photo == PICTURE)
    # Its presence may have said that it has no picture (XEP-0153 §4.1), which the server respects (XEP-0398 §4).
    await alice["xep_0153"].api["reset_hash"](alice.boundjid.bare)
    await bob.wait_for("photo", alice.boundjid.bare, HASH)
    tell("hash in presence")
    await alice["xep_0153"].set_avatar(avatar=OTHER_PICTURE, mtype="image/png")
    await bob.wait_for("event", alice.boundjid.bare, METADATA, OTHER_HASH)
    await bob.wait_for("photo", alice.boundjid.bare, OTHER_HASH)
    found = await bob["xep_0084"].retrieve_avatar(alice.boundjid.bare, OTHER_HASH)
    tell("avatar of a vCard", published=found["pubsub"]["items"]["item"]["avatar_data"]["value"] == OTHER_PICTURE)


async def bookmarks(alice, desk):
    conference = ET.Element("{%s}conference" % BOOKMARKS, {"name": "The Play", "autojoin": "true"})
    ET.SubElement(conference, "{%s}nick" % BOOKMARKS).text = "JC"
    await alice["xep_0060"].publish(alice.boundjid.bare, BOOKMARKS, id="play@rooms.example", payload=conference)
    await desk.wait_for("event", desk.boundjid.bare, BOOKMARKS, "play@rooms.example")
    stored = await desk["xep_0048"].get_bookmarks()
    rooms = stored["private"]["bookmarks"]["conferences"]
    tell("bookmarks", rooms=[[str(room["jid"]), room["nick"], room["name"]] for room in rooms])
    changed = Bookmarks()
    changed.add_conference("other@rooms.example", "JC", name="Another")
    await desk["xep_0048"].set_bookmarks(changed)
    await alice.wait_for("event", alice.boundjid.bare, BOOKMARKS, "other@rooms.example")
    items = await alice["xep_0060"].get_items(alice.boundjid.bare, BOOKMARKS)
    tell("changed bookmarks", rooms=[item["id"] for item in items["pubsub"]["items"]])
    in_pep = await alice["xep_0048"].get_bookmarks(method="xep_0223")
    rooms = in_pep["pubsub"]["items"]["item"]["bookmarks"]["conferences"]
    tell("bookmarks in PEP", rooms=[[str(room["jid"]), room["nick"], room["name"]] for room in rooms])
    changed.add_conference("third@rooms.example", "JC", name="A third")
    await alice["xep_0048"].set_bookmarks(changed, method="xep_0223")
    await desk.wait_for("event", desk.boundjid.bare, BOOKMARKS, "third@rooms.example")
    tell("bookmarks changed in PEP")


async def devices(alice, bob, options):
    device_list = ET.Element("{eu.siacs.conversations.axolotl}list")
    ET.SubElement(device_list, "{eu.siacs.conversations.axolotl}device", {"id": "4711"})
    await alice["xep_0060"].publish(alice.boundjid.bare, DEVICES, id="current", payload=device_list)
    await bob.wait_for("event", alice.boundjid.bare, DEVICES, "current")
    late = Client(options["bob"] + "/late", options, [DEVICES])
    await asyncio.wait_for(late.ready, PATIENCE)
    await late.wait_for("event", alice.boundjid.bare, DEVICES, "current")
    found = await late["xep_0060"].get_items(alice.boundjid.bare, DEVICES)
    ids = [device.get("id") for device in found.xml.iter("{eu.siacs.conversations.axolotl}device")]
    tell("devices", ids=ids)


async def run(options):
    alice = Client(options["alice"] + "/phone", options, [BOOKMARKS])
    desk = Client(options["alice"] + "/desk", options, [BOOKMARKS])
    bob = Client(options["bob"] + "/phone", options, [METADATA, DEVICES])
    await asyncio.gather(*(asyncio.wait_for(client.ready, PATIENCE) for client in (alice, desk, bob)))
    friends = asyncio.get_event_loop().create_future()
    bob.add_event_handler("got_online", lambda presence: check(presence, alice, friends))
    bob.send_presence_subscription(alice.boundjid.bare)
    await asyncio.wait_for(friends, PATIENCE)
    await avatars(alice, bob)
    await bookmarks(alice, desk)
    await devices(alice, bob, options)


def check(presence, alice, friends):
    if presence["from"].bare == alice.boundjid.bare and not friends.done():
        friends.set_result(True)


asyncio.get_event_loop().run_until_complete(run(json.loads(sys.argv[1])))
