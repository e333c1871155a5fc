/** What clients say and hear when they log in. */
import { type Element, NS, parseXml } from '@tutti/xmpp';
import { base64, PASSWORD, type TestClient } from './world.ts';

export const AGENT_ID = 'd4565fa7-4d72-4749-b3d3-740edbf87770';
export const AGENT = `<user-agent id='${AGENT_ID}'><software>Tester</software><device>Desk</device></user-agent>`;

/** The failure of RFC 6120 §6.4.5, or that of XEP-0388. */
export function failure(condition: string, ns: string = NS.sasl): string {
  return `<failure xmlns='${ns}'><${condition}${ns === NS.sasl ? '' : ` xmlns='${NS.sasl}'`}/></failure>`;
}

/** XEP-0388 §2.3. */
export function authenticate(mechanism: string, initial: string | Uint8Array | undefined, inner = ''): string {
  const response = initial === undefined ? '' : `<initial-response>${base64(initial)}</initial-response>`;
  return `<authenticate xmlns='${NS.sasl2}' mechanism='${mechanism}'>${response}${inner}</authenticate>`;
}

/** The `<success/>` out of what the server wrote. */
export function readSuccess(answer: string): Element {
  const [success] = /<success.*<\/success>/s.exec(answer) ?? [];
  if (success === undefined) throw new Error(`No success in ${answer}`);
  return parseXml(success);
}

/** Logs in by SASL2 with the right password. */
export async function logInPlain2(client: TestClient, inner = ''): Promise<string> {
  return client.say(authenticate('PLAIN', `\0user\0${PASSWORD}`, inner));
}
