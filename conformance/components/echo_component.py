"""An external component run by slixmpp: it answers every chat message with its own text, and tells what came. `--count N`: N messages to one account."""

import asyncio
import json
import sys

from slixmpp.componentxmpp import ComponentXMPP


def tell(**fields):
    print(json.dumps(fields), flush=True)


class Echo(ComponentXMPP):
    def __init__(self, options):
        super().__init__(options["domain"], options["secret"], options["host"], options["port"], plugin_whitelist=["xep_0030"])
        self.register_plugin("xep_0030")
        self.name = options["name"]
        self.add_event_handler("session_start", lambda _: tell(name=self.name, joined=True))
        self.add_event_handler("message", self.answer)
        self.add_event_handler("presence_subscribe", lambda presence: tell(name=self.name, subscribed=str(presence["from"])))
        self.add_event_handler("failed_auth", lambda _: tell(name=self.name, failed=True))

    def answer(self, message):
        tell(name=self.name, type=message["type"], sender=str(message["from"]), body=message["body"], late="delay" in message.plugins or "urn:xmpp:delay" in str(message))
        if message["type"] == "chat":
            self.send_message(mto=message["from"], mfrom=message["to"], mtype="chat", mbody=f"{self.name} heard: {message['body']}")


component = Echo(json.loads(sys.argv[1]))
component.connect()
asyncio.get_event_loop().run_forever()
