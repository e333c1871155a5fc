import { escapeAttribute, NS } from '@tutti/xmpp';
import type { Framing } from '../stream/framing.ts';

/**
 * XEP-0114 §3: streams of components. Inside the server every stanza is in `jabber:client`; here they are written as though that was the namespace in
 * force, and so they are in `jabber:component:accept` for the component.
 */
export const COMPONENT_FRAMING: Framing = {
  header: ({ from, id }) =>
    `<?xml version='1.0'?><stream:stream xmlns='${NS.component}' xmlns:stream='${NS.stream}' from='${escapeAttribute(from)}' id='${escapeAttribute(id)}'>`,
  footer: '</stream:stream>',
  element: (element) => element.toString(NS.client),
  streamElement: (element) =>
    `<stream:${element.name}>${element.elements.map((child) => child.toString(NS.client)).join('')}</stream:${element.name}>`,
  contextNs: NS.client,
};
