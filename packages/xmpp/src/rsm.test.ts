import { describe, expect, it } from 'vitest';
import { type ListPage, NS, paginate, parseXml, readRsm, type RsmRequest, StanzaError, writeRsm } from './index.ts';

const list = ['a', 'b', 'c', 'd', 'e'];
const ask = (inner: string): RsmRequest | undefined =>
  readRsm(parseXml(`<query xmlns='x'><set xmlns='${NS.rsm}'>${inner}</set></query>`));
const page = (inner: string, limit = 0): ListPage<string> => paginate(list, (item) => item, ask(inner), limit);

describe('XEP-0059: result set management', () => {
  it('§2.1: at most max, and not more than the limit', () => {
    expect(page('<max>2</max>').items).toEqual(['a', 'b']);
    expect(page('<max>4</max>', 3).items).toEqual(['a', 'b', 'c']);
    expect(paginate(list, (item) => item, undefined, 2).items).toEqual(['a', 'b']);
    expect(paginate(list, (item) => item, undefined, 0).items).toEqual(list);
  });

  it('§2.2, §2.3, §2.5: after, before, and the last page', () => {
    expect(page('<max>2</max><after>b</after>')).toEqual({ items: ['c', 'd'], count: 5, index: 2 });
    expect(page('<max>2</max><before>d</before>')).toEqual({ items: ['b', 'c'], count: 5, index: 1 });
    expect(page('<max>2</max><before/>')).toEqual({ items: ['d', 'e'], count: 5, index: 3 });
    expect(page('<max>9</max><after>e</after>')).toEqual({ items: [], count: 5, index: undefined });
    expect(page('<max>1</max><after>a</after><before>d</before>').items).toEqual(['c']);
    expect(page('<max>9</max><after>d</after><before>b</before>').items).toEqual([]);
  });

  it('§2.7, §2.8: the count alone, and a page by its number', () => {
    expect(page('<max>0</max>')).toEqual({ items: [], count: 5, index: undefined });
    expect(page('<max>2</max><index>3</index>').items).toEqual(['d', 'e']);
    expect(page('<max>2</max><index>30</index>').items).toEqual([]);
  });

  it('§2.2: an item that is not there is item-not-found; what is no number is bad-request', () => {
    expect(() => page('<after>z</after>')).toThrow(StanzaError);
    expect(() => ask('<max>two</max>')).toThrow('number');
    expect(readRsm(parseXml("<query xmlns='x'/>"))).toBeUndefined();
  });

  it('§2.6: the answer', () => {
    const set = writeRsm(page('<max>2</max><after>b</after>'), (item) => item);
    expect(set.child('first')?.attrs['index']).toBe('2');
    expect([set.child('first')?.text(), set.child('last')?.text(), set.child('count')?.text()]).toEqual([
      'c',
      'd',
      '5',
    ]);
    expect(writeRsm(page('<max>0</max>'), (item) => item).elements.map(({ name }) => name)).toEqual(['count']);
  });
});
