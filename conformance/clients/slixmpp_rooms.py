"""Two people in a room, each with slixmpp's own MUC plugin. What happened goes out as one JSON object a line; the test compares."""

import asyncio
import json
import sys

import slixmpp
from slixmpp.exceptions import IqError, PresenceError


def tell(step, seen):
    print(json.dumps({"step": step, "seen": seen}), flush=True)


class Person(slixmpp.ClientXMPP):
    def __init__(self, jid, password, certificate):
        super().__init__(jid, password)
        self.ca_certs = certificate
        for plugin in ("xep_0030", "xep_0045", "xep_0199", "xep_0249", "xep_0313", "xep_0421"):
            self.register_plugin(plugin)
        self.muc = self.plugin["xep_0045"]
        self.ready = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.start_session)
        self.inbox = asyncio.Queue()
        for event in ("groupchat_message", "groupchat_invite", "groupchat_direct_invite", "message"):
            self.add_event_handler(event, self.inbox.put_nowait)

    async def start_session(self, _):
        self.send_presence()
        self.ready.set_result(True)

    async def hear(self, body):
        """Waits for a message with this text; gives who said it."""
        while True:
            message = await asyncio.wait_for(self.inbox.get(), 15)
            if message["body"] == body:
                return str(message["from"])


async def refusal(awaitable):
    try:
        await awaitable
        return None
    except (IqError, PresenceError) as error:
        return error.condition


async def settle(person):
    await person.plugin["xep_0199"].ping(person.boundjid.domain, timeout=15)


async def play(options):
    room = options["room"]
    people = [Person(jid, "secret", options["certificate"]) for jid in (options["owner"], options["guest"])]
    owner, guest = people
    for person in people:
        person.connect(("127.0.0.1", options["port"]))
    await asyncio.gather(*(asyncio.wait_for(person.ready, 15) for person in people))

    own, _, _, _ = await owner.muc.join_muc_wait(room, "Owner", timeout=15)
    tell("created", sorted(own["muc"]["status_codes"]))
    form = await owner.muc.get_room_config(room)
    form["type"] = "submit"
    form.set_values({"muc#roomconfig_roomname": "The Balcony", "muc#roomconfig_whois": "anyone"})
    await owner.muc.set_room_config(room, form)

    await owner.muc.send_affiliation_list(room, [(slixmpp.JID("banned@localhost"), "outcast")])
    tell("ban list", [str(jid) for jid in await owner.muc.get_affiliation_list(room, "outcast")])

    own, subject, occupants, _ = await guest.muc.join_muc_wait(room, "Guest", timeout=15)
    tell("entered", [sorted(own["muc"]["status_codes"]), [str(one["from"]) for one in occupants]])
    tell("real address", str(guest.muc.get_jid_property(room, "Owner", "jid")))

    guest.send_message(mto=room, mbody="hello", mtype="groupchat")
    tell("heard", [await owner.hear("hello"), await guest.hear("hello")])
    owner.send_message(mto=f"{room}/Guest", mbody="psst", mtype="chat")
    tell("whispered", await guest.hear("psst"))

    owner.muc.set_subject(room, "Balconies")
    await settle(owner)
    tell("roles", sorted(await owner.muc.get_roles_list(room, "moderator")))

    results = owner.plugin["xep_0313"].iterate(jid=room)
    tell("archive", [one["mam_result"]["forwarded"]["stanza"]["body"] async for one in results if one["mam_result"]["forwarded"]["stanza"]["body"]])

    gone = asyncio.get_event_loop().create_future()
    guest.add_event_handler(f"muc::{room}::self-presence", lambda one: one["type"] == "unavailable" and not gone.done() and gone.set_result(one))
    await owner.muc.set_role(room, "Guest", "none", reason="out")
    kicked = await asyncio.wait_for(gone, 15)
    tell("kicked", sorted(kicked["muc"]["status_codes"]))

    _, subject, _, history = await guest.muc.join_muc_wait(room, "Guest", maxstanzas=10, timeout=15)
    tell("came back", [subject["subject"], [one["body"] for one in history]])
    await owner.muc.set_affiliation(room, "outcast", jid=slixmpp.JID(options["guest"]).bare)
    tell("banned", await refusal(guest.muc.join_muc_wait(room, "Guest", timeout=15)))
    await owner.muc.destroy(room, reason="over")
    tell("destroyed", await refusal(owner.plugin["xep_0030"].get_info(jid=room)))
    for person in people:
        person.disconnect()


asyncio.get_event_loop().run_until_complete(asyncio.wait_for(play(json.loads(sys.argv[1])), 60))
