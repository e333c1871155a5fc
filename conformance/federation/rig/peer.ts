import type { ChildProcess } from 'node:child_process';
import { Device } from '../../client/device.ts';
import type { Account } from '../../client/login.ts';
import { endProcess, freePort, whenListening } from '../../processes.ts';
import { freshLocalpart, register } from '../../target.ts';
import type { Authority } from './authority.ts';
import type { DnsServer } from './dns-server.ts';

/** What servers of one test share: names, and whom they trust. */
export interface Ground {
  readonly dns: DnsServer;
  readonly authority: Authority;
}

/** How a domain is announced: the SRV records it has. */
export type Way = 'starttls' | 'direct';

/** A server on the ground, with people on it. */
export interface Peer extends AsyncDisposable {
  readonly name: string;
  /** A new person, online, at one of its domains. */
  join(domain: string, name: string): Promise<Device>;
}

/** Another program as a peer. */
export interface Program extends Peer {
  readonly pid: number;
  /** Ends it without a word. */
  kill(): Promise<void>;
  /** Somebody who was there before comes again. */
  enter(account: Account, resource?: string): Promise<Device>;
  /** Starts it again, on the same ports and data. */
  restart(): Promise<void>;
}

/** Where a peer listens. */
export interface Ports {
  readonly c2s: number;
  readonly s2s: number;
  readonly s2sTls: number;
}

/** Starts a program and waits until it listens; `launch` gives its command. */
export async function startProgram(
  name: string,
  ports: Ports,
  launch: () => ChildProcess,
  cleanUp: () => void,
): Promise<Program> {
  let child = launch();
  await whenListening(Object.values(ports), child);
  return {
    name,
    get pid() {
      return child.pid as number;
    },
    async join(domain, person) {
      const address = { transport: 'tcp', host: '127.0.0.1', port: ports.c2s, tls: 'none', domain } as const;
      const account = await register(address, `${freshLocalpart(person)}@${domain}`, 'secret');
      return enter(await Device.connect(person, address, account, 'home'));
    },
    async enter(account, resource = 'home') {
      const domain = account.jid.slice(account.jid.indexOf('@') + 1);
      const address = { transport: 'tcp', host: '127.0.0.1', port: ports.c2s, tls: 'none', domain } as const;
      return enter(await Device.connect(account.jid, address, account, resource));
    },
    kill: () => endProcess(child, 'SIGKILL'),
    async restart() {
      child = launch();
      await whenListening(Object.values(ports), child);
    },
    async [Symbol.asyncDispose]() {
      await endProcess(child);
      cleanUp();
    },
  };
}

/** Logs somebody in and makes them available. */
export async function enter(device: Device): Promise<Device> {
  await device.available();
  return device;
}

/** Ports that were free a moment ago. */
export async function freePorts(): Promise<Ports> {
  const [c2s, s2s, s2sTls] = await Promise.all([freePort(), freePort(), freePort()]);
  return { c2s, s2s, s2sTls };
}
