import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createLogger, type LogLevel, type RootLogger } from './logger.ts';
import { METRICS, noMetrics, type MetricDeclaration } from './metrics.ts';
import { createMetrics } from './prometheus.ts';

interface Logged {
  readonly logger: RootLogger;
  readonly lines: () => Record<string, unknown>[];
  readonly text: () => string;
}

function listen(level: LogLevel = 'debug'): Logged {
  let text = '';
  const logger = createLogger({ level, output: 'stderr' }, { write: (line) => void (text += line) });
  return {
    logger,
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

describe('log', () => {
  test('a line is a JSON object with level, time, message and the ids of all parents', () => {
    const { logger, lines } = listen();
    logger.child({ connection: 'c7' }).child({ account: 'alice@localhost' }).info({ rule: 'C1' }, 'routed');
    expect(lines()).toEqual([
      {
        level: 'info',
        time: expect.stringMatching(/^20\d\d-.*Z$/),
        connection: 'c7',
        account: 'alice@localhost',
        rule: 'C1',
        message: 'routed',
      },
    ]);
  });

  test('the level holds for children, also after it has changed', () => {
    const { logger, lines } = listen('warn');
    const child = logger.child({ connection: 'c7' });
    const say = (): void => {
      for (const each of [logger, child]) {
        each.debug({}, 'debug');
        each.info({}, 'info');
        each.warn({}, 'warn');
        each.error({}, 'error');
      }
    };
    say();
    expect(lines().map(({ level }) => level)).toEqual(['warn', 'error', 'warn', 'error']);
    logger.setLevel('debug');
    say();
    expect(lines()).toHaveLength(12);
    logger.setLevel('silent');
    say();
    expect(lines()).toHaveLength(12);
  });

  test('neither secrets nor bodies get into it, however deep and by whatever way', () => {
    const { logger, text, lines } = listen();
    const element = {
      name: 'message',
      ns: 'jabber:client',
      attrs: { to: 'x' },
      children: ['geheim'],
      toString: () => 'geheim',
    };
    const fields = {
      password: 'geheim',
      authPassword: 'geheim',
      passwd: 'geheim',
      token: 'geheim',
      fastToken: 'geheim',
      initialResponse: 'geheim',
      serverKey: new Uint8Array([1, 2, 3]),
      salt: 'geheim',
      body: 'geheim',
      stanza: '<message><body>geheim</body></message>',
      payload: element,
      iq: element,
      list: [element, { secret: 'geheim' }],
      deep: { deeper: { credentials: 'geheim', body: { text: 'geheim' } } },
      bytes: Buffer.from('geheim'),
      rule: 'C1',
    };
    logger.info(fields, 'one');
    logger.child(fields).info({}, 'two');
    expect(text()).not.toContain('geheim');
    expect(text()).not.toContain('Z2VoZWlt');
    expect(lines()[0]).toMatchObject({
      password: '[secret]',
      body: '[body]',
      iq: "<message xmlns='jabber:client'/>",
      bytes: '[6 bytes]',
      rule: 'C1',
    });
  });

  test('errors keep type, code, message and stack; long texts are cut', () => {
    const { logger, lines } = listen();
    const cause = new Error('deeper');
    logger.error(
      { err: Object.assign(new Error('no room', { cause }), { code: 'ENOSPC', password: 'geheim' }) },
      'failed',
    );
    logger.info({ address: 'x'.repeat(5000), big: 5n, jid: new URL('xmpp:a@b'), when: new Date(0) }, 'long');
    expect(lines()[0]).toMatchObject({
      level: 'error',
      err: {
        type: 'Error',
        code: 'ENOSPC',
        message: 'no room',
        stack: expect.stringContaining('observe.test'),
        cause: { message: 'deeper' },
      },
    });
    expect(JSON.stringify(lines()[0])).not.toContain('geheim');
    expect(lines()[1]).toMatchObject({ address: `${'x'.repeat(1000)}…`, big: 5, jid: 'xmpp:a@b' });
  });

  test('what refers to itself is cut off', () => {
    const { logger, lines } = listen();
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    logger.info({ loop }, 'round and round');
    expect(lines()[0]).toMatchObject({ message: 'round and round' });
  });

  test('a file is appended to', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tutti-log-'));
    const output = join(folder, 'tutti.log');
    for (const message of ['first', 'second']) {
      const logger = createLogger({ level: 'info', output });
      logger.info({}, message);
      logger.close();
    }
    expect(readFileSync(output, 'utf8')).toMatch(/"message":"first"}\n.*"message":"second"}\n$/);
    rmSync(folder, { recursive: true });
    expect(() => createLogger({ level: 'info', output })).toThrow(/ENOENT/);
  });
});

describe('metrics', () => {
  async function scrape(registry = createMetrics()): Promise<string> {
    return (await registry.scrape()).body;
  }

  test('what is counted is scraped, with its labels', async () => {
    const registry = createMetrics();
    const { metrics } = registry;
    metrics.stanzasIn.message.inc();
    metrics.stanzasIn.message.inc(2);
    metrics.sessions['im-ng'].inc();
    metrics.sessions['im-ng'].inc();
    metrics.sessions['im-ng'].dec();
    metrics.connections.tcp.set(7);
    metrics.outboxOverflows.inc();
    metrics.logBatchRows.observe(3);
    const body = await scrape(registry);
    expect(body).toContain('tutti_stanzas_received_total{kind="message"} 3\n');
    expect(body).toContain('tutti_stanzas_received_total{kind="iq"} 0\n');
    expect(body).toContain('tutti_sessions{kind="im-ng"} 1\n');
    expect(body).toContain('tutti_connections{transport="tcp"} 7\n');
    expect(body).toContain('tutti_outbox_overflows_total 1\n');
    expect(body).toContain('tutti_log_batch_rows_bucket{le="2"} 0\n');
    expect(body).toContain('tutti_log_batch_rows_bucket{le="5"} 1\n');
    expect(await scrape(registry)).toContain('tutti_stanzas_received_total{kind="message"} 3\n');
    expect((await registry.scrape()).contentType).toMatch(/^text\/plain/);
  });

  test('every metric is there from the beginning, with its help, beside those of the process', async () => {
    const body = await scrape();
    for (const { name, help, kind } of Object.values<MetricDeclaration>(METRICS)) {
      expect(body).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${kind}\n`);
    }
    expect(body).toContain('process_resident_memory_bytes');
  });

  test('names are those of Prometheus: total for counters, units for what has one', () => {
    for (const { name, kind } of Object.values<MetricDeclaration>(METRICS)) {
      expect(name).toMatch(/^tutti_[a-z0-9_]+$/);
      expect(name.endsWith('_total')).toBe(kind === 'counter');
    }
  });

  test('two servers in one process count apart', async () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.metrics.bytesIn.inc(5);
    expect(await scrape(one)).toContain('tutti_received_bytes_total 5\n');
    expect(await scrape(two)).toContain('tutti_received_bytes_total 0\n');
  });

  test('metrics that count nothing have the same form', () => {
    expect(Object.keys(noMetrics)).toEqual(Object.keys(createMetrics().metrics));
    expect(() => {
      noMetrics.streamErrors['policy-violation'].inc();
      noMetrics.connections.websocket.set(1);
      noMetrics.logCommitSeconds.observe(1);
    }).not.toThrow();
  });
});
