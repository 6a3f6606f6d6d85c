import { expect, it } from 'vitest';
import { boot, finish, guest, ISA } from '../../boot.ts';

it('a trap that reaches the firmware is a panic', () => {
  const booted = boot(guest('hello'));
  // What a kernel that forgot to delegate would do.
  booted.kernel.machine.harts[0].set(ISA.slots.get('medeleg'), 0n);
  expect(finish(booted)).toMatchObject({
    kind: 'panic',
    message: 'a trap reached the firmware',
    flow: { origin: { privilege: 'user' }, raw: { registers: [{ name: 'mcause' }, {}, {}, {}] } },
  });
});
