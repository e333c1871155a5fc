import { describe, expect, it } from 'vitest';
import { type DataForm, NS, parseXml, readBoolean, readForm, readSingle, StanzaError, writeForm } from './index.ts';

const read = (inner: string, type = 'submit'): DataForm =>
  readForm(parseXml(`<x xmlns='${NS.dataForms}' type='${type}'>${inner}</x>`));

describe('XEP-0004: data forms', () => {
  it('§3: are read as they are written', () => {
    const form = writeForm('form', 'urn:example', [
      { var: 'name', type: 'text-single', value: 'A & B', required: true, label: 'Name' },
      { var: 'open', type: 'boolean', value: true },
      { var: 'many', type: 'jid-multi', value: ['a@b', 'c@d'] },
      { var: 'one', type: 'list-single', value: 'x', options: ['x', ['y', 'Why']] },
      { var: 'empty' },
    ]);
    const read = readForm(parseXml(form.toString()));
    expect(read.type).toBe('form');
    expect(read.formType).toBe('urn:example');
    expect([...read.fields]).toEqual([
      ['name', ['A & B']],
      ['open', ['1']],
      ['many', ['a@b', 'c@d']],
      ['one', ['x']],
      ['empty', []],
    ]);
    const offered = form.elements.find(({ attrs }) => attrs['var'] === 'one')?.childrenNamed('option') ?? [];
    expect(offered.map((option) => [option.attrs['label'], option.child('value')?.text()])).toEqual([
      [undefined, 'x'],
      ['Why', 'y'],
    ]);
  });

  it('§3.3: booleans are 0, 1, true and false', () => {
    const form = read(
      ['1', 'true', '0', 'false', 'yes', '']
        .map((value) => `<field var='v${value}'><value>${value}</value></field>`)
        .join(''),
    );
    expect(readBoolean(form, 'v1')).toBe(true);
    expect(readBoolean(form, 'vtrue')).toBe(true);
    expect(readBoolean(form, 'v0')).toBe(false);
    expect(readBoolean(form, 'vfalse')).toBe(false);
    expect(readBoolean(form, 'v')).toBeUndefined();
    expect(readBoolean(form, 'absent')).toBeUndefined();
    expect(() => readBoolean(form, 'vyes')).toThrow(StanzaError);
  });

  it('§3.2: a field has a name of its own; text that is fixed needs none', () => {
    expect(() => read('<field><value>x</value></field>')).toThrow('has a name');
    expect(() => read("<field var='a'/><field var='a'/>")).toThrow("two fields 'a'");
    expect(read("<field type='fixed'><value>Hello</value></field><field var='a'/>").fields.size).toBe(1);
    expect(() => read('', 'wish')).toThrow(StanzaError);
    expect(() => readSingle(read("<field var='a'><value>1</value><value>2</value></field>"), 'a')).toThrow('one value');
  });
});
