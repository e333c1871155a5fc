import { describe, expect, it } from 'vitest';
import { put, setUp } from '../../test/upload-stage.ts';

describe('XEP-0363 §10 GET', () => {
  const stored = async (name: string, type: string, content = '0123456789') => {
    const world = await setUp();
    const slot = await world.ask(content.length, name, type);
    await put(slot, content, { 'content-type': type });
    const get = (headers: Record<string, string> = {}, method = 'GET') => fetch(slot.url, { headers, method });
    return { ...world, slot, get };
  };

  it.each([
    ['photo.jpg', 'image/jpeg', 'inline'],
    ['song.ogg', 'audio/ogg', 'inline'],
    ['film.mp4', 'video/mp4', 'inline'],
    ['picture.svg', 'image/svg+xml', 'attachment'],
    ['page.html', 'text/html', 'attachment'],
    ['paper.pdf', 'application/pdf', 'attachment'],
    ['what', 'application/octet-stream', 'attachment'],
  ])('%s is shown or saved', async (name, type, kind) => {
    const { headers } = await (await stored(name, type)).get();
    expect(headers.get('content-type')).toBe(type);
    expect(headers.get('content-disposition')).toBe(`${kind}; filename="${name}"; filename*=UTF-8''${name}`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  it('RFC 6266 §4.3 a name with quotes, line ends and other letters', async () => {
    const { headers } = await (await stored('très "cool" (1).txt', 'text/plain')).get();
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="tr_s _cool_ (1).txt"; filename*=UTF-8''tr%C3%A8s%20%22cool%22%20%281%29.txt`,
    );
  });

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=7-100', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=-30', 206, '0123456789', 'bytes 0-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=-0', 416, '', 'bytes */10'],
    ['bytes=4-2', 200, '0123456789', null],
    ['bytes=0-1,3-4', 200, '0123456789', null],
    ['lines=1-2', 200, '0123456789', null],
  ])('RFC 9110 §14 Range: %s', async (range, status, content, contentRange) => {
    const answer = await (await stored('a', 'text/plain')).get({ range });
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      content,
      contentRange,
    ]);
  });

  it('RFC 9110 §13 ETag, If-None-Match, If-Range', async () => {
    const { get } = await stored('a', 'text/plain');
    const tag = (await get()).headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]{43}"$/);
    expect((await get({ 'if-none-match': tag })).status).toBe(304);
    expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get({ range: 'bytes=0-1', 'if-range': tag })).status).toBe(206);
    expect((await get({ range: 'bytes=0-1', 'if-range': '"other"' })).status).toBe(200);
  });

  it('HEAD tells the same without the content', async () => {
    const { get } = await stored('a', 'text/plain');
    const answer = await get({}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length'), await answer.text()]).toEqual([200, '10', '']);
  });

  it('OPTIONS: CORS for PUT with its header', async () => {
    const { slot } = await stored('a', 'text/plain');
    const answer = await fetch(slot.url, { method: 'OPTIONS' });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-methods')).toContain('PUT');
    expect(answer.headers.get('access-control-allow-headers')).toContain('Authorization');
  });

  it('a file that was, and one that never was', async () => {
    const { world, slot, get } = await stored('a', 'text/plain');
    world.clock.advance(31 * 86_400_000);
    expect((await get()).status).toBe(404);
    expect((await fetch(slot.url.replace(/upload\/[\w-]+/, 'upload/nothing'))).status).toBe(404);
  });
});
