import { describe, expect, it } from 'vitest';
import { applies, compare, type Observation, type Pair } from '../../../tools/validate/compare.ts';
import type { Difference } from '../../../tools/validate/differences.ts';

const plain: Observation = {
  end: 'exit 0',
  output: ['ok'],
  flow: ['p1 user | a | resolved', 'p1 user | b | resolved'],
};
const pair: Pair = { scenario: 's', between: 'targets', policies: ['corrected', 'axptr'], target: 'two' };
const row = (what: Partial<Difference>): Difference => ({ between: 'targets', reason: 'r', clause: 'c', ...what });
const none: readonly Difference[] = [];

describe('compare', () => {
  it.each<[string, Partial<Observation>, readonly Difference[], readonly string[]]>([
    ['equal runs', {}, none, []],
    ['another end', { end: 'SIGSEGV SEGV_MAPERR' }, none, ['ends with SIGSEGV SEGV_MAPERR, not exit 0']],
    ['other words', { output: ['ok', 'more'] }, none, ['prints "more", not ""']],
    ['numbers of a target’s own', { output: ['ok'] }, none, []],
    ['a line more', { flow: [...plain.flow, 'c'] }, none, ['+ c']],
    ['a line less', { flow: plain.flow.slice(1) }, none, ['- p1 user | a | resolved']],
    [
      'another order',
      { flow: plain.flow.toReversed() },
      none,
      ['- p1 user | a | resolved', '+ p1 user | a | resolved'],
    ],
    ['a line that a row explains', { flow: [...plain.flow, 'c'] }, [row({ lines: /^c$/ })], []],
    ['a line that it does not', { flow: [...plain.flow, 'c', 'd'] }, [row({ lines: /^c$/ })], ['+ d']],
    ['another order that a row explains', { flow: plain.flow.toReversed() }, [row({ lines: /^p1/, order: true })], []],
    [
      'and a line more, which it does not',
      { flow: [...plain.flow.toReversed(), 'p1 user | b | resolved'] },
      [row({ lines: /^p1/, order: true })],
      ['+ p1 user | b | resolved'],
    ],
    [
      'and another line in place of one',
      { flow: ['p1 user | b | resolved', 'p1 user | c | resolved'] },
      [row({ lines: /^p1/, order: true })],
      ['- p1 user | a | resolved', '+ p1 user | c | resolved'],
    ],
    [
      'an end that a row explains, with all that follows',
      { end: 'panic: x', flow: [] },
      [row({ outcome: /^panic/ })],
      [],
    ],
    [
      'an end that it does not',
      { end: 'exit 1', flow: [] },
      [row({ outcome: /^panic/ })],
      ['ends with exit 1, not exit 0', '- p1 user | a | resolved', '- p1 user | b | resolved'],
    ],
    [
      'lines of another end alone',
      { flow: [] },
      [row({ outcome: /^exit 0$/ })],
      ['- p1 user | a | resolved', '- p1 user | b | resolved'],
    ],
    [
      'a row of another scenario',
      { end: 'panic' },
      [row({ outcome: /panic/, scenarios: ['t'] })],
      ['ends with panic, not exit 0'],
    ],
    [
      'a row of another target',
      { end: 'panic' },
      [row({ outcome: /panic/, target: 'one' })],
      ['ends with panic, not exit 0'],
    ],
    [
      'a row of another policy',
      { end: 'panic' },
      [row({ outcome: /panic/, policy: 'veridian' })],
      ['ends with panic, not exit 0'],
    ],
    [
      'a row of policies',
      { end: 'panic' },
      [row({ outcome: /panic/, between: 'policies' })],
      ['ends with panic, not exit 0'],
    ],
  ])('%s', (_, changed, rows, unexplained) => {
    expect(compare(pair, plain, { ...plain, ...changed }, rows).unexplained).toEqual(unexplained);
  });

  it('a line that a row explains may come at another time', () => {
    const moved = { ...plain, flow: plain.flow.toReversed() };
    const { reasons, unexplained } = compare(pair, plain, moved, [row({ lines: /\| a \|/ })]);
    expect(unexplained).toEqual([]);
    expect(reasons.size, 'and then needs no explanation').toBe(0);
  });

  it('a row of another order is used where the order is another', () => {
    const moved = row({ lines: /^p1/, order: true });
    const { reasons } = compare(pair, plain, { ...plain, flow: plain.flow.toReversed() }, [moved]);
    expect([...reasons]).toEqual([[moved, 1]]);
    expect(compare(pair, plain, plain, [moved]).reasons.size).toBe(0);
  });

  it('counts what each row explains, the first that can', () => {
    const [first, second, whole] = [row({ lines: /^c/ }), row({ lines: /^[cd]/ }), row({ outcome: /panic/ })];
    const other = { ...plain, end: 'panic', flow: ['c1', 'c2', 'd', 'e'] };
    const { reasons, outcome } = compare(pair, plain, other, [first, second, whole]);
    expect(outcome).toBe(true);
    expect([first, second, whole].map((one) => reasons.get(one))).toEqual([2, 1, 3]);
  });

  it('between policies the class, for which veridian has no word, is left out', () => {
    const one = { ...plain, flow: ['p1 user | load 8 in bss page 0: NotPresent user (absent) | resolved'] };
    const other = { ...plain, flow: ['p1 user | load 8 in bss page 0: NotPresent user | resolved'] };
    expect(compare({ ...pair, between: 'policies' }, one, other, none).unexplained).toEqual([]);
    expect(compare(pair, one, other, none).unexplained).toHaveLength(2);
  });

  it('kernel addresses that a guest prints are each target’s own', () => {
    const one = { ...plain, output: ['load at ffffffc000000000'] };
    const other = { ...plain, output: ['load at ffff000000000000'] };
    expect(compare(pair, one, other, none).outcome).toBe(false);
    expect(compare({ ...pair, between: 'policies' }, one, other, none).outcome).toBe(true);
  });

  it.each([
    [{}, true],
    [{ scenarios: ['s', 't'] }, true],
    [{ policy: 'axptr' as const, target: 'two' }, true],
    [{ policy: 'veridian' as const }, false],
  ])('a row with %j applies: %s', (what, expected) => {
    expect(applies(row(what), pair)).toBe(expected);
  });
});
