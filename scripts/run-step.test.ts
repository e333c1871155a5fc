import { describe, expect, test } from 'vitest';
import { runCommand } from './run-step.ts';

describe('a step', () => {
  test('passes with exit code 0, and its output is kept', async () => {
    const outcome = await runCommand(['sh', '-c', 'echo out; echo err >&2']);
    expect(outcome).toMatchObject({ ok: true, output: 'out\nerr' });
  });

  test('fails with another exit code, which its output names', async () => {
    expect(await runCommand(['sh', '-c', 'exit 3'])).toMatchObject({ ok: false, output: 'sh ended with exit code 3' });
  });

  test('fails when its command does not exist', async () => {
    const { ok, output } = await runCommand(['no-such-command']);
    expect(ok).toBe(false);
    expect(output).toContain('no-such-command did not start');
  });

  test.runIf(process.platform === 'linux')(
    'fails when it leaves a process running, and ends that process',
    async () => {
      const { ok, output } = await runCommand(['sh', '-c', 'sleep 61 & echo $!']);
      const [pid = ''] = output.split('\n');
      expect(ok).toBe(false);
      expect(output).toContain(`left running: ${pid} sleep 61`);
      await expect
        .poll(() => runCommand(['sh', '-c', `grep -q '^State:.Z' /proc/${pid}/status || test ! -e /proc/${pid}`]))
        .toMatchObject({ ok: true });
    },
  );
});
