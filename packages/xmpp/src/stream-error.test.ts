import { describe, expect, it } from 'vitest';
import { xml } from './element.ts';
import { NS } from './ns.ts';
import { parseXml } from './parse-xml.ts';
import { SASL_CONDITIONS, SaslError } from './sasl-error.ts';
import { isStreamCondition, STREAM_CONDITIONS, StreamError } from './stream-error.ts';

function readBack(error: StreamError): StreamError {
  return StreamError.fromElement(parseXml(error.toElement().toString()));
}

describe('RFC 6120 §4.9: stream errors', () => {
  it.each(STREAM_CONDITIONS)('%s is read back from its element', (condition) => {
    const element = new StreamError(condition).toElement();
    expect(element.is('error', NS.stream)).toBe(true);
    expect(element.elements.map((child) => [child.name, child.ns])).toEqual([[condition, NS.streams]]);
    expect(readBack(new StreamError(condition)).condition).toBe(condition);
  });

  it('§4.9.3 defines 25 conditions', () => {
    expect(new Set(STREAM_CONDITIONS).size).toBe(25);
    expect(isStreamCondition('reset')).toBe(true);
    expect(isStreamCondition('text')).toBe(false);
  });

  it('carries a text, and an application-specific condition (§4.9.4)', () => {
    const error = new StreamError('not-well-formed', 'no > here', xml('escape-your-data', { xmlns: 'urn:example' }));
    expect(error.message).toBe('not-well-formed: no > here');
    const read = readBack(error);
    expect(read.text).toBe('no > here');
    expect(read.extra?.is('escape-your-data', 'urn:example')).toBe(true);
    expect(error.toElement().child('text', NS.streams)?.attrs['xml:lang']).toBe('en');
  });

  it('§4.9.3.19 says where to go with see-other-host, and only there', () => {
    const moved = new StreamError('see-other-host', undefined, undefined, '[2001:db8::1]:9222');
    expect(moved.toElement().child('see-other-host', NS.streams)?.text()).toBe('[2001:db8::1]:9222');
    expect(readBack(moved).host).toBe('[2001:db8::1]:9222');
    expect(new StreamError('reset', undefined, undefined, 'example.com').host).toBeUndefined();
  });

  it('reads an unknown condition as undefined-condition', () => {
    const odd = parseXml(`<error xmlns='${NS.stream}'><odd xmlns='${NS.streams}'/></error>`);
    expect(StreamError.fromElement(odd).condition).toBe('undefined-condition');
  });
});

describe('RFC 6120 §6.5: SASL failures', () => {
  it.each(SASL_CONDITIONS)('%s', (condition) => {
    expect(new SaslError(condition).toElement().toString()).toBe(
      `<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><${condition}/></failure>`,
    );
  });

  it('XEP-0388 §2.6.2: the condition keeps the namespace of RFC 6120, the text has that of SASL2', () => {
    expect(new SaslError('aborted', 'enough').toElement(NS.sasl2).toString()).toBe(
      "<failure xmlns='urn:xmpp:sasl:2'><aborted xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>" +
        "<text xml:lang='en'>enough</text></failure>",
    );
  });

  it('says its condition', () => {
    expect(new SaslError('aborted').message).toBe('aborted');
    expect(new SaslError('aborted', 'enough').message).toBe('aborted: enough');
  });
});
