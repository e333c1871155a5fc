import { checkEqual } from '../checks.ts';
import { check } from '../failure.ts';
import { section } from '../suite.ts';
import { askForSlot, putFile } from './slot.ts';

export default section('xep-0363', '8', 'HTTP File Upload: the files', { needs: ['upload'] }, ({ test }) => {
  test('§8 what is put can be got, by anybody, with its type', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'a.jpg', 10, 'image/jpeg');
    checkEqual((await putFile(slot, '0123456789', 'image/jpeg')).status, 201, 'the status of PUT');
    const got = await fetch(slot.get);
    checkEqual([got.status, await got.text()], [200, '0123456789'], 'what is got');
    checkEqual(got.headers.get('content-type'), 'image/jpeg', 'the type');
    const head = await fetch(slot.get, { method: 'HEAD' });
    checkEqual([head.status, head.headers.get('content-length')], [200, '10'], 'HEAD');
  });

  test('RFC 9110 §14 a part of it, where the server gives parts', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'a.bin', 10);
    await putFile(slot, '0123456789');
    const got = await fetch(slot.get, { headers: { range: 'bytes=2-4' } });
    const content = await got.text();
    // RFC 9110 §14.2: who gives no parts gives all of it.
    if (got.status === 200) return checkEqual(content, '0123456789', 'the whole');
    checkEqual([got.status, content], [206, '234'], 'the part');
    checkEqual(got.headers.get('content-range'), 'bytes 2-4/10', 'Content-Range');
  });

  test('§8 another length than announced: refused, and nothing is there', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'a.txt', 10);
    for (const content of ['012345678', '0123456789a']) {
      const { status } = await putFile(slot, content);
      check(status >= 400 && status < 500, `PUT must be refused: ${status}`);
    }
    check((await fetch(slot.get)).status >= 400, 'nothing is there');
  });

  test('§5 without the header of the slot: refused', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'a.txt', 10);
    if (Object.keys(slot.headers).length === 0) return; // the address says it all
    const { status } = await putFile({ ...slot, headers: {} }, '0123456789');
    check(status >= 400 && status < 500, `PUT must be refused: ${status}`);
  });

  test('§9 web pages of any origin may put and get', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const slot = await askForSlot(alice.phone, 'a.txt', 10);
    const asked = {
      origin: 'https://chat.example',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'authorization',
    };
    const answer = await fetch(slot.put, { method: 'OPTIONS', headers: asked });
    check(answer.ok, `OPTIONS: ${answer.status}`);
    check(
      ['*', 'https://chat.example'].includes(answer.headers.get('access-control-allow-origin') ?? ''),
      'the origin is allowed',
    );
    check(answer.headers.get('access-control-allow-methods')?.includes('PUT') === true, 'PUT is allowed');
  });

  test('§10 a page runs no scripts there', async (stage) => {
    const { alice } = await stage.cast({ alice: 'phone=legacy' });
    const content = '<script>alert(1)</script>';
    const slot = await askForSlot(alice.phone, 'a.html', content.length, 'text/html');
    await putFile(slot, content, 'text/html');
    const { headers } = await fetch(slot.get);
    const isSaved = headers.get('content-disposition')?.startsWith('attachment') === true;
    const isHarmless = headers.get('content-security-policy')?.includes("default-src 'none'") === true;
    check(isSaved || isHarmless, 'Content-Disposition or Content-Security-Policy must keep it from running');
  });
});
